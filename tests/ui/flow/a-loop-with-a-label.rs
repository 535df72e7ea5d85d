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
        'rows: for row in rows() {
            add(row, 1);
        }
    });
    println!("{flow:?}");
}
