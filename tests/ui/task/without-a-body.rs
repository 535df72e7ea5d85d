use tribune::prelude::*;

#[task]
fn add(x: i64) -> i64;

fn main() {}
