use tribune::prelude::*;

#[task(state_handlers = [slack_notifer(only_states = [Failed])])]
fn load() {}

fn main() {}
