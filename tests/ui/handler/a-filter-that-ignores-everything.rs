use tribune::prelude::*;

#[task(state_handlers = [slack_notifier(ignore_states = [Pending, Running, Finished])])]
fn load() {}

fn main() {}
