use tribune::prelude::*;

#[task(state_handlers = slack_notifier)]
fn load() {}

fn main() {}
