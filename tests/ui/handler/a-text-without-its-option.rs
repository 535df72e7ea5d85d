use tribune::prelude::*;

#[task(state_handlers = [slack_notifier("#ops", only_states = [Failed])])]
fn load() {}

fn main() {}
