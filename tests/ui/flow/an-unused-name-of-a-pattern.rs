#![deny(unused_variables)]

use tribune::prelude::*;

#[task]
fn find() -> Option<i64> {
    None
}

#[task]
fn load() -> i64 {
    1
}

fn main() {
    let flow = flow!("example", {
        match find() {
            Some(n) => load(),
            None => load(),
        }
    });
    println!("{flow:?}");
}
