use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(only_states = [Failed], ignore_states = [Running])])]
fn load() {}

fn main() {}
