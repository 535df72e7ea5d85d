use tribune::prelude::*;

#[task(state_handlers = [])]
fn load() {}

fn main() {}
