use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(only_state = [Failed])])]
fn load() {}

fn main() {}
