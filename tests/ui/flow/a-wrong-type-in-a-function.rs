use tribune::attr::flow;
use tribune::prelude::*;

#[task]
fn name() -> String {
    "x".to_owned()
}

#[task]
fn add(x: i64, by: i64) -> i64 {
    x + by
}

#[flow]
fn nightly(limit: i64) -> i64 {
    let name = name();
    add(x = name, by = limit)
}

fn main() {
    println!("{:?}", nightly());
}
