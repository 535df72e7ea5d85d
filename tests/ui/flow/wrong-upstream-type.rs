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
        let name = name();
        let sum = add(x = name, by = 2);
        sum
    });
    println!("{flow:?}");
}
