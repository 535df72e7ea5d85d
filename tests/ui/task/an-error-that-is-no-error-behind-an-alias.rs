use tribune::prelude::*;

struct Broken;

type Outcome<T> = Result<T, Broken>;

#[task]
async fn load() -> Outcome<i64> {
    Err(Broken)
}

fn main() {}
