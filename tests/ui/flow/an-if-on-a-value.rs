use tribune::prelude::*;

#[task]
fn load() -> i64 {
    1
}

fn main() {
    let flow = flow!("example", {
        let debug = true;
        if debug {
            load();
        }
    });
    println!("{flow:?}");
}
