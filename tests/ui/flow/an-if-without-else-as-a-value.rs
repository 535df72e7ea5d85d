use tribune::prelude::*;

#[task]
fn ready() -> bool {
    true
}

#[task]
fn load() -> i64 {
    1
}

#[task]
fn add(x: i64, by: i64) -> i64 {
    x + by
}

fn main() {
    let flow = flow!("example", {
        let sum = if ready() { load() };
        add(sum, 1)
    });
    println!("{flow:?}");
}
