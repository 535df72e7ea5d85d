use tribune::prelude::*;

#[task(trigger = some_failed)]
fn load() {}

fn main() {}
