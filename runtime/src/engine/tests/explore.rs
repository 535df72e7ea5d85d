//! Every order of events of small plans, with every outcome: nothing is left to chance.

use super::{Hand, after, error, retried, step, value};
use crate::engine::{Action, Engine, Event, RunId, Setup, Stage};
use crate::flow::FlowBuilder;
use crate::input::Inputs;
use crate::input::{Handle, input};
use crate::state::StateKind;
use crate::task::{Outcome, Returned, Task, TaskSpec};
use crate::timestamp::Timestamp;
use crate::trigger;
use crate::value::Value;

use std::sync::LazyLock;

/// A task that gives a list.
pub(super) struct Pair;

impl Task for Pair {
    type Output = Vec<i64>;

    fn spec() -> &'static TaskSpec {
        static SPEC: LazyLock<TaskSpec> =
            LazyLock::new(|| TaskSpec::sync::<Pair, false>("pair", &[], |_| unreachable!()));
        &SPEC
    }

    fn bind(self, _: &mut crate::input::Bindings) {}
}

/// A task that takes a list.
pub(super) struct Sum(pub(super) Handle<Vec<i64>>);

impl Task for Sum {
    type Output = i64;

    fn spec() -> &'static TaskSpec {
        static SPEC: LazyLock<TaskSpec> =
            LazyLock::new(|| TaskSpec::sync::<Sum, false>("sum", &["list"], |_| unreachable!()));
        &SPEC
    }

    fn bind(self, bindings: &mut crate::input::Bindings) {
        bindings.shared(input::<Vec<i64>>(self.0));
    }
}

/// Goes every way from here, and counts the ends.
struct Explorer {
    ends: usize,
}

impl Explorer {
    fn explore(
        &mut self,
        mut engine: Engine,
        now: Timestamp,
        mut under_way: Vec<Action>,
        cancels: bool,
    ) {
        while let Some(action) = engine.next(now, &mut Inputs::default()) {
            under_way.push(action);
        }
        assert!(!under_way.is_empty(), "the run has come to a stop");
        if let [Action::Finish] = under_way[..] {
            return self.end(&engine);
        }
        for at in 0..under_way.len() {
            let mut rest = under_way.clone();
            let action = rest.swap_remove(at);
            let later = match action {
                Action::WakeAt { at, .. } => now.max(at),
                _ => now,
            };
            for event in Self::events(&engine, &action) {
                let mut engine = engine.clone();
                engine.on(event, later);
                self.explore(engine, later, rest.clone(), cancels);
            }
        }
        if cancels {
            engine.on(Event::Cancelled, now);
            self.explore(engine, now, under_way, false);
        }
    }

    /// What may come of an action.
    fn events(engine: &Engine, action: &Action) -> Vec<Event> {
        match action {
            Action::Execute(attempt) => {
                let node = engine.runs().node(attempt.run);
                let edges = engine.plan.edges(node).iter();
                let over = |run: RunId| engine.runs()[run].stage == Stage::Over;
                assert!(
                    edges.clone().all(|edge| over(RunId::root(edge.up))),
                    "it started too early"
                );
                let good: Outcome = match engine.plan.task_name(node) {
                    "pair" => Ok(Returned(Value::new(vec![1_i64, 2]))),
                    _ => value(),
                };
                let returned = |outcome| Event::Returned {
                    attempt: *attempt,
                    started: Timestamp::EPOCH,
                    outcome,
                };
                vec![returned(good), returned(error())]
            }
            Action::Handle(change) => {
                let run = change.task.map(|attempt| attempt.run);
                vec![Event::Handled {
                    run,
                    answer: Ok(change.new.clone()),
                }]
            }
            Action::WakeAt { run, .. } => vec![Event::Woke { run: *run }],
            Action::Rest => vec![Event::Left],
            Action::Finish => Vec::new(),
        }
    }

    fn end(&mut self, engine: &Engine) {
        self.ends += 1;
        assert!(engine.flow().kind().is_finished(), "{}", engine.flow());
        for run in engine.runs().ids() {
            let cell = &engine.runs()[run];
            assert_eq!(cell.stage, Stage::Over);
            assert!(cell.state.kind().is_finished(), "{}", cell.state);
        }
        if engine.flow().is(StateKind::Success) {
            let failed = |run: RunId| engine.runs()[run].state.kind().is_failed();
            assert!(
                !engine
                    .plan
                    .references()
                    .iter()
                    .any(|node| failed(RunId::root(*node)))
            );
        }
    }
}

fn explore(cancels: bool, declare: impl FnOnce(&mut FlowBuilder)) -> usize {
    let plan = Hand::new(declare).engine.plan.clone();
    let mut engine = Engine::new(Setup::new(plan));
    let now = Timestamp::EPOCH;
    engine.on(Event::Start, now);
    let mut explorer = Explorer { ends: 0 };
    explorer.explore(engine, now, Vec::new(), cancels);
    explorer.ends
}

#[test]
fn a_diamond() {
    let ends = explore(true, |flow| {
        let a = flow.add(step("a", &[]));
        let b = flow.add(step("b", &[a]));
        let c = flow.add(after("c", &[a]).trigger(trigger::all_finished));
        flow.add(after("d", &[b, c]).trigger(trigger::any_failed));
    });
    assert!(ends > 50, "{ends} ends");
}

#[test]
fn a_retry_beside_another_task() {
    let ends = explore(true, |flow| {
        let a = flow.add(retried(step("a", &[]), 1));
        let b = flow.add(step("b", &[]));
        flow.add(step("c", &[a, b]));
    });
    assert!(ends > 50, "{ends} ends");
}

#[test]
fn a_loop_of_two_tasks_and_what_follows() {
    let ends = explore(true, |flow| {
        let list = flow.add(Pair);
        let list = flow.each(list, |flow, element| {
            let first = flow.add(step("first", &[element]));
            flow.add(step("second", &[first]))
        });
        flow.add(Sum(list));
    });
    assert!(ends > 100, "{ends} ends");
}
