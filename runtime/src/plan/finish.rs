//! Finishing a plan: what follows from all of it.

use super::{Asks, Downstream, EdgeKind, NodeId, Over, Plan, ScopeKind, UNCOUNTED, narrow};
use crate::error::BuildError;
use crate::input::{Binding, Origin, Source};
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
        let nodes = self.nodes.len();
        let foreign = |id: &NodeId| id.index() >= nodes;
        let output = self
            .output_sources()
            .iter()
            .filter_map(|source| source.node());
        if output
            .chain(self.references.iter().copied())
            .any(|id| foreign(&id))
        {
            return Err(BuildError::ForeignTask);
        }
        self.link();
        self.mark();
        self.sources = self.ids().filter(|id| self.edges(*id).is_empty()).collect();
        if self.references.is_empty() {
            self.references = self.terminals().collect();
        }
        Ok(())
    }

    fn output_sources(&self) -> &[Source] {
        self.output.as_ref().map_or(&[], Binding::sources)
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
                let mut next = 0;
                while let Some((source, _)) = self.bindings.all()[at].edge(next) {
                    match source.map(|source| source.origin) {
                        Some(Origin::Node(up)) if self.nodes[up.index()].depth == depth => {
                            let readers = &mut self.nodes[up.index()].readers;
                            *readers = readers.saturating_add(1);
                        }
                        Some(_) => self.uncounted(source),
                        None => {}
                    }
                    next += 1;
                }
            }
        }
        let lists = self.scopes.iter().filter_map(|scope| match &scope.kind {
            ScopeKind::Loop(lists) => Some(lists.clone()),
            ScopeKind::Arm { .. } => None,
        });
        let overs = lists.flatten().filter_map(|items| match items.over {
            Over::Source(source) => Some(source),
            Over::Constant(_) => None,
        });
        let gathered = self.gathers.iter().map(|gather| gather.inner);
        let output = self.output_sources().iter().copied();
        let others: Vec<_> = overs.chain(gathered).chain(output).collect();
        for source in others {
            self.uncounted(Some(source));
        }
    }

    /// The source is read who knows how often.
    fn uncounted(&mut self, source: Option<Source>) {
        if let Some(up) = source.and_then(Source::node) {
            self.nodes[up.index()].readers = UNCOUNTED;
        }
    }
}
