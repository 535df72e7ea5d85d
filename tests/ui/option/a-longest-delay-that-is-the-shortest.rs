use std::time::Duration;
use tribune::RetryDelay;

pub const DELAY: RetryDelay = RetryDelay::exponential(Duration::from_secs(10)).at_most(Duration::from_secs(1));

fn main() {}
