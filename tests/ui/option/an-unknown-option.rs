use tribune::prelude::*;

#[task(nam = "add")]
fn add(x: i64) -> i64 {
    x
}

fn main() {}
