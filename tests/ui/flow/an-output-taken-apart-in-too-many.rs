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
fn pair() -> (i64, i64) {
    (1, 2)
}

fn main() {
    let flow = flow!("example", {
        let (a, b, c) = pair();
        add(a, b);
        add(b, c)
    });
    println!("{flow:?}");
}
