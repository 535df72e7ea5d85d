use tribune::prelude::*;

#[task]
fn find() -> Option<i64> {
    None
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
        match find() {
            Ok(n) => add(n, 1),
            _ => load(),
        }
    });
    println!("{flow:?}");
}
