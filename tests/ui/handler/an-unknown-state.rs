use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(only_states = [Faild])])]
fn load() {}

fn main() {}
