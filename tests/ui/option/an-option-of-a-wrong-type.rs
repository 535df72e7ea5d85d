use tribune::prelude::*;

#[task(skip_on_upstream_skip = "no")]
fn add(x: i64) -> i64 {
    x
}

fn main() {}
