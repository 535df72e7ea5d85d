//! Flows that are run on their schedule, by the real clock: a second or less each.
//!
//! Which run starts when is decided without a clock, and tested beside that code.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use tribune::prelude::*;
use tribune::schedule::{Missed, Schedule, ScheduleError, cron, dates, interval};
use tribune::{BuildError, Cancellation, context};

/// Runs at these times from now on.
fn soon<const N: usize>(millis: [u64; N]) -> Schedule {
    dates(millis.map(|millis| Timestamp::now() + Duration::from_millis(millis)))
}

#[task]
fn echo(value: i64) -> i64 {
    value
}

#[task]
fn scheduled_time() -> SystemTime {
    context().scheduled_at()
}

#[task]
fn sleep(millis: u64) {
    thread::sleep(Duration::from_millis(millis));
}

#[task]
async fn never() {
    std::future::pending::<()>().await;
}

/// A flow that counts how many of its runs run at the same time.
fn crowd(schedule: Schedule, most: &Arc<AtomicUsize>) -> Flow {
    let now = Arc::new(AtomicUsize::new(0));
    let most = most.clone();
    let mut flow = Flow::builder("crowd");
    flow.schedule(schedule);
    flow.add(sleep { millis: input(400) });
    flow.state_handler(move |_: &StateChange, new: State| {
        if new.is(Running) {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        } else if new.is(Success) {
            now.fetch_sub(1, Ordering::SeqCst);
        }
        new
    });
    flow.build(()).unwrap()
}

#[test]
fn a_flow_runs_at_its_times_and_with_the_parameters_of_its_clock() {
    let first = Timestamp::now() + Duration::from_millis(300);
    let flow = flow!(
        name = "parameters",
        schedule = dates([first]).parameter("value", 1).or(soon([600])),
        |#[default(0)] value: i64| { (echo(value), scheduled_time()) }
    );
    assert_eq!(flow.next_runs(9).unwrap().len(), 2);
    assert_eq!(flow.next_runs(1).unwrap()[0].at().timestamp(), first);
    let (sender, outputs) = mpsc::channel();
    let last = flow
        .serve()
        .each(|run| run.parameter("value", 2))
        .on_run(move |run| sender.send(*run.output().unwrap()).unwrap())
        .wait()
        .unwrap();
    let outputs: Vec<(i64, SystemTime)> = outputs.iter().collect();
    assert_eq!(outputs.len(), 2);
    assert_eq!(
        outputs[0],
        (1, first.try_into().unwrap()),
        "the clock's value goes over the caller's"
    );
    assert_eq!(outputs[1].0, 2);
    assert_eq!(last.unwrap().output(), outputs.last());
}

#[test]
fn runs_overlap_only_if_told_to() {
    for (overlap, missed, expected) in [
        (false, Missed::Skip, (1, 1)),
        (false, Missed::CatchUp, (3, 1)),
        (true, Missed::Skip, (3, 3)),
    ] {
        let most = Arc::new(AtomicUsize::new(0));
        let flow = crowd(soon([300, 400, 500]), &most);
        let runs = Arc::new(AtomicUsize::new(0));
        let count = runs.clone();
        let serve = flow.serve().overlap(overlap).missed(missed);
        let count = move |_: &_| {
            count.fetch_add(1, Ordering::SeqCst);
        };
        serve.on_run(count).wait().unwrap();
        let found = (runs.load(Ordering::SeqCst), most.load(Ordering::SeqCst));
        assert_eq!(found, expected, "{overlap} {missed:?}");
    }
}

#[test]
fn a_flow_that_waits_can_be_cancelled() {
    let flow = flow!(name = "rare", schedule = cron("0 0 29 2 *"), {
        echo(1);
    });
    let cancellation = Cancellation::new();
    let switch = cancellation.clone();
    let cancel = thread::spawn(move || {
        thread::sleep(Duration::from_millis(30));
        switch.cancel();
    });
    let start = Instant::now();
    assert!(
        flow.serve()
            .cancel_with(&cancellation)
            .wait()
            .unwrap()
            .is_none()
    );
    assert!(start.elapsed() < Duration::from_secs(10));
    cancel.join().unwrap();
    assert!(
        flow.serve()
            .cancel_with(&cancellation)
            .wait()
            .unwrap()
            .is_none(),
        "it stays cancelled"
    );
}

#[test]
fn a_running_flow_is_cancelled_with_what_serves_it() {
    let flow = flow!(
        name = "endless",
        schedule = interval(Duration::from_millis(10)),
        {
            never();
        }
    );
    let cancellation = Cancellation::new();
    let switch = cancellation.clone();
    let cancel = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        switch.cancel();
    });
    let last = flow
        .serve()
        .cancel_with(&cancellation)
        .wait()
        .unwrap()
        .unwrap();
    assert!(last.state().is(Cancelled));
    cancel.join().unwrap();
}

#[tokio::test]
async fn a_flow_is_served_inside_async_code() {
    let flow = flow!(name = "async", schedule = soon([200, 210]), { echo(7) });
    let last = flow.serve().missed(Missed::CatchUp).await.unwrap().unwrap();
    assert_eq!(last.output(), Some(&7));
}

#[tokio::test]
async fn a_dropped_service_stops_its_runs() {
    let (sender, ended) = mpsc::channel();
    let mut flow = Flow::builder("dropped");
    flow.schedule(interval(Duration::from_millis(10)));
    flow.add(never {});
    flow.state_handler(move |_: &StateChange, new: State| {
        let _ = sender.send(new.kind());
        new
    });
    let flow = flow.build(()).unwrap();
    let serve = flow.serve().into_future();
    assert!(
        tokio::time::timeout(Duration::from_millis(400), serve)
            .await
            .is_err()
    );
    assert_eq!(ended.recv_timeout(Duration::from_secs(10)), Ok(Running));
    assert_eq!(ended.recv_timeout(Duration::from_secs(10)), Ok(Cancelled));
    thread::sleep(Duration::from_millis(40));
    assert!(ended.try_recv().is_err(), "nothing is started any more");
}

#[test]
fn what_cannot_be_served_says_so() {
    let flow = flow!("plain", {
        echo(1);
    });
    let text =
        "the flow has no schedule: give it one with `schedule = ...`, or start it with `run()`";
    assert_eq!(flow.serve().wait().unwrap_err().to_string(), text);
    assert_eq!(flow.next_runs(1).unwrap_err().to_string(), text);

    let flow = flow!(name = "over", schedule = dates(["2001-01-01"]), {
        echo(1);
    });
    assert_eq!(
        flow.serve().wait().unwrap_err().to_string(),
        "the flow has no more scheduled runs"
    );
    assert!(flow.next_runs(1).unwrap().is_empty());

    let flow = flow!(name = "wrong", schedule = cron("0 25 * * *"), {
        echo(1);
    });
    let text = "`25` in the cron text `0 25 * * *` is not an hour: write one of 0-23";
    assert_eq!(flow.check().unwrap_err().to_string(), text);
    assert_eq!(flow.run().wait().unwrap_err().to_string(), text);
    assert_eq!(flow.serve().wait().unwrap_err().to_string(), text);

    let flow = flow!(
        name = "wrong",
        schedule = cron("0 9 * * *").parameter("valeu", 1),
        |value: i64| {
            echo(value);
        }
    );
    let error = ScheduleError::UnknownParameter("valeu".to_owned());
    assert_eq!(flow.check(), Err(BuildError::Schedule(error)));
}

#[test]
fn a_run_that_cannot_start_ends_it() {
    let flow = flow!(
        name = "needs",
        schedule = soon([200, 210, 220]),
        |value: i64| {
            echo(value);
        }
    );
    assert!(
        matches!(flow.serve().wait(), Err(RunError::MissingParameters(names)) if names == ["value"])
    );
}

#[test]
fn a_panic_of_the_callback_is_the_callers() {
    let flow = flow!(name = "panics", schedule = soon([200]), {
        echo(1);
    });
    let serve = flow.serve().on_run(|_| panic!("no more"));
    let panic = catch_unwind(AssertUnwindSafe(|| serve.wait())).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"no more"));
}
