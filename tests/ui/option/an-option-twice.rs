use tribune::prelude::*;

#[task(name = "a", name = "b")]
fn add(x: i64) -> i64 {
    x
}

fn main() {}
