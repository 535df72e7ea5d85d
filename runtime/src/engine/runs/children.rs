//! The children of a parent: how they are made, and what they wait for.

use super::{Group, RunId, Runs, narrow};
use crate::engine::Stage;
use crate::engine::cell::{Cell, Children, Flat, NO_GROUP};
use crate::engine::ready::Ready;
use crate::engine::wait::Wait;
use crate::plan::{Edge, NodeId, Plan};

impl Runs {
    /// Lets the children of a run that waited for something go on from where it is.
    pub(in crate::engine) fn children_start_as(&mut self, parent: RunId) {
        let cell = &mut self[parent];
        if cell.state.kind().is_scheduled() {
            cell.more().started_as = vec![cell.state.clone()];
        }
    }

    /// How many children an earlier run has left, if the run goes on from there.
    pub(in crate::engine) fn given_children(&mut self, parent: RunId) -> Option<usize> {
        let states = &self[parent].more().started_as;
        let of_parent = states.len() == 1 && states[0].kind().is_scheduled();
        (!states.is_empty() && !of_parent).then_some(states.len())
    }

    /// Gives a parent its children. They wait for what is not over, or are `ready`.
    pub(in crate::engine) fn expand(
        &mut self,
        plan: &Plan,
        parent: RunId,
        count: usize,
        flats: Vec<Vec<Flat>>,
        ready: &mut Ready,
    ) {
        let node = self.node(parent);
        let first = self.cells.len();
        let children = narrow(first)..narrow(first + count);
        let mut open = narrow(count);
        let readers = plan.node(node).readers();
        let group = narrow(self.groups.len());
        let is_settled = self[parent].group == NO_GROUP && self.is_settled(plan, node);
        let is_smooth = is_settled && self.went_well(plan, node, 0);
        self.groups.push(Group {
            node,
            parent,
            first: RunId(children.start),
            is_smooth,
        });
        self.cells
            .extend((0..count).map(|_| Cell::new(readers, group)));
        self.waits.resize(first + count, Wait::of(0));
        let states = std::mem::take(&mut self[parent].more().started_as);
        let is_new = states.is_empty();
        let mut states = states.into_iter();
        let all = states.as_slice().first().cloned();
        let all = all.filter(|state| states.len() == 1 && state.kind().is_scheduled());
        for child in children.clone().map(RunId) {
            let Some(state) = states.next().or_else(|| all.clone()) else {
                break;
            };
            open -= u32::from(self[child].start_from(state));
        }
        let runs = children.clone();
        self[parent].more().children = Some(Children {
            runs,
            open,
            // Of those that an earlier run has ended nobody asks how they went.
            are_well: is_new,
            flats,
        });
        if is_settled && is_new {
            return ready.extend(children);
        }
        for child in children.map(RunId) {
            self.count_upstreams(plan, child, ready);
        }
    }

    /// Whether what the children of a task in one loop wait for is over when they are made: then no
    /// upstream of them stands in a loop.
    fn is_settled(&self, plan: &Plan, node: NodeId) -> bool {
        plan.edges(node).iter().all(|edge| {
            let of_element = edge.is_step() && self[RunId::root(edge.up)].children().is_some();
            edge.shared == 0 && !of_element
        })
    }

    /// Finds what a run waits for, if some of it is over.
    pub(in crate::engine) fn count_upstreams(
        &mut self,
        plan: &Plan,
        run: RunId,
        ready: &mut Ready,
    ) {
        let path = self.path(run);
        let edges = plan.edges(self.node(run));
        let unmet = edges
            .iter()
            .filter(|edge| !self.is_met(**edge, path))
            .count();
        let wait = Wait::of(narrow(unmet));
        let cell = &self[run];
        let is_smooth = cell.group != NO_GROUP || unmet == edges.len();
        let is_ready = unmet == 0 && cell.stage == Stage::Waiting;
        self.waits[run.index()] = match is_smooth {
            true => wait,
            false => wait.roughly(),
        };
        if is_ready {
            ready.push_last(run);
        }
    }

    /// What the elements of the flattened list number `at` of a loop are.
    pub(in crate::engine) fn flats(&self, parent: RunId, at: u8) -> Option<&[Flat]> {
        let flats = &self[parent].children()?.flats;
        flats.get(usize::from(at)).map(|flats| &**flats)
    }

    /// Whether all upstreams of the child with this index are one run each, and went well.
    fn went_well(&self, plan: &Plan, node: NodeId, index: u32) -> bool {
        let went_well = |edge: &Edge| {
            let up = self.upstream(*edge, index);
            up.is_some_and(|up| self[up].has_result())
        };
        plan.edges(node).iter().all(went_well)
    }

    /// Whether all upstreams of a run in no loop, or in one, are one run each, and went well.
    #[inline]
    pub(in crate::engine) fn is_smooth(&self, plan: &Plan, run: RunId) -> bool {
        match self.group(run) {
            None => self.waits[run.index()].is_smooth(),
            Some(group) => {
                group.is_smooth || self.went_well(plan, group.node, run.0 - group.first.0)
            }
        }
    }
}
