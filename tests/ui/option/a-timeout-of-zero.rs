use tribune::prelude::*;

#[task(timeout = "0s")]
fn load() {}

fn main() {}
