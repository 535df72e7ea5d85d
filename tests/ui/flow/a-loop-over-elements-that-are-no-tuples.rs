use tribune::prelude::*;

#[task]
fn rows() -> Vec<i64> {
    vec![1, 2]
}

#[task]
fn add(x: i64, by: i64) -> i64 {
    x + by
}

fn main() {
    let flow = flow!("example", {
        for (row, by) in rows() {
            add(row, by);
        }
    });
    println!("{flow:?}");
}
