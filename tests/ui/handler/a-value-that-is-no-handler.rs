use tribune::prelude::*;

struct Metrics;

#[task(state_handlers = [Metrics])]
fn load() {}

fn main() {}
