use tribune::prelude::*;

#[task(max_retries = 0, retry_delay = "10s")]
fn load() {}

fn main() {}
