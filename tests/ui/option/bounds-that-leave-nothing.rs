use tribune::prelude::*;

#[task(trigger = some_failed(at_least = 3, at_most = 2))]
fn load() {}

fn main() {}
