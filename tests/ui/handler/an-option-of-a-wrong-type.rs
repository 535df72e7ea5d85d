use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(webhook_secret = 3)])]
fn load() {}

fn main() {}
