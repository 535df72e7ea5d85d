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
    let flow = flow!("example", reference_tasks = [more], {
        for row in rows() {
            let more = add(row, 1);
            add(more, 1);
        }
    });
    println!("{flow:?}");
}
