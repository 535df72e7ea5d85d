use tribune::attr::flow;
use tribune::prelude::*;

#[task]
fn load() -> i64 {
    1
}

#[flow]
fn nightly() -> String {
    load()
}

fn main() {
    println!("{:?}", nightly());
}
