use tribune::prelude::*;

#[task]
fn add(x: i64, by: i64) -> i64 {
    x + by
}

fn main() {
    let flow = flow!("example", {
        for row in 0..3 {
            add(row, 1);
        }
    });
    println!("{flow:?}");
}
