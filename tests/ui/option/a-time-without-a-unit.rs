use tribune::prelude::*;

#[task(timeout = 10)]
fn load() {}

fn main() {}
