use tribune::prelude::*;

struct Socket(i64);

enum Connection {
    Open(Socket),
    Closed,
}

#[task]
fn connect() -> Connection {
    Connection::Open(Socket(1))
}

#[task]
fn send(socket: &Socket) -> i64 {
    socket.0
}

#[task]
fn load() -> i64 {
    1
}

fn main() {
    let flow = flow!("example", {
        match &connect() {
            Connection::Open(socket) => send(socket),
            Connection::Closed => load(),
        }
    });
    println!("{flow:?}");
}
