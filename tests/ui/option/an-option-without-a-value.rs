use tribune::prelude::*;

#[task(name)]
fn add(x: i64) -> i64 {
    x
}

fn main() {}
