use tribune::prelude::*;

#[task]
fn ready() -> bool {
    true
}

#[task]
fn load() -> i64 {
    1
}

#[task]
fn name() -> String {
    "x".to_owned()
}

#[task]
fn add(x: i64, by: i64) -> i64 {
    x + by
}

fn main() {
    let flow = flow!("example", {
        let name = name();
        if ready() {
            add(name, 1)
        } else {
            load()
        }
    });
    println!("{flow:?}");
}
