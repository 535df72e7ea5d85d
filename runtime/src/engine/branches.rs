//! Branches: which runs an arm that was not taken holds back, and whose states a run is judged by.

use super::pipeline::{self, Move};
use super::runs::Path;
use super::{Engine, RunId};
use crate::branch::Decision;
use crate::input::{Binding, Several};
use crate::plan::{ArmId, Edge, EdgeKind, NodeId, ScopeKind};

impl Engine {
    /// The end of a run that stands in an arm of a branch which was not taken.
    pub(super) fn refused_arm(&self, run: RunId) -> Option<Move> {
        let node = self.runs.node(run);
        let path = self.runs.path(run);
        let gate = |edge: &Edge| match edge.kind {
            EdgeKind::Gate { arm } => Some((self.runs.at(edge.up, path.to(edge.shared)), arm)),
            _ => None,
        };
        // Where a loop stands around the branch, its parent knows nothing of arms.
        let gates = self
            .plan
            .edges(node)
            .iter()
            .filter(|edge| usize::from(edge.shared) <= path.len());
        for (branch, arm) in gates.filter_map(gate) {
            let state = &self.runs[branch].state;
            match state.result::<Decision>() {
                Some(decision) if decision.arm == arm.number() => {}
                Some(_) => {
                    let branch = self.runs.node(branch);
                    return Some(pipeline::other_arm(self.arm_text(node, branch, arm)));
                }
                None if state.kind().is_skipped() => return Some(pipeline::upstream_skip()),
                None => return Some(pipeline::no_arm()),
            }
        }
        None
    }

    fn arm_text(&self, node: NodeId, of: NodeId, taken: ArmId) -> &str {
        let scopes = self.plan.around(self.plan.node(node).scope);
        let texts = scopes.filter_map(|id| match &self.plan.scope(id).kind {
            ScopeKind::Arm { branch, arm, text } if *branch == of && *arm == taken => Some(&**text),
            _ => None,
        });
        texts.into_iter().next().unwrap_or_default()
    }

    /// The runs whose states a run is judged by.
    pub(super) fn collect_upstreams(&self, run: RunId, upstreams: &mut Vec<RunId>) {
        let node = self.runs.node(run);
        let path = self.runs.path(run);
        let edges = self.plan.edges(node);
        for edge in edges {
            if let EdgeKind::Choice { arm } = edge.kind
                && self
                    .choice(node, path)
                    .is_some_and(|taken| taken != arm.number())
            {
                continue;
            }
            self.runs.along(*edge, node, path, upstreams);
        }
    }

    /// The arm whose value a node chooses.
    fn choice(&self, node: NodeId, path: Path) -> Option<u32> {
        let branch = self
            .plan
            .bindings(node)
            .iter()
            .find_map(|binding| match binding {
                Binding::Several(at) => match self.plan.bindings.several(*at) {
                    Several::Choice { branch, .. } => Some(*branch),
                    _ => None,
                },
                _ => None,
            })?;
        let depth = self.plan.node(branch).depth;
        let branch = self.runs.at(branch, path.to(depth));
        self.runs[branch]
            .state
            .result::<Decision>()
            .map(|decision| decision.arm)
    }
}
