use tribune::prelude::*;

#[task]
fn load() -> i64 {
    1
}

#[task]
fn add(x: i64, by: i64) -> i64 {
    x + by
}

#[task]
fn name() -> String {
    "x".to_owned()
}

fn main() {
    let flow = flow!("example", {
        let sum = add(x = 1, by = name());
        sum
    });
    println!("{flow:?}");
}
