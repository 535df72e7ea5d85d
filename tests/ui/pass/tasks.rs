//! Everything that can be a task.
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, unnameable_types)]
#![forbid(unsafe_code)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tribune::prelude::*;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[task]
fn nothing() {}

#[task]
fn borrows(text: &str, numbers: &[i64], path: &Path, map: &Vec<String>, count: &usize) -> usize {
    text.len() + numbers.len() + path.as_os_str().len() + map.len() + count
}

// A value behind a borrow, names that generated code uses too, and one like the function's.
#[task]
fn mixed(inputs: &str, bindings: u64, mixed: Option<&'static str>, mut text: String) -> String {
    text.push_str(inputs);
    format!("{text}{bindings}{mixed:?}")
}

#[task]
async fn waits(text: &str, count: usize) -> Outcome<String> {
    std::future::ready(()).await;
    Ok(text.repeat(count))
}

#[task]
fn fails() -> Outcome<()> {
    Err("always".into())
}

#[task]
fn functions(by: fn(&str) -> usize, with: Arc<dyn Fn(&str) -> usize + Send + Sync>) -> usize {
    by("") + with("")
}

/// A task with every option.
#[task(
    name = "all of them",
    slug = "all",
    tags = ["a", "b"],
    max_retries = 2 + 1,
    retry_delay = Duration::from_secs(1),
    timeout = "1m 30s",
    trigger = some_successful(at_least = 1, at_most = 0.5),
    skip_on_upstream_skip = false,
    state_handlers = [
        slack_notifier(only_states = [Failed], ignore_states = [TimedOut]),
        slack_notifier(only_states = [Running, Success]),
        ALERTS(ignore_states = [Pending, StateKind::Running]),
        callback(|state| state.is(Failed), |_, _| {}),
        page,
        page_later,
        |_: &StateChange, new: State| new,
    ],
    on_failure = |change, state| println!("{} {state}", change.name()),
)]
#[allow(clippy::unused_unit)]
#[inline(never)]
#[must_use]
pub fn options() -> () {}

const ALERTS: SlackNotifier = slack_notifier.webhook_secret("OPS_WEBHOOK");

fn page(_: &StateChange, new: State) -> State {
    new
}

async fn page_later(_: &StateChange, new: State) -> Result<State, String> {
    Ok(new)
}

fn main() {
    let flow = flow!("tasks", {
        nothing();
        borrows("a", vec![1], Path::new("b").to_owned(), vec!["c".to_owned()], 1_usize);
        mixed(inputs = "a", bindings = 1, mixed = None, text = "b");
        waits("a", 2);
        fails();
        functions(str::len as fn(&str) -> usize, { Arc::new(str::len) as Arc<dyn Fn(&str) -> usize + Send + Sync> });
        options();
    });
    assert!(format!("{flow:?}").contains("all of them"), "{flow:?}");
    assert_eq!(borrows("abc", &[], Path::new(""), &Vec::new(), &1), 4);
}
