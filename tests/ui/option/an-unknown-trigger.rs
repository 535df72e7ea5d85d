use tribune::prelude::*;

#[task(trigger = all_succesful)]
fn add(x: i64) -> i64 {
    x
}

fn main() {}
