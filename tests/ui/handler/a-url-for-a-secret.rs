use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(webhook_secret = "https://hooks.slack.com/services/T0/B0/x")])]
fn load() {}

fn main() {}
