use tribune::prelude::*;

#[task]
fn load() -> i64 {
    1
}

#[task]
fn add(x: i64, by: i64) -> i64 {
    x + by
}

struct Step(i64);

fn main() {
    let flow = flow!("example", |by: Step| {
        load();
    });
    println!("{flow:?}");
}
