//! Finishing a plan: what follows from all of it.

use super::{Asks, EdgeKind, Node, NodeId, Over, Plan, ScopeKind, UNCOUNTED, Way, narrow};
use crate::error::BuildError;
use crate::input::{Binding, Source};
use crate::state::StateKind;

impl Plan {
    /// Checks the declaration and adds what follows from all of it: ways, readers, downstreams, the first tasks and
    /// the last ones.
    pub(crate) fn finish(&mut self) -> Result<(), BuildError> {
        self.check_slugs()?;
        for id in self.ids() {
            self.check_values(id)?;
            self.mark(id);
            self.count_readings(id);
            if self.edges(id).is_empty() {
                self.sources.push(id);
            }
        }
        self.check_named()?;
        self.count_other_readings();
        self.link();
        Ok(())
    }

    pub(super) fn output_sources(&self) -> impl Iterator<Item = Source> {
        let output = self.output.into_iter();
        output.flat_map(|output| self.bindings.sources(output))
    }

    /// Marks a node whose runs need not ask for what loops, branches and kept results do.
    fn mark(&mut self, id: NodeId) {
        let (node, spec, edges) = (self.node(id), self.spec(id), self.edges(id));
        let is_kept = spec.cache.is_some() || spec.target.is_some() || spec.run_name.is_some();
        let is_outside =
            node.scope.is_none() && edges.iter().all(|edge| edge.kind == EdgeKind::Whole);
        let straight = !is_kept
            && spec.trigger.is_default()
            && (is_outside || node.depth == 1 && edges.iter().all(|edge| edge.is_simple()));
        let hears = |kind| spec.heard.contains(kind) && !node.hidden;
        let way = match straight {
            false => Way::Long,
            true if hears(StateKind::Running) || hears(StateKind::Success) => Way::Told,
            true => Way::Straight,
        };
        // Most flows have neither loops nor arms, and then nothing is inside of one.
        let is_apart =
            self.scopes.is_empty() || edges.iter().all(|edge| self.node(edge.up).depth == 0);
        let asks = match !is_kept && is_outside && is_apart {
            true => Asks::Trigger,
            false => Asks::All,
        };
        let node = &mut self.nodes[id.index()];
        (node.way, node.asks) = (way, asks);
    }

    /// Turns the edges round, by a counting sort, and finds the last tasks.
    fn link(&mut self) {
        let mut firsts = vec![0; self.nodes.len() + 1];
        for edge in &self.edges {
            firsts[edge.up.index()] += 1;
        }
        let mut end = 0;
        for first in &mut firsts {
            end += *first;
            *first = end;
        }
        self.downstreams = vec![NodeId(0); self.edges.len()];
        if self.scopes.iter().any(|scope| scope.depth > 0) {
            self.downstream_edges = vec![0; self.edges.len()];
        }
        // Backwards, because the lists are filled from their ends, and a node comes before those after it.
        let mut is_last = vec![true; self.nodes.len()];
        let mut end = self.edges.len();
        for id in self.ids().rev() {
            let Node {
                first_edge,
                hidden,
                aside,
                ..
            } = *self.node(id);
            let is_passed_over = aside || (hidden && is_last[id.index()]);
            let first = first_edge as usize;
            for number in (first..end).rev() {
                let edge = self.edges[number];
                let up = edge.up.index();
                self.nodes[up].followed |= edge.shared > 0 || edge.is_step();
                is_last[up] &= is_passed_over;
                firsts[up] -= 1;
                let at = firsts[up] as usize;
                self.downstreams[at] = id;
                if let Some(edge) = self.downstream_edges.get_mut(at) {
                    *edge = narrow(number);
                }
            }
            end = first;
            if is_last[id.index()] && !hidden && !aside {
                self.terminals.push(id);
            }
        }
        self.terminals.reverse();
        self.first_downstreams = firsts;
    }

    /// Counts what a node reads.
    fn count_readings(&mut self, id: NodeId) {
        let depth = self.node(id).depth;
        for binding in &self.bindings.all()[self.binding_range(id)] {
            if let Binding::Output { node, .. } = *binding {
                self.nodes[node.index()].count_reader(depth);
                continue;
            }
            let sources = self.bindings.awaited(*binding);
            for up in sources.filter_map(|(source, _)| source.node()) {
                self.nodes[up.index()].count_reader(depth);
            }
        }
    }

    /// What loops and the end of the flow read is read who knows how often.
    fn count_other_readings(&mut self) {
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
            self.nodes[up.index()].readers = UNCOUNTED;
        }
    }
}
