use tribune::attr::flow;
use tribune::prelude::*;

#[task]
fn load() -> i64 {
    1
}

#[flow]
async fn nightly() -> i64 {
    load()
}

fn main() {
    println!("{:?}", nightly());
}
