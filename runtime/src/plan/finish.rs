//! Finishing a plan: what follows from all of it.

use super::{Asks, Downstream, EdgeKind, NodeId, Over, Plan, ScopeKind, UNCOUNTED, narrow};
use crate::error::BuildError;
use crate::input::{Binding, Source};
use crate::state::StateKind;

impl Plan {
    /// Checks the declaration and adds what follows from all of it: downstreams, readers, references.
    pub(crate) fn finish(&mut self) -> Result<(), BuildError> {
        self.check_slugs()?;
        for id in self.ids() {
            self.check_retries(id)?;
            self.check_values(id)?;
            self.check_cache(id)?;
        }
        self.check_named()?;
        self.link();
        self.mark();
        self.sources = self.ids().filter(|id| self.edges(*id).is_empty()).collect();
        if self.references.is_empty() {
            self.references = self.terminals().collect();
        }
        Ok(())
    }

    pub(super) fn output_sources(&self) -> impl Iterator<Item = Source> {
        let output = self.output.into_iter();
        output.flat_map(|output| self.bindings.sources(output))
    }

    /// Marks the nodes whose runs need not ask for what loops, branches and kept results do.
    fn mark(&mut self) {
        for id in self.ids() {
            let (spec, edges) = (self.spec(id), self.edges(id));
            let is_kept = spec.cache.is_some() || spec.target.is_some() || spec.run_name.is_some();
            let is_outside = self.node(id).scope.is_none()
                && edges
                    .iter()
                    .all(|edge| edge.kind == EdgeKind::Whole && self.node(edge.up).depth == 0);
            let straight = !is_kept
                && (is_outside || self.node(id).depth == 1)
                && !spec.heard.contains(StateKind::Running)
                && !spec.heard.contains(StateKind::Success)
                && spec.trigger.is_default()
                && edges.iter().all(|edge| edge.is_simple());
            let node = &mut self.nodes[id.index()];
            node.straight = straight;
            if is_outside && !is_kept {
                node.asks = Asks::Trigger;
            }
        }
    }

    /// Turns the edges round, by a counting sort, and counts the readers of every output.
    fn link(&mut self) {
        let mut next = vec![0; self.nodes.len() + 1];
        for edge in &self.edges {
            next[edge.up.index() + 1] += 1;
        }
        for at in 1..next.len() {
            next[at] += next[at - 1];
        }
        self.first_downstreams.clone_from(&next);
        let nobody = Downstream {
            node: NodeId(0),
            edge: 0,
        };
        self.downstreams = vec![nobody; self.edges.len()];
        for node in self.ids() {
            for edge in self.edge_range(node) {
                let at = &mut next[self.edges[edge].up.index()];
                let edge = narrow(edge);
                self.downstreams[*at as usize] = Downstream { node, edge };
                *at += 1;
            }
        }
        self.count_readers();
    }

    fn count_readers(&mut self) {
        for id in self.ids() {
            let depth = self.node(id).depth;
            for at in self.binding_range(id) {
                match self.bindings.all()[at] {
                    Binding::Output { node, .. } => self.nodes[node.index()].count_reader(depth),
                    binding => {
                        let sources = self.bindings.awaited(binding);
                        for up in sources.filter_map(|(source, _)| source.node()) {
                            self.nodes[up.index()].count_reader(depth);
                        }
                    }
                }
            }
        }
        let lists = self.scopes.iter().flat_map(|scope| match &scope.kind {
            ScopeKind::Loop(lists) => &**lists,
            ScopeKind::Arm { .. } => &[],
        });
        let overs = lists.filter_map(|items| match items.over {
            Over::Source(source) => Some(source),
            Over::Constant(_) => None,
        });
        let gathered = self.gathers.iter().map(|gather| gather.inner);
        let unknown = overs.chain(gathered).chain(self.output_sources());
        for up in unknown.filter_map(Source::node).collect::<Vec<_>>() {
            // It is read who knows how often.
            self.nodes[up.index()].readers = UNCOUNTED;
        }
    }
}
