use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(only_states = [Failed], only_states = [Success])])]
fn load() {}

fn main() {}
