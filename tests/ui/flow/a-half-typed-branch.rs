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
        let n = match find() {
            Some(n) => add(x = n, by = ),
            None => load(),
        };
        add(n, 1)
    });
    println!("{flow:?}");
}
