use tribune::prelude::*;

fn page(_: &StateChange, _: State) {}

#[task(state_handlers = [page])]
fn load() {}

fn main() {}
