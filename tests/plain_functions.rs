//! `name::plain`: the body of a `#[flow]` as ordinary Rust gives what the flow gives.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tribune::attr::flow;
use tribune::prelude::*;

#[task]
fn range(n: i64) -> Vec<i64> {
    (0..n.rem_euclid(6)).collect()
}

#[task]
fn add(x: i64, by: i64) -> i64 {
    x.wrapping_add(by)
}

#[task]
async fn pair(x: i64) -> (i64, String) {
    std::future::ready((x.wrapping_sub(1), format!("{x}"))).await
}

#[task]
fn half(x: i64) -> Option<i64> {
    (x % 2 == 0).then_some(x / 2)
}

#[task]
fn is_big(x: i64) -> bool {
    x > 3
}

#[task]
fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

#[task]
fn sum(list: Vec<i64>, more: &[i64]) -> i64 {
    list.into_iter()
        .chain(more.iter().copied())
        .fold(0, i64::wrapping_add)
}

#[task(trigger = all_finished)]
fn report(sum: Option<i64>) -> String {
    format!("{sum:?}")
}

#[task]
fn divide(x: i64, by: i64) -> Result<i64, String> {
    x.checked_div(by).ok_or_else(|| format!("{x} by {by}"))
}

#[flow]
fn everything(n: i64, #[default(2)] by: i64) -> (i64, String) {
    let list = range(n);
    let sums = for x in list {
        let (less, text) = pair(x);
        let more = if is_big(add(x = less, by = by)) {
            length(&text)
        } else if let Some(half) = half(x) {
            add(half, by)
        } else {
            x
        };
        for y in range(more) {
            add(y, less);
        }
        match &text {
            text if text.len() > 1 => length(text),
            _ => add(more, 3),
        }
    };
    let both = for (x, y) in (sums, list) {
        add(x, y)
    };
    let total = sum(list = both, more = [n, by, add(1, 1)]);
    (
        total,
        report(total)
            .name("the report")
            .max_retries(1)
            .retry_delay("1s"),
    )
}

#[flow]
fn quotient(x: i64, by: i64) -> i64 {
    let first = divide(x, by);
    divide(x = first, by = 1)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn plain_gives_what_the_flow_gives(n in any::<i64>(), by in -9..9_i64) {
        let run = everything().run().parameter("n", n).parameter("by", by).wait().unwrap();
        let (total, text) = everything::plain(n, by).unwrap();
        prop_assert_eq!(run.output().unwrap(), &(total, text));
    }
}

#[test]
fn the_first_error_is_the_end() {
    assert_eq!(quotient::plain(7, 2).unwrap(), 3);
    assert_eq!(quotient::plain(7, 0).unwrap_err().to_string(), "7 by 0");
}

static CALLS: AtomicUsize = AtomicUsize::new(0);

fn count(_: &StateChange, new: State) -> State {
    CALLS.fetch_add(1, Ordering::Relaxed);
    new
}

struct Open(i64);

#[task(state_handlers = [count])]
fn open() -> Open {
    Open(4)
}

/// The output is given away, and so need not be `Clone`.
#[flow(state_handlers = [count])]
fn opened() -> Open {
    open()
}

#[test]
fn plain_calls_no_handler_and_clones_nothing() {
    assert_eq!(opened::plain().unwrap().0, 4);
    assert_eq!(CALLS.load(Ordering::Relaxed), 0);
    assert_eq!(opened().run().wait().unwrap().output().unwrap().0, 4);
    assert!(CALLS.load(Ordering::Relaxed) > 0);
}

#[tokio::test]
async fn plain_waits_for_async_tasks_inside_of_a_runtime() {
    assert!(everything::plain(3, 1).is_ok());
}
