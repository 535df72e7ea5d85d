use tribune::prelude::*;

#[task(tags = [])]
fn load() {}

fn main() {}
