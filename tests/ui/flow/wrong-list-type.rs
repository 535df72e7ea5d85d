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

#[task]
fn total(numbers: Vec<i64>) -> i64 {
    numbers.iter().sum()
}

fn main() {
    let flow = flow!("example", {
        let sum = total(numbers = [load(), name()]);
        sum
    });
    println!("{flow:?}");
}
