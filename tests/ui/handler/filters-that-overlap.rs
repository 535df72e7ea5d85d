use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(only_states = [Failed]), slack_notifier(only_states = [Finished])])]
fn load() {}

fn main() {}
