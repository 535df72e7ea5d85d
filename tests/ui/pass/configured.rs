#![deny(warnings)]

use tribune::prelude::*;

#[cfg(any())]
#[task]
fn never(x: Unknown) -> Unknown {}

#[task]
#[cfg(any())]
fn never_too(x: Unknown) -> Unknown {}

#[cfg(all())]
#[task]
#[cfg(all())]
#[cfg_attr(all(), inline)]
fn always() -> i64 {
    1
}

#[task]
#[deprecated = "use `always`"]
fn old() {}

#[allow(dead_code)]
#[task]
fn unused(x: i64) -> i64 {
    x
}

#[task]
#[expect(unused_variables, reason = "the attributes of the function are its own")]
fn expects(x: i64) {}

fn main() {
    let flow = flow!("configured", {
        expects(always());
    });
    #[allow(deprecated)]
    let other = flow!("old", {
        old();
    });
    drop((flow, other));
}
