use tribune::prelude::*;

#[task]
fn show<T: ToString>(x: T) -> String {
    x.to_string()
}

fn main() {}
