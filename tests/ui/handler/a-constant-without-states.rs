use tribune::prelude::*;

pub const ALERTS: SlackNotifier = slack_notifier.only_states(&[]);

fn main() {}
