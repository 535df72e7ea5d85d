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

#[task(name = "some", cache_for = "1h", cache_validator = all_inputs, task_run_name = "some {y}")]
fn some(#[cfg(any())] x: Unknown, #[cfg(all())] #[cfg(all())] y: i64, z: &str, #[cfg(any())] w: Unknown, v: String) -> i64 {
    y + i64::try_from(z.len() + v.len()).unwrap_or_default()
}

#[task]
fn none(#[cfg(any())] x: Unknown, #[cfg_attr(all(), expect(unused_variables))] y: i64) {}

fn main() {
    let flow = flow!("configured", {
        expects(always());
        #[cfg(any())]
        unknown(always());
        #[cfg_attr(all(), cfg(any()))]
        let never = unknown();
        #[cfg(all())]
        let (one, _) = (always(), always());
        #[cfg(any())]
        let one = unknown();
        for row in vec![1, 2] {
            #[cfg(all())]
            none(row);
            #[cfg(any())]
            none(row, 2);
        }
        some(y = some(one, "a", "b"), z = "c", v = "d")
    });
    #[allow(deprecated)]
    let other = flow!("old", {
        old();
    });
    let run = flow.run().wait().expect("it starts");
    assert_eq!(run.output(), Some(&5));
    drop(other);
}
