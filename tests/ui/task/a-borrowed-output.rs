use tribune::prelude::*;

#[task]
fn first(names: &[String]) -> &str {
    &names[0]
}

fn main() {}
