#![deny(warnings)]

mod vendored {
    pub use tribune::*;
}

use vendored::prelude::*;

#[task(crate = crate::vendored, trigger = all_finished)]
fn one() -> i64 {
    1
}

#[task(crate = vendored, state_handlers = [slack_notifier(only_states = [Failed])])]
fn two(x: &i64) -> i64 {
    *x
}

fn main() {
    let flow = flow!("renamed", crate = crate::vendored, {
        two(one()).name("second").timeout("1s")
    });
    drop(flow);
}
