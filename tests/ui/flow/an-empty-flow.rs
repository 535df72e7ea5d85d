#![deny(warnings)]

use tribune::prelude::*;

fn main() {
    let flow = flow!("example", {});
    println!("{flow:?}");
}
