use tribune::prelude::*;

#[task]
fn load(names: HashMap<String, i64>) -> Option<Report> {
    None
}

fn main() {}
