use tribune::attr::flow;
use tribune::prelude::*;

#[task]
fn add(x: i64, by: i64) -> i64 {
    x + by
}

#[flow]
fn nightly(limit: i64) -> i64 {
    let sum = ad(1, limit);
    let more = add(x = 1, bye = sm);
    add(1.5, more)
}

fn main() {
    println!("{:?}", nightly());
}
