use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(only_states = [Cached])])]
fn load() {}

fn main() {}
