use tribune::prelude::*;

#[task(cache_for = "1h", cache_validator = "all_inputs")]
fn load(table: String) -> usize {
    table.len()
}

fn main() {}
