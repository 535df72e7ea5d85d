use tribune::prelude::*;

#[task]
fn add(x: i64) -> i64 {
    x + "1"
}

fn main() {}
