use tribune::prelude::*;

const ALERTS: SlackNotifier = slack_notifier.webhook_secret("https://hooks.slack.com/services/T0/B0/x");

#[task(state_handlers = [ALERTS])]
fn load() {}

fn main() {}
