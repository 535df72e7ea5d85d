use std::time::Duration;
use tribune::RetryDelay;
use tribune::prelude::*;

const DELAY: RetryDelay = RetryDelay::exponential(Duration::ZERO);

#[task(max_retries = 3, retry_delay = DELAY)]
fn load() {}

fn main() {}
