//! The engine alone: events by hand, actions compared; then random plans and random events.

mod explore;
mod ways;

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;

use super::{Action, Attempt, Engine, Event, RunId, Setup, Stage};
use crate::error::TaskError;
use crate::flow::{Flow, FlowBuilder};
use crate::handler::{self, StateChange, StateHandler};
use crate::input::Inputs;
use crate::input::{Bindings, Handle, input};
use crate::plan::NodeId;
use crate::state::{State, StateKind, StateSet};
use crate::task::{Call, Outcome, Returned, Task, TaskSpec};
use crate::timestamp::Timestamp;
use crate::trigger::{self, Trigger};
use crate::value::Value;

/// A task that takes any number of inputs; its body is never called here.
struct Step(Vec<Handle<i64>>);

impl Task for Step {
    type Output = i64;

    fn spec() -> &'static TaskSpec {
        static SPEC: LazyLock<TaskSpec> =
            LazyLock::new(|| TaskSpec::sync::<Step, false>("step", &[], |_| unreachable!()));
        &SPEC
    }

    fn bind(self, bindings: &mut Bindings) {
        for handle in self.0 {
            bindings.shared(input::<i64>(handle));
        }
    }
}

fn step(name: &'static str, upstreams: &[Handle<i64>]) -> Call<Step> {
    Call::new(Step(upstreams.to_vec())).name(name)
}

/// Only ordered after its upstreams, so that any trigger is allowed.
fn after(name: &'static str, upstreams: &[Handle<i64>]) -> Call<Step> {
    upstreams
        .iter()
        .fold(step(name, &[]), |call, upstream| call.after(*upstream))
}

fn retried(call: Call<Step>, max_retries: u32) -> Call<Step> {
    call.max_retries(max_retries)
        .retry_delay(Duration::from_secs(10))
}

#[expect(clippy::unnecessary_wraps, reason = "one outcome among others")]
fn value() -> Outcome {
    Ok(Returned(Value::new(1_i64)))
}

fn error() -> Outcome {
    Err(TaskError::new("boom"))
}

fn timeout() -> Outcome {
    Err(TaskError::timed_out())
}

/// A run by hand, on a clock of its own, that writes down every change.
struct Hand {
    engine: Engine,
    now: Timestamp,
    log: Vec<String>,
}

type Answer = fn(&str, State) -> Result<State, TaskError>;

impl Hand {
    fn new(declare: impl FnOnce(&mut FlowBuilder)) -> Self {
        let mut flow = Flow::builder("flow");
        declare(&mut flow);
        let plan = flow.build(()).expect("the plan is right").plan();
        let engine = Engine::new(Setup {
            announce_all: true,
            ..Setup::new(plan)
        });
        Self {
            engine,
            now: Timestamp::EPOCH,
            log: Vec::new(),
        }
    }

    fn on(&mut self, event: Event) {
        self.engine.on(event, self.now);
    }

    fn name(&self, run: Option<RunId>) -> String {
        run.map_or("flow".to_owned(), |run| {
            let node = self.engine.runs().node(run);
            self.engine.plan.task_name(node).to_owned()
        })
    }

    /// Runs to the end: each body answers what `outcome` says of its name and attempt.
    fn run(&mut self, outcome: impl Fn(&str, u32) -> Outcome, answer: Answer) {
        self.on(Event::Start);
        while let Some(action) = self.engine.next(self.now, &mut Inputs::default()) {
            match action {
                Action::Execute(attempt) => {
                    let outcome = outcome(&self.name(Some(attempt.run)), attempt.number);
                    let started = self.now;
                    self.on(Event::Returned {
                        attempt,
                        started,
                        outcome,
                    });
                }
                Action::Handle(change) => {
                    let node = change.task.map(|attempt| attempt.run);
                    let name = self.name(node);
                    let retry = if change.will_retry {
                        " (will retry)"
                    } else {
                        ""
                    };
                    self.log.push(format!(
                        "{name}: {} -> {}{retry}",
                        change.old.kind(),
                        change.new.kind()
                    ));
                    let answer = answer(&name, change.new);
                    self.on(Event::Handled { run: node, answer });
                }
                Action::WakeAt { run, at } => {
                    self.now = self.now.max(at);
                    self.on(Event::Woke { run });
                }
                Action::Rest => self.on(Event::Left),
                Action::Finish => self.log.push(format!("finish {}", self.engine.flow())),
            }
        }
    }

    fn state(&self, name: &str) -> &State {
        let named = |id: &NodeId| self.engine.plan.task_name(*id) == name;
        let id = self
            .engine
            .plan
            .ids()
            .find(named)
            .expect("there is such a task");
        &self.engine.runs()[RunId::root(id)].state
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one answer among others")]
fn keep(_: &str, new: State) -> Result<State, TaskError> {
    Ok(new)
}

#[test]
fn a_chain_that_succeeds() {
    let mut hand = Hand::new(|flow| {
        let a = flow.add(step("a", &[]));
        flow.add(step("b", &[a]));
    });
    hand.run(|_, _| value(), keep);
    assert_eq!(
        hand.log,
        [
            "flow: Scheduled -> Running",
            "a: Pending -> Running",
            "a: Running -> Success",
            "b: Pending -> Running",
            "b: Running -> Success",
            "flow: Running -> Success",
            r#"finish Success("All reference tasks succeeded.")"#,
        ]
    );
}

#[test]
fn what_depends_on_a_failure_is_trigger_failed_and_not_retried() {
    let mut hand = Hand::new(|flow| {
        let a = flow.add(step("a", &[]));
        flow.add(retried(step("b", &[a]), 3));
    });
    hand.run(|_, _| error(), keep);
    assert_eq!(
        hand.log,
        [
            "flow: Scheduled -> Running",
            "a: Pending -> Running",
            "a: Running -> Failed",
            "b: Pending -> TriggerFailed",
            "flow: Running -> Failed",
            r#"finish Failed("Some reference tasks failed.")"#,
        ]
    );
    assert_eq!(
        hand.state("a").message(),
        Some("Error during execution of task: boom")
    );
}

#[test]
fn a_retry_waits_for_its_delay_and_counts_its_attempts() {
    let mut hand = Hand::new(|flow| {
        flow.add(retried(step("a", &[]), 1));
    });
    hand.run(
        |_, attempt| if attempt == 1 { timeout() } else { value() },
        keep,
    );
    assert_eq!(
        hand.log[1..6],
        [
            "a: Pending -> Running",
            "a: Running -> TimedOut (will retry)",
            "a: TimedOut -> Retrying",
            "a: Retrying -> Running",
            "a: Running -> Success",
        ]
    );
    assert_eq!(hand.now, Timestamp::EPOCH + Duration::from_secs(10));
    assert_eq!(hand.engine.runs()[RunId(0)].number(), 2);
}

#[test]
fn a_sleeping_task_run_is_not_woken_early() {
    let mut hand = Hand::new(|flow| {
        flow.add(retried(step("a", &[]), 1));
    });
    hand.engine = Engine::new(Setup::new(hand.engine.plan.clone()));
    hand.on(Event::Start);
    let Some(Action::Execute(attempt)) = hand.engine.next(hand.now, &mut Inputs::default()) else {
        panic!("it starts")
    };
    hand.on(Event::Returned {
        started: hand.now,
        attempt,
        outcome: error(),
    });
    let Some(Action::WakeAt { run, at }) = hand.engine.next(hand.now, &mut Inputs::default())
    else {
        panic!("it sleeps")
    };
    hand.on(Event::Woke { run });
    let Some(Action::WakeAt { at: again, .. }) = hand.engine.next(hand.now, &mut Inputs::default())
    else {
        panic!("too early")
    };
    assert_eq!(at, again);
    hand.now = at;
    hand.on(Event::Woke { run });
    assert!(matches!(
        hand.engine.next(hand.now, &mut Inputs::default()),
        Some(Action::Execute(Attempt { number: 2, .. }))
    ));
}

#[test]
fn an_outcome_of_another_attempt_is_ignored() {
    let mut hand = Hand::new(|flow| {
        flow.add(retried(step("a", &[]), 1));
    });
    hand.engine = Engine::new(Setup::new(hand.engine.plan.clone()));
    hand.on(Event::Start);
    let Some(Action::Execute(attempt)) = hand.engine.next(hand.now, &mut Inputs::default()) else {
        panic!("it starts")
    };
    let late = Attempt {
        number: 7,
        ..attempt
    };
    hand.on(Event::Returned {
        started: hand.now,
        attempt: late,
        outcome: value(),
    });
    assert_eq!(hand.state("a").kind(), StateKind::Running);
    assert!(hand.engine.next(hand.now, &mut Inputs::default()).is_none());
}

/// Handlers that answer another state, and what becomes of the task and of its downstream.
#[test]
fn what_a_handler_answers_is_the_state() {
    let table: &[(Answer, &str, &str, u32)] = &[
        // A success that becomes a failure is retried, and so on until there are no retries left.
        (
            |name, new| {
                Ok(if name == "a" && new.is(StateKind::Success) {
                    failed()
                } else {
                    new
                })
            },
            "Failed",
            "TriggerFailed",
            2,
        ),
        // The body of a task that is finished before it ran is not called.
        (
            |name, new| {
                Ok(if name == "a" && new.is(StateKind::Running) {
                    skipped()
                } else {
                    new
                })
            },
            "Skipped",
            "Skipped",
            0,
        ),
        // A handler that fails ends the task run at once: no retry, and nobody hears of it.
        (
            |name, new| {
                let fails = name == "a" && new.is(StateKind::Success);
                if fails {
                    Err(TaskError::new("broken"))
                } else {
                    Ok(new)
                }
            },
            r#"Failed("Unexpected error while calling state handlers: broken")"#,
            "TriggerFailed",
            1,
        ),
        // A result of another type would break its reader.
        (
            |name, new| {
                let other = name == "a" && new.is(StateKind::Success);
                Ok(if other { new.with_result("text") } else { new })
            },
            "Failed",
            "TriggerFailed",
            1,
        ),
    ];
    for (answer, a, b, calls) in table {
        let called = std::cell::Cell::new(0);
        let mut hand = Hand::new(|flow| {
            let a = flow.add(retried(step("a", &[]), 1));
            flow.add(step("b", &[a]));
        });
        let outcome = |name: &str, _| {
            called.set(called.get() + u32::from(name == "a"));
            value()
        };
        hand.run(outcome, *answer);
        assert!(
            hand.state("a").to_string().starts_with(a),
            "{} is not {a}",
            hand.state("a")
        );
        assert_eq!(hand.state("b").kind().name(), *b);
        assert_eq!(called.get(), *calls, "calls before {a}");
    }
}

fn failed() -> State {
    State::new(StateKind::Failed)
}

fn skipped() -> State {
    State::new(StateKind::Skipped)
}

#[test]
fn a_flow_handler_can_stop_the_run_before_any_task() {
    let mut hand = Hand::new(|flow| {
        flow.add(step("a", &[]));
    });
    hand.run(|_, _| value(), |_, _| Err(TaskError::new("no")));
    assert_eq!(hand.state("a").kind(), StateKind::Pending);
    assert_eq!(
        hand.log.last().unwrap(),
        r#"finish Failed("Unexpected error while calling state handlers: no")"#
    );
}

#[test]
fn reference_tasks_decide() {
    let mut hand = Hand::new(|flow| {
        let a = flow.add(step("a", &[]));
        flow.add(after("b", &[a]).trigger(trigger::any_failed));
    });
    hand.run(|name, _| if name == "a" { error() } else { value() }, keep);
    assert!(hand.engine.flow().is(StateKind::Success));

    let mut hand = Hand::new(|flow| {
        let a = flow.add(step("a", &[]));
        flow.add(after("b", &[a]).trigger(trigger::any_failed));
        flow.reference_task(a);
    });
    hand.run(|name, _| if name == "a" { error() } else { value() }, keep);
    assert!(hand.engine.flow().is(StateKind::Failed));
}

#[test]
fn an_empty_flow_succeeds() {
    let mut hand = Hand::new(|_| {});
    hand.run(|_, _| value(), keep);
    assert_eq!(
        hand.log.last().unwrap(),
        r#"finish Success("All reference tasks succeeded.")"#
    );
}

#[test]
fn cancelling_ends_everything_and_the_flow_last() {
    let mut hand = Hand::new(|flow| {
        let a = flow.add(step("a", &[]));
        flow.add(step("b", &[a]));
    });
    hand.engine = Engine::new(Setup::new(hand.engine.plan.clone()));
    hand.on(Event::Start);
    let Some(Action::Execute(attempt)) = hand.engine.next(hand.now, &mut Inputs::default()) else {
        panic!("it starts")
    };
    hand.on(Event::Cancelled);
    hand.on(Event::Returned {
        started: hand.now,
        attempt,
        outcome: value(),
    });
    assert!(matches!(
        hand.engine.next(hand.now, &mut Inputs::default()),
        Some(Action::Finish)
    ));
    assert!(hand.engine.next(hand.now, &mut Inputs::default()).is_none());
    for name in ["a", "b"] {
        assert_eq!(hand.state(name).kind(), StateKind::Cancelled);
    }
    assert_eq!(hand.engine.flow().kind(), StateKind::Cancelled);
}

#[test]
fn what_is_cancelled_before_its_body_is_called_is_not_executed() {
    let mut hand = Hand::new(|flow| {
        flow.add(step("a", &[]));
        flow.add(step("b", &[]));
    });
    hand.on(Event::Start);
    let mut changes = Vec::new();
    while let Some(action) = hand.engine.next(hand.now, &mut Inputs::default()) {
        let Action::Handle(change) = action else {
            panic!("{action:?}")
        };
        match change.task {
            Some(attempt) => changes.push((attempt.run, change.new)),
            None => hand.on(Event::Handled {
                run: None,
                answer: Ok(change.new),
            }),
        }
    }
    assert_eq!(changes.len(), 2, "both start");
    for (run, state) in changes {
        let (run, answer) = (Some(run), Ok(state));
        hand.on(Event::Handled { run, answer });
    }
    hand.on(Event::Cancelled);
    let next = hand.engine.next(hand.now, &mut Inputs::default());
    assert!(matches!(next, Some(Action::Handle(_))), "{next:?}");
}

#[test]
fn a_run_whose_rest_waits_for_a_person_ends_running() {
    let mut hand = Hand::new(|flow| {
        let a = flow.add(after("a", &[]).trigger(trigger::manual_only));
        flow.add(step("b", &[a]));
    });
    hand.run(|_, _| value(), keep);
    assert_eq!(hand.state("a").kind(), StateKind::Paused);
    assert_eq!(hand.state("b").kind(), StateKind::Pending);
    assert_eq!(hand.engine.flow().kind(), StateKind::Running);
}

/// A random task: which earlier tasks it follows (by bits), its trigger, its retries.
#[derive(Clone, Debug)]
struct Random {
    upstreams: u32,
    trigger: usize,
    retries: u32,
    skip: bool,
    hears: StateSet,
}

/// Handlers that hear of some states; what they answer, the test says.
struct Hears(StateSet);

impl StateHandler for Hears {
    fn handle<'a>(&'a self, _: &'a StateChange, _: State) -> handler::Answer<'a> {
        unreachable!("an engine calls no handler")
    }

    fn hears(&self) -> StateSet {
        self.0
    }
}

const TRIGGERS: [Trigger; 6] = [
    trigger::all_successful,
    trigger::all_finished,
    trigger::any_failed,
    trigger::any_successful,
    trigger::all_failed,
    trigger::not_all_skipped,
];

fn random_task() -> impl Strategy<Value = Random> {
    (any::<u32>(), 0..TRIGGERS.len(), 0..3_u32, any::<bool>()).prop_map(
        |(upstreams, trigger, retries, skip)| Random {
            upstreams,
            trigger,
            retries,
            skip,
            hears: StateSet::EMPTY,
        },
    )
}

fn declare(tasks: &[Random], flow: &mut FlowBuilder) {
    let mut handles = Vec::new();
    for (at, random) in tasks.iter().enumerate() {
        let follows = |up: &usize| random.upstreams & (1 << up) != 0;
        let upstreams: Vec<_> = (0..at).filter(follows).map(|up| handles[up]).collect();
        let mut call = after("step", &upstreams)
            .trigger(TRIGGERS[random.trigger].clone())
            .skip_on_upstream_skip(random.skip);
        if !random.hears.is_empty() {
            call = call.state_handler(Hears(random.hears));
        }
        if random.retries > 0 {
            call = retried(call, random.retries);
        }
        handles.push(flow.add(call));
    }
}

/// Chooses among what is under way, and among what may come of it, from a list of numbers.
struct Chance<'a>(std::iter::Cycle<std::slice::Iter<'a, u8>>);

impl Chance<'_> {
    fn below(&mut self, bound: usize) -> usize {
        usize::from(*self.0.next().expect("the list is not empty")) % bound
    }
}

/// What a random run leaves: its actions in words, and its engine.
fn random_run(tasks: &[Random], choices: &[u8]) -> (Vec<String>, Engine) {
    let mut chance = Chance(choices.iter().cycle());
    let mut hand = Hand::new(|flow| declare(tasks, flow));
    let mut under_way = Vec::new();
    let mut last: HashMap<Option<RunId>, String> = HashMap::new();
    hand.on(Event::Start);
    loop {
        while let Some(action) = hand.engine.next(hand.now, &mut Inputs::default()) {
            hand.log.push(format!("{action:?}"));
            under_way.push(action);
        }
        if under_way.is_empty() {
            break;
        }
        if chance.below(40) == 0 {
            hand.on(Event::Cancelled);
        }
        let action = under_way.swap_remove(chance.below(under_way.len()));
        perform(&mut hand, action, &mut chance, &mut last);
    }
    (hand.log, hand.engine)
}

fn perform(
    hand: &mut Hand,
    action: Action,
    choices: &mut Chance<'_>,
    last: &mut HashMap<Option<RunId>, String>,
) {
    match action {
        Action::Execute(attempt) => {
            let runs = hand.engine.runs();
            let over = |up| runs[RunId::root(up)].stage == Stage::Over;
            let edges = hand.engine.plan.edges(runs.node(attempt.run));
            assert!(
                edges.iter().all(|edge| over(edge.up)),
                "an upstream is not over"
            );
            let outcome = [value, error, timeout][choices.below(3)]();
            let started = hand.now;
            hand.on(Event::Returned {
                attempt,
                started,
                outcome,
            });
        }
        Action::Handle(change) => {
            let node = change.task.map(|attempt| attempt.run);
            let answer = match choices.below(8) {
                0 => Err(TaskError::new("broken handler")),
                1 => Ok(skipped()),
                2 => Ok(failed()),
                _ => Ok(change.new),
            };
            let first = if node.is_some() {
                "Pending"
            } else {
                "Scheduled"
            };
            let before = last.get(&node).map_or(first, String::as_str);
            assert_eq!(
                change.old.kind().name(),
                before,
                "a change was not heard of"
            );
            let after = answer.as_ref().map_or(StateKind::Failed, State::kind);
            last.insert(node, after.name().to_owned());
            hand.on(Event::Handled { run: node, answer });
        }
        Action::WakeAt { run, at } => {
            hand.now = hand.now.max(at);
            hand.on(Event::Woke { run });
        }
        Action::Rest => hand.on(Event::Left),
        Action::Finish => {}
    }
}

proptest! {
    #[test]
    fn random_events_keep_the_invariants(
        tasks in prop::collection::vec(random_task(), 0..9),
        choices in prop::collection::vec(any::<u8>(), 1..60),
    ) {
        let (log, engine) = random_run(&tasks, &choices);
        let finishes = log.iter().filter(|action| *action == "Finish").count();
        prop_assert_eq!(finishes, 1, "the run ends once");
        let cells = || engine.runs().ids().map(|run| &engine.runs()[run]);
        let started = cells().any(|cell| cell.stage != Stage::Waiting);
        if started {
            for cell in cells() {
                prop_assert_eq!(cell.stage, Stage::Over);
                prop_assert!(cell.state.kind().is_finished(), "{} is final", cell.state);
            }
        }
        prop_assert!(engine.flow().kind().is_finished());
        prop_assert_eq!(engine.active, 0);

        let (again, _) = random_run(&tasks, &choices);
        prop_assert_eq!(log, again, "the same events give the same actions");
    }
}
