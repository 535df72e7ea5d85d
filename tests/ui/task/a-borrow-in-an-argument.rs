use tribune::prelude::*;

#[task]
fn show(name: Option<&str>) -> usize {
    name.map_or(0, str::len)
}

fn main() {}
