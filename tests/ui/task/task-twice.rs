use tribune::prelude::*;

#[task]
#[task(name = "add")]
fn add(x: i64) -> i64 {
    x
}

fn main() {}
