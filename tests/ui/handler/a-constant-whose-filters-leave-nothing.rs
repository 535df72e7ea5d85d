use tribune::prelude::*;

const ALERTS: SlackNotifier = slack_notifier.only_states(&[TimedOut]).ignore_states(&[Failed]);

#[task(state_handlers = [ALERTS])]
fn load() {}

fn main() {}
