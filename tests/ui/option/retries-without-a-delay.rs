use tribune::prelude::*;

#[task(max_retries = 3)]
fn add(x: i64) -> i64 {
    x
}

fn main() {}
