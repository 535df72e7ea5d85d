use std::time::Duration;
use tribune::RetryDelay;

pub const DELAY: RetryDelay = RetryDelay::exponential(Duration::ZERO);

fn main() {}
