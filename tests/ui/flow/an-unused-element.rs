#![deny(unused_variables)]

use tribune::prelude::*;

#[task]
fn rows() -> Vec<i64> {
    vec![1, 2]
}

#[task]
fn load() -> i64 {
    1
}

fn main() {
    let flow = flow!("example", {
        for row in rows() {
            load();
        }
    });
    println!("{flow:?}");
}
