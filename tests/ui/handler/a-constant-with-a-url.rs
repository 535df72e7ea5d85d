use tribune::prelude::*;

pub const ALERTS: SlackNotifier = slack_notifier.webhook_secret("https://hooks.slack.com/services/T0/B0/x");

fn main() {}
