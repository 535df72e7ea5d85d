use tribune::prelude::*;

#[task]
fn load() -> i64 {
    1
}

#[task]
fn add(x: i64, by: i64) -> i64 {
    x + by
}

#[allow(non_camel_case_types)]
struct point {
    x: tribune::Input<i64>,
}

fn main() {
    let flow = flow!("example", {
        let sum = point(x = 1);
        sum
    });
    println!("{flow:?}");
}
