use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(only_states = [])])]
fn load() {}

fn main() {}
