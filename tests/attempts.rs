//! How attempts and iterations are counted: across retries, pauses and earlier runs.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use tribune::prelude::*;
use tribune::signal::{self, Signal};
use tribune::{Cancellation, Paused, State, StateChange, context};

/// Which iteration and attempt each call of a body was.
struct Calls(Mutex<Vec<(u32, u32)>>);

impl Calls {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn note(&self) -> (u32, u32) {
        let call = (context().iteration(), context().attempt());
        self.0.lock().unwrap().push(call);
        call
    }

    fn take(&self) -> Vec<(u32, u32)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[test]
fn each_iteration_of_a_loop_has_its_own_retries() {
    static CALLS: Calls = Calls::new();

    #[task(max_retries = 1, retry_delay = "1h")]
    fn poll() -> Result<u32, Signal> {
        match CALLS.note() {
            (_, 1) => Err(signal::fail("not yet")),
            (3, _) => Ok(context().carried().unwrap_or_default()),
            (iteration, _) => Err(signal::again(iteration)),
        }
    }

    let flow = flow!("poll", { poll() });
    let run = flow.run().simulated(SystemTime::UNIX_EPOCH).wait().unwrap();
    assert_eq!(run.output(), Some(&2));
    assert_eq!(
        CALLS.take(),
        [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]
    );
}

#[test]
fn a_retry_in_a_later_run_goes_on_with_the_iteration() {
    static CALLS: Calls = Calls::new();

    #[task(max_retries = 1, retry_delay = "1h")]
    fn page() -> Result<u32, Signal> {
        match CALLS.note() {
            (1, _) => Err(signal::again(7_u32)),
            (_, 1) => Err(signal::fail("too fast")),
            _ => Ok(context().carried().unwrap_or_default()),
        }
    }

    let flow = flow!("pages", { page() });
    let left = flow.run().without_waiting().wait().unwrap();
    assert!(left.task("page").unwrap().state().is(Retrying));
    assert_eq!(CALLS.take(), [(1, 1), (2, 1)]);
    let later = SystemTime::now() + Duration::from_secs(7200);
    let run = flow
        .run()
        .task_states(&left)
        .simulated(later)
        .wait()
        .unwrap();
    assert_eq!(run.output(), Some(&7));
    assert_eq!(CALLS.take(), [(2, 2)]);
}

#[test]
fn a_pause_starts_a_loop_again() {
    static CALLS: Calls = Calls::new();

    #[task]
    fn review() -> Result<bool, Signal> {
        match CALLS.note() {
            (1, _) => Err(signal::again(())),
            _ if context().is_resumed() => Ok(true),
            _ => Err(signal::pause("look at it")),
        }
    }

    let flow = flow!("review", { review() });
    let run = flow.run().resume(|_| true).wait().unwrap();
    assert_eq!(run.output(), Some(&true));
    assert_eq!(CALLS.take(), [(1, 1), (2, 1), (1, 1), (2, 1)]);
}

#[task(trigger = manual_only)]
fn paused() {}

#[test]
fn a_run_may_be_cancelled_while_a_person_is_asked() {
    for goes_on in [false, true] {
        let (cancellation, heard) = (Cancellation::new(), Arc::new(Mutex::new(Vec::new())));
        let hear = {
            let heard = heard.clone();
            move |change: &StateChange, new: State| {
                let line = format!("{} {}", change.name(), new.kind());
                heard.lock().unwrap().push(line);
                new
            }
        };
        let flow = flow!(name = "asked", state_handlers = [hear.clone()], {
            paused().state_handlers([hear]);
        });
        let switch = cancellation.clone();
        let ask = move |_: &Paused| {
            switch.cancel();
            goes_on
        };
        let run = flow.run().cancel_with(&cancellation).resume(ask);
        let run = run.wait().unwrap();
        assert!(run.state().is(Cancelled), "{run:?}");
        assert_eq!(
            *heard.lock().unwrap(),
            [
                "asked Running",
                "paused Paused",
                "paused Cancelled",
                "asked Cancelled"
            ]
        );
    }
}

#[test]
fn a_retry_that_a_handler_asks_for_is_counted() {
    static CALLS: Calls = Calls::new();

    fn once_more(change: &StateChange, new: State) -> State {
        match new.is(Success) && change.attempt() == 1 {
            true => State::scheduled(Retrying, change.at()),
            false => new,
        }
    }

    #[task(state_handlers = [once_more])]
    fn load() -> u32 {
        CALLS.note().1
    }

    let flow = flow!("load", { load() });
    let run = flow.run().wait().unwrap();
    assert_eq!(run.output(), Some(&2));
    assert_eq!(CALLS.take(), [(1, 1), (1, 2)]);
}

#[test]
fn what_a_loop_carries_may_be_of_another_type_beside_a_handler() {
    fn listen(_: &StateChange, new: State) -> State {
        new
    }

    #[task(state_handlers = [listen])]
    fn collect() -> Result<usize, Signal> {
        let mut pages: Vec<u32> = context().carried().unwrap_or_default();
        if pages.len() == 3 {
            return Ok(pages.len());
        }
        pages.push(context().iteration());
        Err(signal::again(pages))
    }

    let flow = flow!("collect", { collect() });
    assert_eq!(flow.run().wait().unwrap().output(), Some(&3));
}

#[test]
fn a_retry_waits_for_nobody_else() {
    static ORDER: Mutex<Vec<&str>> = Mutex::new(Vec::new());

    #[task(max_retries = 1, retry_delay = "1ms")]
    fn flaky() -> Result<(), &'static str> {
        ORDER.lock().unwrap().push("flaky");
        match context().attempt() {
            1 => Err("not yet"),
            _ => Ok(()),
        }
    }

    #[task]
    fn other(time: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < time {}
        ORDER.lock().unwrap().push("other");
    }

    // Much more than a millisecond in all, and one after the other.
    let flow = flow!("busy", {
        flaky();
        for time in vec![Duration::from_micros(200); 200] {
            other(time);
        }
    });
    let run = flow.run().threads(1).wait().unwrap();
    assert!(run.state().is(Success));
    let order = ORDER.lock().unwrap();
    assert_eq!(order.iter().filter(|name| **name == "flaky").count(), 2);
    assert_ne!(order.last(), Some(&"flaky"), "it was its turn before");
}
