use tribune::prelude::*;

#[derive(Clone)]
enum Kind {
    Empty,
    Rows(i64),
}

#[task]
fn kind() -> Kind {
    Kind::Rows(1)
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
        match kind() {
            Kind::Rows(n) if n > 3 => add(n, 1),
            Kind::Empty => load(),
        }
    });
    println!("{flow:?}");
}
