use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(only_states = [TimedOut])])]
fn load() {}

fn main() {}
