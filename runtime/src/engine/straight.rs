//! The straight way, which most task runs go: all that is upstream went well, nobody listens, the body is
//! called and returns.
//!
//! It is a short cut and no rule of its own: the states are those of `pipeline`, what it does not cover goes
//! the long way, and a test runs flows both ways and compares.

use super::pipeline;
use super::runs::RunId;
use super::{Attempt, Engine, Mode, Stage};
use crate::input::Inputs;
use crate::plan::{Edge, NodeId};
use crate::state::State;
use crate::timestamp::Timestamp;
use crate::value::Value;

impl Engine {
    /// Lets the next run that is ready begin, if there is nothing to do before and it goes the straight way.
    pub(crate) fn next_straight(&mut self, now: Timestamp, inputs: &mut Inputs) -> Option<Attempt> {
        if !(self.has_straight_way() && self.actions.is_empty()) {
            return None;
        }
        let run = self.ready.pop()?;
        let cell = &self.runs[run];
        let (node, index, is_straight) = match self.plan.nodes.get(run.0 as usize) {
            Some(node) => {
                let is_straight = node.straight && node.depth == 0 && cell.is_smooth;
                (NodeId(run.0), None, is_straight)
            }
            None => {
                let (node, index) = (self.runs.node(run), self.runs.index_of(run));
                (node, index, self.is_smooth_child(run, node))
            }
        };
        if !(is_straight && cell.is_new) {
            self.ready.push_first(run);
            return None;
        }
        let cell = &mut self.runs[run];
        cell.is_new = false;
        cell.stage = Stage::Executing;
        cell.attempt = 1;
        // What is new has a bare state.
        cell.state.turn(pipeline::RUNNING);
        self.active += 1;
        let attempt = Attempt {
            run,
            node,
            index,
            number: 1,
            iteration: 1,
        };
        if self.copy_plain(node, run, inputs) {
            return Some(attempt);
        }
        match self.read_all(attempt, inputs) {
            Ok(()) => Some(attempt),
            Err(error) => {
                inputs.clear();
                self.returned(attempt, now, Err(error), now);
                None
            }
        }
    }

    /// The same of the element of a loop, of whose upstreams some are elements themselves.
    fn is_smooth_child(&self, run: RunId, node: NodeId) -> bool {
        let went_well = |edge: &Edge| {
            let up = self.runs.upstream(*edge, run);
            up.is_some_and(|up| self.runs[up].has_result())
        };
        let plan = &*self.plan;
        plan.node(node).straight
            && plan.node(node).depth == 1
            && plan.edges(node).iter().all(went_well)
    }

    /// Ends an attempt that gave a value, if its run goes the straight way; else the value comes back.
    #[inline]
    pub(super) fn end_straight(
        &mut self,
        attempt: Attempt,
        value: Value,
        now: Timestamp,
    ) -> Option<Value> {
        if !(self.has_straight_way() && self.plan.node(attempt.node).straight) {
            return Some(value);
        }
        self.active -= 1;
        let cell = &mut self.runs[attempt.run];
        cell.stage = Stage::Over;
        cell.end_at(now);
        cell.state = State::with(pipeline::SUCCEEDED, value);
        let ready = &mut self.ready;
        let mut push = |run| ready.push_first(run);
        match attempt.index {
            None => self
                .runs
                .over_alone(&self.plan, attempt.node, true, &mut push),
            Some(_) => self.runs.over(&self.plan, attempt.run, &mut push),
        }
        None
    }

    /// Not where every change is announced, nor in a run that is being stopped.
    fn has_straight_way(&self) -> bool {
        !self.announce_all && self.mode == Mode::Going
    }
}
