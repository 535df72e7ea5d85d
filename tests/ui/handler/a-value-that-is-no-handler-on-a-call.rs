use tribune::prelude::*;

#[task]
fn load() {}

struct Metrics;

fn main() {
    let flow = flow!("example", {
        load().state_handlers([Metrics]);
    });
    println!("{flow:?}");
}
