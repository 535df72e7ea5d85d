use tribune::prelude::*;

#[task(state_handlers = [slack_notifer])]
fn load() {}

fn main() {}
