use tribune::prelude::*;

#[task]
fn load(from: Sorce) -> i64 {
    from.0
}

struct Source(i64);

fn main() {}
