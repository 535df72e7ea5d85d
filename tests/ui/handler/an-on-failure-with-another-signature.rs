use tribune::prelude::*;

fn page() {}

#[task(on_failure = page)]
fn load() {}

fn main() {}
