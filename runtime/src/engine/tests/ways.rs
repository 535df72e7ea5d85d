//! The straight way and the long one: the same flows end the same.

use proptest::prelude::*;

use super::explore::{Pair, Sum};
use super::{Random, TRIGGERS, after, declare, random_task, step};
use crate::engine::{Action, Attempt, Engine, Event, RunId, Setup};
use crate::error::TaskError;
use crate::flow::{Flow, FlowBuilder};
use crate::input::Inputs;
use crate::plan::Plan;
use crate::signal;
use crate::task::{Outcome, Returned};
use crate::timestamp::Timestamp;
use crate::value::Value;
use std::sync::Arc;

/// Runs to the end, one thing after the other. `long`: every change is announced, so nothing goes straight.
fn run(plan: &Arc<Plan>, long: bool, outcomes: &[u8]) -> Vec<String> {
    let mut engine = Engine::new(Setup {
        announce_all: long,
        ..Setup::new(plan.clone())
    });
    let mut now = Timestamp::EPOCH;
    engine.on(Event::Start, now);
    while let Some(action) = engine.next(now, &mut Inputs::default()) {
        let event = match action {
            Action::Execute(attempt) => Event::Returned {
                attempt,
                started: now,
                outcome: outcome(&engine, attempt, outcomes),
            },
            Action::Handle(change) => Event::Handled {
                run: change.task.map(|attempt| attempt.run),
                answer: Ok(change.new),
            },
            Action::WakeAt { run, at } => {
                now = now.max(at);
                Event::Woke { run }
            }
            Action::Rest => Event::Left,
            Action::Finish => break,
        };
        engine.on(event, now);
    }
    let mut ends = vec![engine.flow().to_string()];
    for node in plan.ids() {
        let mut leaves = vec![RunId::root(node)];
        engine.runs().leaves(RunId::root(node), &mut leaves);
        ends.extend(leaves.into_iter().map(|run| {
            let cell = &engine.runs()[run];
            let has_value = cell.state.value().is_some();
            format!("{node:?}: {} {} {has_value}", cell.state, cell.attempt)
        }));
    }
    ends
}

/// The same for the same attempt, whenever it comes.
fn outcome(engine: &Engine, attempt: Attempt, outcomes: &[u8]) -> Outcome {
    let index = attempt.index.map_or(0, |index| index as usize + 1);
    let at = attempt.node.index() * 31 + index * 7 + attempt.number as usize;
    match outcomes[at % outcomes.len()] % 6 {
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
    prop_assert_eq!(run(&plan, false, outcomes), run(&plan, true, outcomes));
    Ok(())
}

/// Half of the tasks have the trigger that can go straight.
fn mostly_straight() -> impl Strategy<Value = Random> {
    (random_task(), any::<bool>()).prop_map(|(task, straight)| Random {
        trigger: if straight { 0 } else { task.trigger },
        ..task
    })
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
        outcomes in prop::collection::vec(any::<u8>(), 1..80),
    ) {
        let declare = |flow: &mut FlowBuilder| {
            let outside = flow.add(step("outside", &[]));
            let list = flow.add(Pair);
            let all = flow.each(list, |flow, element| {
                let first = flow.add(step("first", &[element, outside]));
                let beside = flow.add(after("beside", &[element]).trigger(TRIGGERS[trigger].clone()));
                flow.add(after("second", &[first, beside]))
            });
            let again = flow.each(all, |flow, element| flow.add(step("third", &[element])));
            flow.add(Sum(again));
        };
        compare(declare, &outcomes)?;
    }
}
