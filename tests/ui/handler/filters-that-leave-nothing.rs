use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(only_states = [TimedOut], ignore_states = [Failed])])]
fn load() {}

fn main() {}
