use tribune::prelude::*;

const RETRIES: u32 = 3;

#[task(max_retries = RETRIES)]
fn load() {}

fn main() {}
