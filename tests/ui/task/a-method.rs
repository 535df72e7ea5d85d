use tribune::prelude::*;

struct Adder;

impl Adder {
    #[task]
    fn add(&self, x: i64) -> i64 {
        x
    }
}

fn main() {}
