use tribune::attr::flow;
use tribune::prelude::*;

#[task]
fn load(limit: usize) -> usize {
    limit
}

#[flow]
fn nightly(limit: usize) -> usize {
    load(limit)
}

fn main() {
    let _ = nightly().run().parameter(nightly::limit, "five");
}
