use tribune::prelude::*;

#[task]
fn load() -> i64 {
    1
}

#[task]
fn add(x: i64, by: i64) -> i64 {
    x + by
}

mod tasks {
    use tribune::prelude::*;

    #[task]
    fn double(x: i64) -> i64 {
        2 * x
    }
}

fn main() {
    let flow = flow!("example", {
        let sum = tasks::double(x = 1);
        sum
    });
    println!("{flow:?}");
}
