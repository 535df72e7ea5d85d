use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(only_states = Failed)])]
fn load() {}

fn main() {}
