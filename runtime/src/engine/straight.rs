//! The straight way, which most task runs go: all that is upstream went well, the body is called and
//! returns, and handlers that hear of it leave the states as they are.
//!
//! It is a short cut and no rule of its own: the states are those of `pipeline`, what it does not cover goes
//! the long way, and a test runs flows both ways and compares.

use super::pipeline::{self, Then};
use super::{Attempt, Change, Engine, Mode, Stage};
use crate::error::TaskError;
use crate::input::Inputs;
use crate::plan::{NodeId, Way};
use crate::state::{State, StateKind};
use crate::task::{BodyFn, Outcome, Returned};
use crate::timestamp::Timestamp;
use crate::value::Value;

/// What a run does next on the straight way.
pub(crate) enum Straight {
    /// Its body is called, and `Engine::returned` is told what came of it.
    Call(Attempt),
    /// The same, and its handlers hear of it: of `Engine::starting` before, of `Engine::ending` after.
    Tell(Attempt),
}

impl Engine {
    /// Lets the next run that is ready begin, if there is nothing to do before and it goes the straight way.
    ///
    /// When its body is to be called, `inputs` are what it reads.
    pub(crate) fn next_straight(
        &mut self,
        now: Timestamp,
        inputs: &mut Inputs,
    ) -> Option<Straight> {
        let (attempt, way) = self.begin_straight()?;
        if way == Way::Told {
            return Some(Straight::Tell(attempt));
        }
        self.call_straight(attempt, now, inputs)
            .then_some(Straight::Call(attempt))
    }

    /// The same for a body that is `async`, if no handler hears of it.
    pub(crate) fn next_async(&mut self, now: Timestamp, inputs: &mut Inputs) -> Option<Attempt> {
        let node = self.runs.node(self.ready.next()?);
        let is_async = matches!(self.plan.spec(node).body, BodyFn::Async(_));
        if !is_async || self.plan.node(node).way == Way::Told {
            return None;
        }
        let (attempt, _) = self.begin_straight()?;
        self.call_straight(attempt, now, inputs).then_some(attempt)
    }

    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    fn begin_straight(&mut self) -> Option<(Attempt, Way)> {
        if !(self.has_straight_way() && self.actions.is_empty()) {
            return None;
        }
        let run = self.ready.pop()?;
        let (id, index) = self.runs.place(run);
        let node = self.plan.node(id);
        let way = node.way;
        let is_straight = way != Way::Long
            && node.depth == u8::from(index.is_some())
            && self.runs[run].is_new
            && self.runs.is_smooth(&self.plan, run);
        if !is_straight {
            self.ready.push_first(run);
            return None;
        }
        let cell = &mut self.runs[run];
        cell.is_new = false;
        cell.set_number(1);
        self.active += 1;
        let attempt = Attempt {
            run,
            node: id,
            index,
            number: 1,
            iteration: 1,
        };
        Some((attempt, way))
    }

    /// The start of an attempt, if its handlers hear of it: `Engine::starts` is told what they answer.
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    pub(crate) fn starting(&mut self, attempt: Attempt, now: Timestamp) -> Option<Change> {
        self.is_heard(attempt.node, StateKind::Running).then(|| {
            let (old, new) = (
                State::new(StateKind::Pending),
                State::just(pipeline::RUNNING),
            );
            self.announce_straight(attempt, Then::Execute, (old, new), now)
        })
    }

    /// Takes what the handlers answered to the start of an attempt, and tells whether its body is called.
    pub(crate) fn starts(
        &mut self,
        attempt: Attempt,
        answer: Result<State, TaskError>,
        now: Timestamp,
        inputs: &mut Inputs,
    ) -> bool {
        let is_running =
            |state: &State| state.is_just(pipeline::RUNNING) && state.value().is_none();
        match answer {
            Ok(state) if is_running(&state) && self.has_straight_way() => {
                self.call_straight(attempt, now, inputs)
            }
            answer => {
                self.handled(attempt.run, answer, now);
                false
            }
        }
    }

    /// Ends an attempt whose handlers hear of something. If that is its end, this is the change, and
    /// `Engine::ends` is told what they answer.
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    pub(crate) fn ending(
        &mut self,
        attempt: Attempt,
        started: Timestamp,
        outcome: Outcome,
        now: Timestamp,
    ) -> Option<Change> {
        let goes_straight = self.has_straight_way() && self.is_at(attempt);
        match outcome {
            Ok(Returned(value)) if goes_straight => {
                self.runs[attempt.run].start_at(started);
                if self.is_heard(attempt.node, StateKind::Success) {
                    let (old, new) = (
                        State::just(pipeline::RUNNING),
                        State::with(pipeline::SUCCEEDED, value),
                    );
                    return Some(self.announce_straight(attempt, Then::Retry, (old, new), now));
                }
                self.over_straight(attempt, State::with(pipeline::SUCCEEDED, value), now);
            }
            outcome => self.returned(attempt, started, outcome, now),
        }
        None
    }

    /// Takes what the handlers answered to the end of an attempt.
    pub(crate) fn ends(
        &mut self,
        attempt: Attempt,
        answer: Result<State, TaskError>,
        now: Timestamp,
    ) {
        let output = self.plan.spec(attempt.node).output;
        let succeeded = |state: &State| {
            let value = state.value();
            state.is_just(pipeline::SUCCEEDED)
                && value.is_some_and(|value| value.type_id() == output)
        };
        match answer {
            Ok(state) if succeeded(&state) && self.has_straight_way() => {
                self.over_straight(attempt, state, now);
            }
            answer => self.handled(attempt.run, answer, now),
        }
    }

    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    fn announce_straight(
        &mut self,
        attempt: Attempt,
        then: Then,
        (old, new): (State, State),
        at: Timestamp,
    ) -> Change {
        let cell = &mut self.runs[attempt.run];
        cell.stage = Stage::Announcing(then);
        Change {
            task: Some(attempt),
            old,
            new,
            will_retry: false,
            at,
            started: cell.started(),
        }
    }

    /// Lets the body of an attempt be called, if its inputs have values.
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    pub(crate) fn call_straight(
        &mut self,
        attempt: Attempt,
        now: Timestamp,
        inputs: &mut Inputs,
    ) -> bool {
        let cell = &mut self.runs[attempt.run];
        cell.stage = Stage::Executing;
        // What is new has a bare state.
        cell.state.turn(pipeline::RUNNING);
        self.read_or_end(attempt, now, inputs)
    }

    /// Ends an attempt that gave a value, if its run goes the straight way; else the value comes back.
    #[inline]
    pub(super) fn end_straight(
        &mut self,
        attempt: Attempt,
        value: Value,
        now: Timestamp,
    ) -> Option<Value> {
        if !(self.has_straight_way() && self.plan.node(attempt.node).way == Way::Straight) {
            return Some(value);
        }
        self.over_straight(attempt, State::with(pipeline::SUCCEEDED, value), now);
        None
    }

    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    fn over_straight(&mut self, attempt: Attempt, state: State, now: Timestamp) {
        self.active -= 1;
        let cell = &mut self.runs[attempt.run];
        cell.stage = Stage::Over;
        cell.end_at(now);
        cell.state = state;
        let (plan, ready) = (&*self.plan, &mut self.ready);
        match attempt.index {
            None => self.runs.over_alone(plan, attempt.node, true, ready),
            Some(_) => self.runs.over(plan, attempt.run, ready),
        }
    }

    /// Whether somebody hears that a run of a node is in a state of this kind.
    fn is_heard(&self, node: NodeId, kind: StateKind) -> bool {
        self.plan.spec(node).heard.contains(kind)
    }

    /// Not where every change is announced, nor in a run that is being stopped.
    fn has_straight_way(&self) -> bool {
        !self.announce_all && self.mode == Mode::Going
    }
}
