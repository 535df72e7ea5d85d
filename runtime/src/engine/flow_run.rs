//! The life of the flow run: its start, its end, and what stops it.

use super::pipeline::{self, Then};
use super::{Action, Change, Engine, Mode, RunId, Stage};
use crate::error::TaskError;
use crate::plan::NodeId;
use crate::state::{State, StateKind, StateSet, Text};
use crate::timestamp::Timestamp;

impl Engine {
    pub(super) fn start(&mut self, now: Timestamp) {
        match self.flow.kind() {
            // A flow that was taken up again: nobody hears of it twice.
            kind if kind.is_running() => self.flow_goes_on(Then::Execute, now),
            kind if kind.is_pending() && pipeline::may_begin(&self.flow, now) => {
                let new = State::saying(StateKind::Running, Text::RunningFlow);
                self.change_flow(new, Then::Execute, now);
            }
            _ => {
                self.runs.never_run();
                self.finish();
            }
        }
    }

    pub(super) fn cancel(&mut self, now: Timestamp) {
        if self.mode == Mode::Cancelled || self.flow.kind().is_finished() {
            return;
        }
        self.mode = Mode::Cancelled;
        if self.flow.kind().is_running() {
            self.cancel_tasks(now);
        }
    }

    /// Ends every task run that is not over; those whose handlers are busy follow when they answer.
    fn cancel_tasks(&mut self, now: Timestamp) {
        for run in self.runs.ids() {
            if matches!(
                self.runs[run].stage,
                Stage::Waiting | Stage::Executing | Stage::Sleeping
            ) {
                self.advance(run, pipeline::cancelled(), now);
            }
        }
    }

    fn change_flow(&mut self, new: State, then: Then, now: Timestamp) {
        if self.announce_all || self.plan.handled {
            self.flow_stage = Stage::Announcing(then);
            let old = self.flow.clone();
            let change = Change {
                task: None,
                old,
                new,
                will_retry: false,
                at: now,
                started: None,
            };
            self.actions.push_back(Action::Handle(change));
        } else {
            self.flow = new;
            self.flow_goes_on(then, now);
        }
    }

    pub(super) fn flow_handled(&mut self, answer: Result<State, TaskError>, now: Timestamp) {
        let Stage::Announcing(then) = self.flow_stage else {
            return;
        };
        let (state, ends) = pipeline::answer(answer, (1, 1), now);
        self.flow = state;
        match ends {
            true => self.finish(),
            false => self.flow_goes_on(then, now),
        }
    }

    fn flow_goes_on(&mut self, then: Then, now: Timestamp) {
        if then != Then::Execute || !self.flow.kind().is_running() {
            return self.finish();
        }
        self.flow_stage = Stage::Executing;
        if self.mode == Mode::Cancelled {
            return self.cancel_tasks(now);
        }
        self.runs.start(&self.plan, &mut self.ready);
    }

    /// Whether all that is left has to wait, and stands before tasks that an earlier run has finished: so
    /// nobody waits for it.
    pub(super) fn is_decided(&self) -> bool {
        self.given > 0
            && self.active == self.sleeping
            && self
                .plan
                .terminals
                .iter()
                .all(|node| self.is_kept_or_complete(*node))
    }

    /// Whether what comes after a run was finished by an earlier run: so nobody waits for it.
    pub(super) fn is_unneeded(&self, run: RunId) -> bool {
        let node = self.runs.node(run);
        let users = || self.plan.last_users(node, None).into_iter();
        self.given > 0 && users().all(|user| user != node && self.is_kept_or_complete(user))
    }

    fn is_kept_or_complete(&self, node: NodeId) -> bool {
        let run = RunId::root(node);
        let cell = &self.runs[run];
        // A kept result that has yet to be looked at is one.
        let kept = cell.state.kind().is_finished() && cell.children().is_none();
        kept || self.runs.is_complete(run)
    }

    /// Nothing is under way: the flow is over, or all that is left waits for a person.
    pub(super) fn end(&mut self, now: Timestamp) {
        if self.runs.all_complete() || self.is_decided() {
            let references = self.plan.references().iter();
            let kinds = references.fold(StateSet::EMPTY, |kinds, node| {
                kinds.union(self.runs.kinds(RunId::root(*node)))
            });
            let new = pipeline::flow_state(kinds, self.mode == Mode::Cancelled);
            self.change_flow(new, Then::Over, now);
        } else {
            self.mode = Mode::Resting;
            self.actions.push_back(Action::Rest);
        }
    }

    pub(super) fn finish(&mut self) {
        self.flow_stage = Stage::Over;
        self.actions.push_back(Action::Finish);
    }
}
