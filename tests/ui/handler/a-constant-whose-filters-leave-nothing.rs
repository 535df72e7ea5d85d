use tribune::prelude::*;

pub const ALERTS: SlackNotifier = slack_notifier.only_states(&[TimedOut]).ignore_states(&[Failed]);

fn main() {}
