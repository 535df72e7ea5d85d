//! Declaring a plan: each node with an edge for each thing that it reads or stands in.

use std::collections::HashSet;

use super::{Asks, Edge, EdgeKind, Node, NodeId, Options, Over, Plan, ScopeId, ScopeKind, narrow};
use crate::error::BuildError;
use crate::input::{Binding, Origin, Source};

/// Edges of one node from here on are looked up: there may be as many as there are tasks.
const MANY: usize = 16;

/// A node that is being added.
pub(crate) struct NewNode {
    pub(crate) options: Options,
    pub(crate) scope: Option<ScopeId>,
    pub(crate) hidden: bool,
    /// The number of its first binding; the others follow.
    pub(crate) first_binding: usize,
    pub(crate) after: Vec<Source>,
}

impl Plan {
    /// Adds a node, with an edge for each thing that it reads or stands in.
    pub(crate) fn add_node(&mut self, new: NewNode) -> Result<NodeId, BuildError> {
        let id = NodeId::new(self.nodes.len());
        let first_edge = self.edges.len();
        // The rest of the plan is read meanwhile.
        let mut edges = std::mem::take(&mut self.edges);
        let declared = self.declare_edges(&new, &mut edges);
        self.edges = edges;
        declared?;
        self.keep_different(first_edge);
        let node = Node {
            options: self.add_options(new.options),
            scope: new.scope,
            first_binding: narrow(new.first_binding),
            first_edge: narrow(first_edge),
            readers: 0,
            depth: self.depth(new.scope),
            hidden: new.hidden,
            aside: false,
            asks: Asks::All,
            straight: false,
        };
        self.nodes.push(node);
        Ok(id)
    }

    /// Adds options, or finds them among the last ones: a flow often calls a task several times.
    fn add_options(&mut self, new: Options) -> u32 {
        let same = |options: &Options| match (options, &new) {
            (Options::Shared(known), Options::Shared(new)) => std::ptr::eq(*known, *new),
            _ => false,
        };
        let last = self.options.iter().enumerate().rev().take(8);
        let found = last
            .filter(|(_, options)| same(options))
            .map(|(at, _)| at)
            .next();
        let at = found.unwrap_or_else(|| {
            self.options.push(new);
            self.options.len() - 1
        });
        narrow(at)
    }

    /// Adds the edges of a node to `edges`: to what it reads, what it waits for, and what it stands in.
    fn declare_edges(&self, new: &NewNode, edges: &mut Vec<Edge>) -> Result<(), BuildError> {
        for binding in &self.bindings.all()[new.first_binding..] {
            if let Binding::Output { node, .. } = *binding {
                edges.push(self.edge_inside(node, new.scope, EdgeKind::Whole)?);
                continue;
            }
            for (source, kind) in self.bindings.awaited(*binding) {
                edges.extend(self.edge_from(source, new.scope, kind)?);
            }
        }
        for source in &new.after {
            edges.extend(self.edge_from(*source, new.scope, EdgeKind::Whole)?);
        }
        self.surround(new.scope, edges)
    }

    /// Leaves out edges of the last node that are there already.
    fn keep_different(&mut self, first: usize) {
        // Most calls name what they read in the order of its declaration, each of it once.
        let own = &self.edges[first..];
        if own.is_sorted_by(|before, edge| before.up < edge.up) {
            return;
        }
        let mut kept = first;
        let mut seen = HashSet::new();
        for at in first..self.edges.len() {
            let edge = self.edges[at];
            let is_new = match self.edges.len() - first < MANY {
                true => !self.edges[first..kept].contains(&edge),
                false => seen.insert(edge),
            };
            if is_new {
                self.edges[kept] = edge;
                kept += 1;
            }
        }
        self.edges.truncate(kept);
    }

    /// The edge of a node that reads `source`; an element of a list has no node of its own.
    fn edge_from(
        &self,
        source: Source,
        scope: Option<ScopeId>,
        kind: EdgeKind,
    ) -> Result<Option<Edge>, BuildError> {
        match source.origin {
            Origin::Node(up) => self.edge_inside(up, scope, kind).map(Some),
            Origin::Gathered(at) => self.edge(self.gather(at).node, scope, kind).map(Some),
            Origin::Parameter(_) | Origin::Item { .. } => Ok(None),
        }
    }

    /// The edge of a node that reads the output of another one, which no other loop may be around.
    fn edge_inside(
        &self,
        up: NodeId,
        scope: Option<ScopeId>,
        kind: EdgeKind,
    ) -> Result<Edge, BuildError> {
        let edge = self.edge(up, scope, kind)?;
        if self.node(up).depth > edge.shared {
            let task = self.task_name(up).to_owned();
            return Err(BuildError::LeavesLoop { task });
        }
        Ok(edge)
    }

    fn edge(&self, up: NodeId, scope: Option<ScopeId>, kind: EdgeKind) -> Result<Edge, BuildError> {
        let Some(node) = self.nodes.get(up.index()) else {
            return Err(BuildError::ForeignTask);
        };
        let shared = self.shared(node.scope, scope);
        Ok(Edge { up, shared, kind })
    }

    /// Adds the edges that follow from the loops and arms around a node.
    fn surround(&self, scope: Option<ScopeId>, edges: &mut Vec<Edge>) -> Result<(), BuildError> {
        for id in self.around(scope) {
            let around = self.scope(id);
            match &around.kind {
                ScopeKind::Arm { branch, arm, .. } => {
                    edges.push(self.edge(*branch, scope, EdgeKind::Gate { arm: *arm })?);
                }
                ScopeKind::Loop(lists) => {
                    for (at, items) in (0..).zip(lists) {
                        let Over::Source(source) = items.over else {
                            continue;
                        };
                        let level = around.depth - 1;
                        let kind = match items.flatten {
                            Some(_) => EdgeKind::Flattened { level, at },
                            None => EdgeKind::Element { level, at },
                        };
                        // The list stands outside its loop.
                        edges.extend(self.edge_from(source, around.parent, kind)?);
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds a node that cleans up after `resource`: with an edge to it, which is the first, and one to
    /// each of its last users.
    pub(crate) fn add_clean_up(
        &mut self,
        new: NewNode,
        resource: Source,
    ) -> Result<(), BuildError> {
        let scope = new.scope;
        let resource = self.run_node(resource).ok_or(BuildError::ForeignTask)?;
        let mut edges = vec![self.edge(resource, scope, EdgeKind::Whole)?];
        for user in self.last_users(resource, scope) {
            edges.push(self.edge(user, scope, EdgeKind::Whole)?);
        }
        let id = self.add_node(new)?;
        let node = &mut self.nodes[id.index()];
        node.aside = true;
        let first = node.first_edge as usize;
        let own = self.edges.split_off(first);
        let (resource, users) = edges.split_at(1);
        self.edges.extend(resource.iter().chain(&own).chain(users));
        self.keep_different(first);
        Ok(())
    }

    /// What depends on a node inside of a scope, directly or not, and on which nothing more does there.
    pub(crate) fn last_users(&self, node: NodeId, scope: Option<ScopeId>) -> Vec<NodeId> {
        let inside = |id: &NodeId| {
            let mut around = self.around(self.node(*id).scope);
            scope.is_none_or(|scope| around.any(|other| other == scope))
        };
        let mut uses = vec![false; self.nodes.len()];
        let mut is_last = uses.clone();
        uses[node.index()] = true;
        is_last[node.index()] = true;
        for id in self.ids().skip(node.index() + 1).filter(inside) {
            for edge in self.edges(id).iter().filter(|edge| uses[edge.up.index()]) {
                is_last[edge.up.index()] = false;
                is_last[id.index()] = true;
            }
            uses[id.index()] = is_last[id.index()];
        }
        self.ids().filter(|id| is_last[id.index()]).collect()
    }
}
