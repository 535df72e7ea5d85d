use tribune::prelude::*;

#[task(trigger = any_failed(at_least = 2))]
fn load() {}

fn main() {}
