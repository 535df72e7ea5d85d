use tribune::prelude::*;

struct Connection;

#[task]
fn close(connection: Connection) {
    drop(connection);
}

fn main() {}
