use tribune::prelude::*;

#[task(nam = "load", state_handlers = [slack_notifier(only_states = Failed), slack_notifier(only_states = ["Failed"])])]
fn load() {}

fn main() {}
