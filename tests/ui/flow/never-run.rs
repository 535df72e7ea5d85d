#![deny(warnings)]

use tribune::prelude::*;

#[task]
fn load() -> i64 {
    1
}

#[task]
fn add(x: i64, by: i64) -> i64 {
    x + by
}

fn main() {
    flow!("example", {
        add(load(), 1);
    });
}
