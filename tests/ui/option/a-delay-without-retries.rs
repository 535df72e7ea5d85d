use tribune::prelude::*;

#[task(retry_delay = "10s")]
fn load() {}

fn main() {}
