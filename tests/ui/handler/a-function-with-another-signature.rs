use tribune::prelude::*;

fn page(change: &StateChange) {
    println!("{}", change.name());
}

#[task(state_handlers = [page])]
fn load() {}

fn main() {}
