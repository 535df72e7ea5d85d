//! What the handlers of tasks hear, in which order, and what their answers do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tribune::handler::Answer;
use tribune::prelude::*;
use tribune::{Cancellation, StateSet};

#[task]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[task]
fn numbers(up_to: i64) -> Vec<i64> {
    (0..up_to).collect()
}

/// What was heard of each task.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<BTreeMap<String, Vec<String>>>>);

impl Heard {
    fn of(&self, task: &str) -> Vec<String> {
        self.0.lock().unwrap()[task].clone()
    }
}

impl StateHandler for Heard {
    fn handle<'a>(&'a self, change: &'a StateChange, new: State) -> Answer<'a> {
        let mut heard = self.0.lock().unwrap();
        let of_task = heard.entry(change.full_name().into_owned()).or_default();
        of_task.push(format!("{} to {}", change.old().kind(), new.kind()));
        new.into()
    }
}

#[test]
fn every_task_tells_its_start_and_its_end() {
    for threads in 1..=4 {
        let heard = Heard::default();
        let flow = flow!("many", {
            let list = numbers(500);
            for x in list {
                let twice = add(x, x).state_handler(heard.clone());
                add(twice, 1).name("one more").state_handler(heard.clone());
            }
        });
        let run = flow.run().threads(threads).wait().unwrap();
        assert!(run.state().is(Success));
        for index in 0..500 {
            for task in ["add", "one more"] {
                let of_task = heard.of(&format!("{task}[{index}]"));
                assert_eq!(of_task, ["Pending to Running", "Running to Success"]);
            }
        }
    }
}

type Answers = fn() -> Result<State, &'static str>;

/// Answers the states of one kind with something else.
struct Answering(StateKind, Answers);

impl StateHandler for Answering {
    fn handle<'a>(&'a self, _: &'a StateChange, new: State) -> Answer<'a> {
        match new.is(self.0) {
            true => (self.1)().into(),
            false => new.into(),
        }
    }
}

#[test]
fn what_a_handler_answers_is_the_state() {
    static CALLED: AtomicUsize = AtomicUsize::new(0);

    #[task]
    fn count() -> u32 {
        CALLED.fetch_add(1, Ordering::Relaxed);
        1
    }

    let cases: [(StateKind, Answers, &str, bool); 6] = [
        (Running, || Ok(State::new(Running)), "Success", true),
        (Running, || Ok(State::new(Skipped)), "Skipped", false),
        (Running, || Err("no"), "Failed", false),
        (Success, || Ok(State::new(Failed)), "Failed", true),
        (
            Success,
            || Ok(State::new(Success).with_result(2_u32)),
            "Success",
            true,
        ),
        (Success, || panic!("no"), "Failed", true),
    ];
    for (kind, answer, end, is_called) in cases {
        CALLED.store(0, Ordering::Relaxed);
        let flow = flow!("answered", {
            count().state_handler(Answering(kind, answer));
        });
        let run = flow.run().wait().unwrap();
        let state = run.task("count").unwrap().state();
        assert_eq!(state.kind().name(), end, "{kind}");
        assert_eq!(
            CALLED.load(Ordering::Relaxed),
            usize::from(is_called),
            "{kind}"
        );
    }
}

/// Cancels the run when it hears of a state of one kind.
struct Cancelling(StateKind, Cancellation);

impl StateHandler for Cancelling {
    fn handle<'a>(&'a self, _: &'a StateChange, new: State) -> Answer<'a> {
        if new.is(self.0) {
            self.1.cancel();
        }
        new.into()
    }
}

#[test]
fn a_run_may_be_cancelled_while_a_handler_is_busy() {
    for (kind, heard_at_last, end) in [
        (Running, "Running to Cancelled", Cancelled),
        (Success, "Running to Success", Success),
    ] {
        let (heard, cancellation) = (Heard::default(), Cancellation::new());
        let flow = flow!("cancelled", {
            add(1, 2)
                .state_handlers([heard.clone()])
                .state_handler(Cancelling(kind, cancellation.clone()));
        });
        let run = flow.run().cancel_with(&cancellation).wait().unwrap();
        assert!(run.state().is(Cancelled));
        assert!(run.task("add").unwrap().state().is(end));
        let mut expected = vec!["Pending to Running"];
        expected.push(heard_at_last);
        assert_eq!(heard.of("add"), expected);
    }
}

async fn slowly(change: &StateChange, new: State) -> Result<State, String> {
    tokio::task::yield_now().await;
    if new.is(Success) && change.name() == "bad" {
        Err("too good".to_owned())
    } else {
        Ok(new)
    }
}

fn better(_: &StateChange, new: State) -> State {
    if new.is(Success) {
        State::new(Success).with_result(20_i64)
    } else {
        new
    }
}

#[test]
fn handlers_answer_in_order_and_may_be_async() {
    let flow = flow!("handlers", {
        let good = add(1, 2).state_handlers([better, slowly]);
        let bad = add(1, 2).name("bad").state_handlers([slowly]);
        add(good, 1).name("after bad").after(bad);
        add(good, 1)
    });
    let run = flow.run().wait().unwrap();
    assert_eq!(run.output(), Some(&21));
    assert_eq!(
        run.task("bad").unwrap().state().to_string(),
        r#"Failed("Unexpected error while calling state handlers: too good")"#
    );
    assert!(run.task("after bad").unwrap().state().is(TriggerFailed));
}

/// Counts what it hears of, and wants to hear of failures only.
struct Failures(&'static AtomicUsize);

impl StateHandler for Failures {
    fn handle<'a>(&'a self, _: &'a StateChange, new: State) -> Answer<'a> {
        self.0.fetch_add(1, Ordering::Relaxed);
        new.into()
    }

    fn hears(&self) -> StateSet {
        StateSet::new(&[Failed])
    }
}

#[test]
fn a_handler_hears_of_the_states_that_it_names() {
    static HEARD: AtomicUsize = AtomicUsize::new(0);

    #[task(state_handlers = [Failures(&HEARD)])]
    fn good() {}

    #[task(state_handlers = [Failures(&HEARD)])]
    fn bad() -> Result<(), String> {
        Err("no".to_owned())
    }

    let flow = flow!("failures", {
        good();
        bad();
    });
    assert!(flow.run().wait().unwrap().state().is(Failed));
    assert_eq!(HEARD.load(Ordering::Relaxed), 1);
}

#[test]
fn where_one_handler_hears_the_others_do_too() {
    static HEARD: AtomicUsize = AtomicUsize::new(0);

    fn keep(_: &StateChange, new: State) -> State {
        new
    }

    #[task(state_handlers = [Failures(&HEARD), keep])]
    fn good() {}

    let flow = flow!("both", {
        good();
    });
    assert!(flow.run().wait().unwrap().state().is(Success));
    assert_eq!(
        HEARD.load(Ordering::Relaxed),
        2,
        "Running, and then Success"
    );
}
