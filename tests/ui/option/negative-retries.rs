use tribune::prelude::*;

#[task(max_retries = -1)]
fn load() {}

fn main() {}
