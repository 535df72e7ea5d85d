use std::time::Duration;
use tribune::RetryDelay;
use tribune::prelude::*;

const DELAY: RetryDelay = RetryDelay::exponential(Duration::from_secs(10)).at_most(Duration::from_secs(1));

#[task(max_retries = 3, retry_delay = DELAY)]
fn load() {}

fn main() {}
