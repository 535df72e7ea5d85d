use tribune::prelude::*;

#[task]
fn push(rows: &mut Vec<i64>) {
    rows.push(1);
}

fn main() {}
