//! The straight way and the long one: the same flows end the same.

use std::cell::RefCell;
use std::sync::Arc;

use proptest::prelude::*;

use super::explore::{Pair, Sum};
use super::{Call, Hears, Random, Step, TRIGGERS, after, declare, random_task, step};
use crate::engine::{Action, Attempt, Change, Engine, Event, RunId, Setup, Straight};
use crate::error::TaskError;
use crate::flow::{Flow, FlowBuilder};
use crate::input::Inputs;
use crate::plan::Plan;
use crate::signal;
use crate::state::{State, StateKind, StateSet};
use crate::task::{Outcome, Returned};
use crate::timestamp::Timestamp;
use crate::value::Value;

/// How a driver goes about a run.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Every change is announced, so nothing goes straight.
    Long,
    /// By events and actions.
    Short,
    /// In the steps of the straight way, as far as it goes.
    Straight,
}

/// A run, what comes of its attempts and what its handlers answer.
struct Run<'a> {
    engine: Engine,
    now: Timestamp,
    outcomes: &'a [u8],
    /// The changes of which handlers heard.
    heard: RefCell<Vec<String>>,
}

impl Run<'_> {
    /// Does what goes straight, and tells whether that was anything.
    fn go_straight(&mut self) -> bool {
        let (now, mut inputs) = (self.now, Inputs::default());
        let attempt = match self.engine.next_straight(now, &mut inputs) {
            None => return false,
            Some(Straight::Call(attempt)) => attempt,
            Some(Straight::Tell(attempt)) => {
                self.tell(attempt);
                return true;
            }
        };
        let outcome = outcome(&self.engine, attempt, self.outcomes);
        self.engine.returned(attempt, now, outcome, now);
        true
    }

    /// The same for an attempt of which handlers hear.
    fn tell(&mut self, attempt: Attempt) {
        let (now, mut inputs) = (self.now, Inputs::default());
        let is_called = match self.engine.starting(attempt, now) {
            None => self.engine.call_straight(attempt, now, &mut inputs),
            Some(change) => {
                let answer = self.answer(&change);
                self.engine.starts(attempt, answer, now, &mut inputs)
            }
        };
        if !is_called {
            return;
        }
        let outcome = outcome(&self.engine, attempt, self.outcomes);
        if let Some(change) = self.engine.ending(attempt, now, outcome, now) {
            let answer = self.answer(&change);
            self.engine.ends(attempt, answer, now);
        }
    }

    fn take(&mut self, action: Action) -> Option<Event> {
        Some(match action {
            Action::Execute(attempt) => Event::Returned {
                attempt,
                started: self.now,
                outcome: outcome(&self.engine, attempt, self.outcomes),
            },
            Action::Handle(change) => Event::Handled {
                run: change.task.map(|attempt| attempt.run),
                answer: self.answer(&change),
            },
            Action::WakeAt { run, at } => {
                self.now = self.now.max(at);
                Event::Woke { run }
            }
            Action::Rest => Event::Left,
            Action::Finish => return None,
        })
    }

    /// What handlers answer, if the task has some that hear of the change; mostly they leave it as it is.
    fn answer(&self, change: &Change) -> Result<State, TaskError> {
        let new = change.new.clone();
        let Some(attempt) = change.task else {
            return Ok(new);
        };
        if !self
            .engine
            .plan
            .spec(attempt.node)
            .heard
            .contains(new.kind())
        {
            return Ok(new);
        }
        let value = new.value().is_some();
        let line = format!("{attempt:?}: {} to {new} {value}", change.old);
        self.heard.borrow_mut().push(line);
        let at = choice(attempt) + new.kind() as usize * 5;
        match self.outcomes[at % self.outcomes.len()] % 12 {
            0 => Err(TaskError::new("no")),
            1 => Ok(State::new(StateKind::Failed).with_message("not so")),
            2 => Ok(State::new(StateKind::Skipped)),
            3 => Ok(new.with_message("in other words")),
            4 => Ok(State::new(new.kind())),
            5 => Ok(new.with_result("of another type")),
            _ => Ok(new),
        }
    }
}

/// Runs to the end, one thing after the other, and gives the states at the end and what handlers heard.
fn run(plan: &Arc<Plan>, way: Way, outcomes: &[u8]) -> (Vec<String>, Vec<String>) {
    let mut run = Run {
        engine: Engine::new(Setup {
            announce_all: way == Way::Long,
            ..Setup::new(plan.clone())
        }),
        now: Timestamp::EPOCH,
        outcomes,
        heard: RefCell::default(),
    };
    run.engine.on(Event::Start, run.now);
    loop {
        if way == Way::Straight && run.go_straight() {
            continue;
        }
        let Some(action) = run.engine.next(run.now, &mut Inputs::default()) else {
            break;
        };
        match run.take(action) {
            Some(event) => run.engine.on(event, run.now),
            None => break,
        }
    }
    let Run { engine, heard, .. } = run;
    let mut ends = vec![engine.flow().to_string()];
    for node in plan.ids() {
        let mut leaves = vec![RunId::root(node)];
        engine.runs().leaves(RunId::root(node), &mut leaves);
        ends.extend(leaves.into_iter().map(|run| {
            let cell = &engine.runs()[run];
            let has_value = cell.state.value().is_some();
            format!("{node:?}: {} {} {has_value}", cell.state, cell.number())
        }));
    }
    let mut heard = heard.into_inner();
    // Who hears first is a matter of what is ready first.
    heard.sort();
    (ends, heard)
}

fn choice(attempt: Attempt) -> usize {
    let index = attempt.index.map_or(0, |index| index as usize + 1);
    attempt.node.index() * 31 + index * 7 + attempt.number as usize
}

/// The same for the same attempt, whenever it comes.
fn outcome(engine: &Engine, attempt: Attempt, outcomes: &[u8]) -> Outcome {
    match outcomes[choice(attempt) % outcomes.len()] % 6 {
        0 => Err(TaskError::new("boom")),
        1 => Err(TaskError::new(signal::skip("not now"))),
        2 => Err(TaskError::timed_out()),
        _ if engine.plan.task_name(attempt.node) == "pair" => {
            Ok(Returned(Value::new(vec![1_i64, 2, 3])))
        }
        _ => Ok(Returned(Value::new(1_i64))),
    }
}

fn compare(declare: impl FnOnce(&mut FlowBuilder), outcomes: &[u8]) -> Result<(), TestCaseError> {
    let mut flow = Flow::builder("flow");
    declare(&mut flow);
    let plan = flow.build(()).expect("the plan is right").plan();
    let long = run(&plan, Way::Long, outcomes);
    prop_assert_eq!(&run(&plan, Way::Short, outcomes), &long);
    prop_assert_eq!(&run(&plan, Way::Straight, outcomes), &long);
    Ok(())
}

/// Half of the tasks have the trigger that can go straight.
fn mostly_straight() -> impl Strategy<Value = Random> {
    (random_task(), any::<bool>(), hears()).prop_map(|(task, straight, hears)| Random {
        trigger: if straight { 0 } else { task.trigger },
        hears,
        ..task
    })
}

/// What the handlers of a task hear of, if it has any.
fn hears() -> impl Strategy<Value = StateSet> {
    prop::sample::select(vec![
        StateSet::EMPTY,
        StateSet::EMPTY,
        StateSet::ALL,
        StateSet::new(&[StateKind::Running]),
        StateSet::new(&[StateKind::Success]),
        StateSet::new(&[StateKind::Failed]),
    ])
}

proptest! {
    #[test]
    fn tasks_end_the_same(
        tasks in prop::collection::vec(mostly_straight(), 0..12),
        outcomes in prop::collection::vec(any::<u8>(), 1..80),
    ) {
        compare(|flow| declare(&tasks, flow), &outcomes)?;
    }

    #[test]
    fn loops_end_the_same(
        trigger in 0..TRIGGERS.len(),
        hears in hears(),
        outcomes in prop::collection::vec(any::<u8>(), 1..80),
    ) {
        let heard = |call: Call<Step>| call.state_handler(Hears(hears));
        let declare = |flow: &mut FlowBuilder| {
            let outside = flow.add(step("outside", &[]));
            let list = flow.add(Pair);
            let all = flow.each(list, |flow, element| {
                let first = flow.add(heard(step("first", &[element, outside])));
                let beside = flow.add(after("beside", &[element]).trigger(TRIGGERS[trigger].clone()));
                flow.add(heard(after("second", &[first, beside])))
            });
            let again = flow.each(all, |flow, element| flow.add(step("third", &[element])));
            flow.add(Sum(again));
            let outer = flow.add(Pair);
            let sums = flow.each(outer, |flow, _| {
                let inner = flow.add(Pair);
                let steps = flow.each(inner, |flow, element| {
                    flow.add(heard(step("nested", &[element])))
                });
                flow.add(Sum(steps))
            });
            flow.add(Sum(sums));
        };
        compare(declare, &outcomes)?;
    }
}
