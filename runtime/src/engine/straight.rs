//! The straight way, which most task runs go: all that is upstream went well, nobody listens, the body is
//! called and returns.
//!
//! It is a short cut and no rule of its own: the states are those of `pipeline`, what it does not cover goes
//! the long way, and a test runs flows both ways and compares.

use super::pipeline;
use super::runs::RunId;
use super::{Attempt, Engine, Mode, Stage};
use crate::plan::{Edge, NodeId};
use crate::task::{Outcome, Returned};
use crate::timestamp::Timestamp;

impl Engine {
    /// Lets the next run that is ready begin, if it goes the straight way.
    pub(super) fn begin_straight(&mut self) -> Option<Attempt> {
        if !self.has_straight_way() {
            return None;
        }
        let run = *self.ready.front()?;
        let plan = &*self.plan;
        let (node, index) = match plan.nodes.get(run.0 as usize) {
            Some(_) => (NodeId(run.0), None),
            None => (self.runs.node(run), self.runs.index_of(run)),
        };
        let is_body = plan.node(node).depth == u8::from(index.is_some());
        if !(plan.node(node).straight && is_body && self.runs[run].is_new) {
            return None;
        }
        let went_well = |edge: &Edge| match index {
            None => self.runs[RunId::root(edge.up)].has_result(),
            Some(_) => self
                .runs
                .upstream(*edge, run)
                .is_some_and(|up| self.runs[up].has_result()),
        };
        if !plan.edges(node).iter().all(went_well) {
            return None;
        }
        self.ready.pop_front();
        self.active += 1;
        let cell = &mut self.runs[run];
        cell.is_new = false;
        cell.stage = Stage::Executing;
        cell.attempt = 1;
        cell.state.become_bare(pipeline::RUNNING);
        Some(Attempt {
            run,
            node,
            index,
            number: 1,
            iteration: 1,
        })
    }

    /// Ends an attempt whose body returned, if its run goes the straight way; else the outcome comes back.
    pub(super) fn end_straight(
        &mut self,
        attempt: Attempt,
        outcome: Outcome,
        now: Timestamp,
    ) -> Option<Outcome> {
        let straight = self.has_straight_way() && self.plan.node(attempt.node).straight;
        match outcome {
            Ok(Returned(value)) if straight => {
                let cell = &mut self.runs[attempt.run];
                cell.state.become_bare(pipeline::SUCCEEDED);
                cell.state.set_value(value);
                self.over(attempt.run, now);
                None
            }
            outcome => Some(outcome),
        }
    }

    /// Not where every change is announced, nor in a run that is being stopped.
    fn has_straight_way(&self) -> bool {
        !self.announce_all && self.mode == Mode::Going
    }
}
