//! A crate whose owner wants to hear of everything, and wrote nothing that should be heard of.
#![deny(warnings, missing_docs, missing_debug_implementations, missing_copy_implementations)]
#![deny(unreachable_pub, unnameable_types, unused_qualifications, unused_results, unused_lifetimes)]
#![deny(rust_2018_idioms, future_incompatible, nonstandard_style, let_underscore_drop)]
#![deny(single_use_lifetimes, trivial_casts, trivial_numeric_casts, unused_import_braces, variant_size_differences)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![forbid(unsafe_code)]

use tribune::prelude::*;

pub mod tasks {
    //! Tasks.

    use tribune::prelude::*;

    /// Loads.
    ///
    /// # Errors
    ///
    /// Never.
    #[task(max_retries = 2, retry_delay = "1s", timeout = "1m", state_handlers = [page, slack_notifier(only_states = [Failed])])]
    pub async fn load(source: String, limit: &usize, _unread: u8) -> Result<Vec<i64>, String> {
        std::future::ready(()).await;
        Ok(vec![i64::try_from(source.len() + limit).unwrap_or_default()])
    }

    const fn page(_: &StateChange, new: State) -> State {
        new
    }

    /// Takes nine.
    #[task]
    #[allow(clippy::too_many_arguments)]
    #[must_use]
    pub fn many(first: i64, b: i64, c: i64, other: i64, even: i64, more: i64, g: i64, last: i64, i: i64) -> (i64, String) {
        (first + b + c + other + even + more + g + last + i, String::new())
    }

    #[task]
    pub(crate) fn is_big(x: i64) -> bool {
        x > 1
    }
}

/// The nightly flow.
pub fn nightly() -> Flow<(i64, Vec<i64>)> {
    let outside = 2;
    tribune::flow!("nightly", |source: String, #[default(3)] limit: usize| {
        let rows = tasks::load(source, limit, 1).name("all");
        let sums = for row in rows {
            if tasks::is_big(row) {
                let (sum, _) = tasks::many(row, row, 1, 2, 3, 4, 5, 6, { outside + 1 });
                sum
            } else {
                row
            }
        };
        let (sum, _text) = tasks::many(first = 1, b = 1, c = 1, other = 1, even = 1, more = 1, g = 1, last = 1, i = outside);
        (sum, sums)
    })
}

/// The same as a function.
#[tribune::attr::flow]
pub fn weekly(#[default(2)] limit: usize) -> Vec<i64> {
    tasks::load("a", limit, 2)
}

fn main() {
    drop((nightly(), weekly()));
}
