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

fn main() {
    let flow = flow!("example", {
        let value = match ready() {
            true => load(),
            false => name(),
        };
        value
    });
    println!("{flow:?}");
}
