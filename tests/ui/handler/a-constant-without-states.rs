use tribune::prelude::*;

const ALERTS: SlackNotifier = slack_notifier.only_states(&[]);

#[task(state_handlers = [ALERTS])]
fn load() {}

fn main() {}
