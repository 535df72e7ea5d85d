use tribune::prelude::*;

struct Connection;

#[task(max_retries = 3, retry_delay = "10s")]
fn close(connection: Connection) {
    drop(connection);
}

fn main() {}
