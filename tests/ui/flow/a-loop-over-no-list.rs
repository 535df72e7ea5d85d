use tribune::prelude::*;

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
        let number = load();
        for row in number {
            add(row, 1);
        }
    });
    println!("{flow:?}");
}
