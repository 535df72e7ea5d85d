#![deny(dead_code)]

use tribune::prelude::*;

#[task]
fn add(x: i64, y: &str) -> i64 {
    x + y.len() as i64
}

fn main() {}
