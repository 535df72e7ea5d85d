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
            Some(n) if n > 3 => add(n, 1),
            None => load(),
        }
    });
    println!("{flow:?}");
}
