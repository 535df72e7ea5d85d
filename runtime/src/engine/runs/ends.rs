//! Who waits for a run that is over, and whose loop is complete with it.

use super::{Path, RunId, Runs};
use crate::engine::Stage;
use crate::engine::ready::Ready;
use crate::plan::{Edge, NodeId, Plan};

impl Runs {
    /// Tells who waits that a run is over, and that it is complete, and with it perhaps its parents.
    pub(in crate::engine) fn over(&mut self, plan: &Plan, run: RunId, ready: &mut Ready) {
        let cell = &self[run];
        match (self.group(run), cell.children()) {
            (None, None) => {
                let is_well = cell.has_result();
                return self.over_alone(plan, NodeId(run.0), is_well, ready);
            }
            // Nobody waits for this element alone.
            (Some(group), None) if !plan.node(group.node).followed => {
                let (parent, is_well) = (group.parent, cell.has_result());
                return self.close_child(plan, parent, is_well, ready);
            }
            _ => {}
        }
        let path = self.path(run);
        let level = path.len();
        self.tell(plan, run, path, ready, |edge| {
            level < usize::from(edge.shared)
                || (level == usize::from(edge.shared) && edge.is_step())
        });
        if self.is_complete(run) {
            self.complete(plan, run, path, ready);
        }
    }

    /// Outside of loops a run is over and complete at once, and each edge has one other end.
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    pub(in crate::engine) fn over_alone(
        &mut self,
        plan: &Plan,
        node: NodeId,
        is_well: bool,
        ready: &mut Ready,
    ) {
        self.open -= 1;
        for downstream in plan.downstreams(node) {
            let run = RunId::root(*downstream);
            self.arrive(run, is_well, ready);
        }
    }

    /// An upstream of a run is over.
    #[inline]
    fn arrive(&mut self, run: RunId, is_well: bool, ready: &mut Ready) {
        if self.waits[run.index()].arrive(is_well) && self[run].stage == Stage::Waiting {
            ready.push_first(run);
        }
    }

    /// Tells who waits that a run is complete.
    fn complete(&mut self, plan: &Plan, run: RunId, path: Path, ready: &mut Ready) {
        let level = path.len();
        self.tell(plan, run, path, ready, |edge| {
            let shared = usize::from(edge.shared);
            if level == shared {
                !edge.is_step()
            } else {
                level == shared + 1 && edge.is_step()
            }
        });
        self.close(plan, run, ready);
    }

    /// Counts a run that is complete, and with the last of its kind the parent.
    fn close(&mut self, plan: &Plan, run: RunId, ready: &mut Ready) {
        let is_well = self.is_well(run);
        match self.group(run).map(|group| group.parent) {
            Some(parent) => self.close_child(plan, parent, is_well, ready),
            None => self.open -= 1,
        }
    }

    /// Whether a run, or each child of a parent, went well.
    fn is_well(&self, run: RunId) -> bool {
        let cell = &self[run];
        cell.has_result() && cell.children().is_none_or(|children| children.are_well)
    }

    /// Counts a child that is complete.
    #[inline]
    fn close_child(&mut self, plan: &Plan, parent: RunId, is_well: bool, ready: &mut Ready) {
        let open = self[parent].children_mut().map_or(0, |children| {
            children.are_well &= is_well;
            children.open -= 1;
            children.open
        });
        if open == 0 && self.is_complete(parent) {
            let path = self.path(parent);
            self.complete(plan, parent, path, ready);
        }
    }

    fn tell(
        &mut self,
        plan: &Plan,
        run: RunId,
        path: Path,
        ready: &mut Ready,
        concerns: impl Fn(Edge) -> bool,
    ) {
        let (node, is_well) = (self.node(run), self.is_well(run));
        for (downstream, edge) in plan.downstreams(node).iter().zip(plan.edges_from(node)) {
            if concerns(edge)
                && let Some(waits) = self.exactly_at(*downstream, path)
            {
                self.arrive(waits, is_well, ready);
            }
        }
    }
}
