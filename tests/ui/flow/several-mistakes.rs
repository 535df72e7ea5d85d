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
        let a = add(x = b, by = 1);
        let b = async { 1 };
        let c = add(x = , by = load()?);
        add(c, a + 1)
    });
    println!("{flow:?}");
}
