use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(only_states = [Retrying])])]
fn load() {}

fn main() {}
