use tribune::prelude::*;

#[task]
fn names() -> impl Iterator<Item = String> {
    std::iter::empty()
}

fn main() {}
