//! `async` tasks: where they are polled, how they end, and what goes on where one has waited.

#![expect(
    clippy::unused_async,
    reason = "how an `async` task is run is what is tested"
)]

use tribune::prelude::*;
use tribune::{Cancellation, context};

#[task]
async fn on_runtime() -> tokio::runtime::Id {
    tokio::runtime::Handle::current().id()
}

#[tokio::test]
async fn async_tasks_run_on_the_callers_runtime() {
    let flow = flow!("runtime", { on_runtime() });
    let run = flow.run().await.unwrap();
    assert_eq!(run.output(), Some(&tokio::runtime::Handle::current().id()));
}

#[task]
async fn waits() -> tokio::task::Id {
    tokio::task::yield_now().await;
    tokio::task::id()
}

#[task]
async fn follows(before: tokio::task::Id) -> tokio::task::Id {
    assert_eq!(tokio::task::id(), before);
    assert_eq!(context().task_name(), "follows");
    tokio::task::yield_now().await;
    assert_eq!(context().task_name(), "follows");
    tokio::task::id()
}

#[test]
fn an_async_task_goes_on_where_the_one_before_it_has_waited() {
    let flow = flow!("in place", {
        let first = waits();
        let last = follows(follows(first));
        (first, last)
    });
    let run = flow.run().wait().unwrap();
    let (first, last) = run.output().unwrap();
    assert_eq!(first, last);
}

#[task]
async fn panics_at_once() {
    panic!("no cheese at all");
}

#[test]
fn what_goes_on_there_may_fail_as_anywhere() {
    let flow = flow!("panic in place", {
        panics_at_once().after(waits());
    });
    let run = flow.run().wait().unwrap();
    let error = run.task("panics_at_once").unwrap().state().error().cloned();
    assert_eq!(error.unwrap().to_string(), "no cheese at all");
    let flow = flow!("timeout in place", {
        endless().after(waits());
    });
    let run = flow.run().wait().unwrap();
    assert!(run.task("endless").unwrap().state().is(TimedOut));
}

#[task]
async fn increment(x: u64) -> u64 {
    x + 1
}

#[task]
async fn zero() -> u64 {
    tokio::task::yield_now().await;
    0
}

#[test]
fn many_async_tasks_go_on_in_a_row() {
    let mut flow = Flow::builder("row");
    let mut last = flow.add(zero {});
    for _ in 0..1_000 {
        last = flow.add(increment { x: input(last) });
    }
    let run = flow.build(last).unwrap().run().wait().unwrap();
    assert_eq!(run.output(), Some(&1_000));
}

fn without_result(_: &StateChange, new: State) -> State {
    match new.is(Success) {
        true => State::new(Success),
        false => new,
    }
}

#[test]
fn a_run_goes_on_where_a_body_there_has_no_value_to_begin_with() {
    let flow = flow!("lost", {
        let lost = increment(1).name("lost").state_handlers([without_result]);
        let waited = waits().after(lost);
        increment(lost).after(waited);
    });
    let run = flow.run().wait().unwrap();
    assert!(run.task("increment").unwrap().state().is(Failed));
}

#[task]
async fn cancel(cancellation: Cancellation) {
    cancellation.cancel();
}

#[test]
fn a_body_that_goes_on_there_may_cancel_its_run() {
    let cancellation = Cancellation::new();
    let flow = flow!("cancelled in place", {
        let cancelled = cancel(cancellation.clone()).after(waits());
        zero().after(cancelled);
    });
    let run = flow.run().cancel_with(&cancellation).wait().unwrap();
    assert!(run.state().is(Cancelled));
    for name in ["cancel", "zero"] {
        assert!(run.task(name).unwrap().state().is(Cancelled), "{name}");
    }
}

#[task(timeout = "5ms")]
async fn endless() {
    std::future::pending::<()>().await;
}

/// Never waits on tokio, which interrupts it.
#[task(timeout = "5ms")]
async fn busy() {
    tokio::task::yield_now().await;
    loop {
        tokio::task::consume_budget().await;
    }
}

#[test]
fn the_time_of_a_body_that_never_waits_ends_too() {
    let flow = flow!("busy", { busy() });
    let run = flow.run().wait().unwrap();
    assert!(run.task("busy").unwrap().state().is(TimedOut));
}

/// A value that cannot be dropped quietly, and tells which task it was dropped in.
struct Loud;

impl Drop for Loud {
    fn drop(&mut self) {
        panic!("dropped in {}", context().task_name());
    }
}

#[task(timeout = "5ms")]
async fn endless_and_loud() {
    let _loud = Loud;
    std::future::pending::<()>().await;
}

#[test]
fn a_body_that_is_dropped_may_panic() {
    let flow = flow!("loud", { endless_and_loud() });
    let run = flow.run().wait().unwrap();
    let state = run.task("endless_and_loud").unwrap().state();
    let error = state.error().unwrap();
    assert_eq!(error.to_string(), "dropped in endless_and_loud");
    assert!(error.is_panic());
}
