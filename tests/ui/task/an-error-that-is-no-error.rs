use tribune::prelude::*;

struct Broken;

#[task]
fn load() -> Result<i64, Broken> {
    Err(Broken)
}

fn main() {}
