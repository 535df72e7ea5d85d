//! Flows as functions.
#![deny(warnings, missing_docs, clippy::pedantic)]

use tribune::attr::flow;
use tribune::prelude::*;

mod tasks {
    use tribune::prelude::*;

    #[task]
    pub(crate) fn load(source: &str) -> Vec<i64> {
        vec![i64::try_from(source.len()).unwrap_or_default()]
    }

    #[task]
    pub(crate) fn double(x: i64) -> i64 {
        2 * x
    }

    #[task]
    pub(crate) fn note() {}
}

/// Doubles what there is.
#[flow("nightly totals", state_handlers = [slack_notifier(only_states = [Failed])])]
#[must_use]
pub fn nightly(source: String, #[default(3)] limit: i64) -> (Vec<i64>, i64) {
    let rows = tasks::load(source);
    let doubled = for row in rows {
        tasks::double(x = row)
    };
    let last = match tasks::double(limit) {
        0 => tasks::double(1),
        n => tasks::double(n),
    };
    (doubled, last)
}

#[cfg(any())]
#[flow]
fn never(x: Unknown) -> Unknown {}

#[flow]
fn r#match() {
    tasks::note();
}

fn main() {
    #[flow(name = "inside")]
    fn local() -> i64 {
        tasks::double(2)
    }

    let other: Flow = tribune::flow!("other", {
        tasks::note();
    });
    let flow: Flow<(Vec<i64>, i64)> = nightly();
    assert!(format!("{flow:?}").contains("nightly totals"), "{flow:?}");
    assert!(format!("{:?}", r#match()).contains("match"));
    drop((local(), other));
}
