use tribune::prelude::*;

enum Connection {
    Open(i64),
    Closed,
}

#[task]
fn connect() -> Connection {
    Connection::Open(1)
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
        let connection = connect();
        match connection {
            Connection::Open(n) => add(n, 1),
            Connection::Closed => load(),
        }
    });
    println!("{flow:?}");
}
