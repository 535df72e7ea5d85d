//! The life of one task run: the moves of `pipeline`, applied to its cell, until an event has to come.

use super::pipeline::{self, Move, Progress, Then};
use super::{Action, Attempt, Change, Engine, Mode, RunId, Stage};
use crate::error::TaskError;
use crate::plan::Asks;
use crate::state::{State, StateKind, Text};
use crate::task::{Outcome, Returned};
use crate::timestamp::Timestamp;

impl Engine {
    /// Ends an attempt: what [`Event::Returned`](super::Event::Returned) does.
    pub(crate) fn returned(
        &mut self,
        attempt: Attempt,
        started: Timestamp,
        outcome: Outcome,
        now: Timestamp,
    ) {
        // A body that was given up, for its timeout or a cancellation, may still return.
        if !self.is_at(attempt) {
            return;
        }
        self.runs[attempt.run].start_at(started);
        let outcome = match outcome {
            Ok(Returned(value)) => match self.end_straight(attempt, value, now) {
                None => return,
                Some(value) => Ok(Returned(value)),
            },
            Err(error) => Err(error),
        };
        self.keep_target(attempt.run, &outcome);
        let next = pipeline::finish(self.spec(attempt.run), outcome, attempt.of(), now);
        self.advance(attempt.run, next, now);
    }

    /// Whether the body of an attempt was called, and nobody has given it up.
    pub(super) fn is_at(&self, attempt: Attempt) -> bool {
        let cell = &self.runs[attempt.run];
        cell.stage == Stage::Executing && cell.attempt() == attempt.of()
    }

    pub(super) fn handled(&mut self, run: RunId, answer: Result<State, TaskError>, now: Timestamp) {
        let Stage::Announcing(then) = self.runs[run].stage else {
            return;
        };
        let next = match pipeline::answer(self.checked(run, answer), self.runs[run].attempt(), now)
        {
            (state, false) => {
                self.runs[run].state = state;
                self.go_on(run, then, now)
            }
            (state, true) => {
                self.runs[run].state = state;
                Move::Rest
            }
        };
        self.advance(run, next, now);
    }

    /// A handler may put another result into a state, but none of another type.
    fn checked(&self, run: RunId, answer: Result<State, TaskError>) -> Result<State, TaskError> {
        let state = answer?;
        let output = self.spec(run).output;
        // What a loop carries from one iteration to the next has a type of its own.
        let value = state.value().filter(|_| state.iteration().is_none());
        match value {
            Some(value) if value.type_id() != output => Err(TaskError::new(
                "the handler answered a result of another type than the task returns",
            )),
            _ => Ok(state),
        }
    }

    /// Whether a result of an earlier run may be in place of the body's.
    fn may_be_kept(&self, run: RunId) -> bool {
        let cell = &self.runs[run];
        let spec = self.spec(run);
        spec.cache.is_some() || spec.target.is_some() || cell.state.is(StateKind::Cached)
    }

    /// The trigger's say after a step in between.
    pub(super) fn go_to_trigger(&self, run: RunId) -> Move {
        let mut upstreams = Vec::new();
        self.collect_upstreams(run, &mut upstreams);
        self.ask_trigger(run, &upstreams)
    }

    fn ask_trigger(&self, run: RunId, upstreams: &[RunId]) -> Move {
        let cell = &self.runs[run];
        let spec = self.spec(run);
        let edges = self.plan.edges(self.runs.node(run)).len();
        let states = upstreams.iter().map(|id| &self.runs[*id].state);
        pipeline::begin(spec, edges, states, &cell.state, cell.resumed())
    }

    pub(super) fn go_on(&self, run: RunId, then: Then, now: Timestamp) -> Move {
        let cell = &self.runs[run];
        if self.mode == Mode::Cancelled && then != Then::Over && !cell.state.kind().is_finished() {
            return pipeline::cancelled();
        }
        match then {
            Then::LookUp => self.look_up(run, now),
            Then::Trigger => self.go_to_trigger(run),
            _ => {
                let spec = self.spec(run);
                let seed = self.seed ^ u64::from(run.0);
                let progress = Progress {
                    attempt: cell.number(),
                    iteration: cell.iteration(),
                    carried: cell.carried(),
                };
                pipeline::go_on(then, &cell.state, spec, progress, seed, now)
            }
        }
    }

    pub(super) fn woke(&mut self, run: RunId, now: Timestamp) {
        let cell = &self.runs[run];
        if cell.stage == Stage::Sleeping {
            match cell.state.due() {
                Some(at) if at > now => self.actions.push_back(Action::WakeAt { run, at }),
                // The flow may be over before anybody misses it.
                _ if self.is_unneeded(run) => self.unneeded.push_back(run),
                _ => self.begin(run, now),
            }
        }
    }

    pub(super) fn resumed(&mut self, run: RunId, now: Timestamp) {
        let cell = &mut self.runs[run];
        // It may have been cancelled while the person was asked.
        let rests = matches!(cell.stage, Stage::Waiting | Stage::Sleeping);
        if cell.state.is(StateKind::Paused) && rests {
            cell.state = State::due_at(StateKind::Resume, now).with_text(Text::Approved);
            self.ready.push_last(run);
            self.mode = Mode::Going;
        }
    }

    /// The steps before the body, of a run whose upstreams are over and whose time has come.
    pub(super) fn begin(&mut self, run: RunId, now: Timestamp) {
        let cell = &mut self.runs[run];
        if !matches!(cell.stage, Stage::Waiting | Stage::Sleeping) {
            return;
        }
        if !pipeline::may_begin(&cell.state, now) {
            return self.settle(run, now);
        }
        cell.count_attempt(now);
        let given = cell.state.is(StateKind::Cached);
        let next = match self.plan.node(self.runs.node(run)).asks {
            Asks::Trigger if !given => self.begin_plain(run),
            _ => self.begin_in_scope(run, now),
        };
        self.advance(run, next, now);
    }

    /// What a run asks that has to do with neither loops nor branches nor kept results.
    fn begin_plain(&self, run: RunId) -> Move {
        let spec = self.spec(run);
        let cell = &self.runs[run];
        let edges = self.plan.edges(self.runs.node(run));
        let states = edges
            .iter()
            .map(|edge| &self.runs[RunId::root(edge.up)].state);
        match pipeline::skipped(spec, states.clone()) {
            Some(skip) => skip,
            None => pipeline::begin(spec, edges.len(), states, &cell.state, cell.resumed()),
        }
    }

    fn begin_in_scope(&mut self, run: RunId, now: Timestamp) -> Move {
        if let Some(refusal) = self.refused_arm(run) {
            return refusal;
        }
        let mut upstreams = std::mem::take(&mut self.upstreams);
        self.collect_upstreams(run, &mut upstreams);
        let states = upstreams.iter().map(|id| &self.runs[*id].state);
        let next = match pipeline::skipped(self.spec(run), states) {
            Some(skip) => skip,
            None if self.runs.is_parent(&self.plan, run) => {
                match self.runs[run].state.is(StateKind::Mapped) {
                    true => Move::Rest,
                    false => {
                        self.runs.children_start_as(run);
                        self.map(run)
                    }
                }
            }
            None => {
                self.name_run(run);
                match self.may_be_kept(run) {
                    true => self.check_cache(run, now),
                    false => self.ask_trigger(run, &upstreams),
                }
            }
        };
        upstreams.clear();
        self.upstreams = upstreams;
        next
    }

    /// Takes the moves of a task run until an event has to come, or it is over.
    pub(super) fn advance(&mut self, run: RunId, mut next: Move, now: Timestamp) {
        loop {
            match next {
                Move::Announce {
                    new,
                    then,
                    will_retry,
                } => {
                    let node = self.plan.node(self.runs.node(run));
                    let listens = self.announce_all || self.spec(run).heard.contains(new.kind());
                    if listens && !node.hidden {
                        return self.announce(run, new, then, will_retry, now);
                    }
                    self.runs[run].state = new;
                    next = self.go_on(run, then, now);
                }
                Move::Execute => {
                    self.set_stage(run, Stage::Executing);
                    let attempt = self.attempt(run);
                    self.actions.push_back(Action::Execute(attempt));
                    return;
                }
                Move::Again => {
                    self.runs[run].iterate();
                    self.set_stage(run, Stage::Waiting);
                    self.ready.push_first(run);
                    return;
                }
                Move::Rest => return self.settle(run, now),
                Move::Over => return self.over(run, now),
            }
        }
    }

    pub(super) fn announce(
        &mut self,
        run: RunId,
        new: State,
        then: Then,
        will_retry: bool,
        at: Timestamp,
    ) {
        self.set_stage(run, Stage::Announcing(then));
        let cell = &self.runs[run];
        let task = Some(self.attempt(run));
        let change = Change {
            task,
            old: cell.state.clone(),
            new,
            will_retry,
            at,
            started: cell.started(),
        };
        self.actions.push_back(Action::Handle(change));
    }

    /// The pipeline has nothing more to do now: the state says what the task run waits for.
    fn settle(&mut self, run: RunId, now: Timestamp) {
        let state = &self.runs[run].state;
        match state.due() {
            _ if state.kind().is_finished() => self.over(run, now),
            Some(at) if state.kind().is_scheduled() && self.waits => {
                self.set_stage(run, Stage::Sleeping);
                self.actions.push_back(Action::WakeAt { run, at });
            }
            _ => self.set_stage(run, Stage::Waiting),
        }
    }

    pub(super) fn over(&mut self, run: RunId, now: Timestamp) {
        self.set_stage(run, Stage::Over);
        self.runs[run].end_at(now);
        match self.runs[run].state.kind() {
            StateKind::Cached => self.keep(run),
            StateKind::Mapped => self.expand(run),
            _ => {}
        }
        // What follows goes first: so a loop ends one element after the other.
        self.runs.over(&self.plan, run, &mut self.ready);
    }

    fn set_stage(&mut self, run: RunId, stage: Stage) {
        let cell = &mut self.runs[run];
        self.active -= usize::from(cell.stage.is_active());
        self.active += usize::from(stage.is_active());
        self.sleeping -= usize::from(cell.stage == Stage::Sleeping);
        self.sleeping += usize::from(stage == Stage::Sleeping);
        cell.stage = stage;
    }
}
