use tribune::prelude::*;

#[task(state_handlers = [slack_notifier, slack_notifier])]
fn load() {}

fn main() {}
