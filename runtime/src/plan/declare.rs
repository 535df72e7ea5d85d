//! Declaring a plan: each node with an edge for each thing that it reads or stands in.

use std::collections::HashSet;

use super::check::check_options;
use super::{Asks, Edge, EdgeKind, Node, NodeId, Over, Plan, ScopeId, ScopeKind, Way, narrow};
use crate::error::BuildError;
use crate::input::{Binding, Origin, Source};
use crate::task::{Options, TaskSpec};

/// Edges of one node from here on are looked up: there may be as many as there are tasks.
const MANY: usize = 16;

/// A node that is being added.
pub(crate) struct NewNode {
    pub(crate) options: Options,
    pub(crate) scope: Option<ScopeId>,
    /// The number of its first binding; the others follow.
    pub(crate) first_binding: usize,
    pub(crate) after: Vec<Source>,
}

/// What a node cannot read or wait for.
#[derive(Clone, Copy)]
enum OutOfReach {
    Task(NodeId),
    /// The element of a loop that the node does not stand in.
    Element,
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
        declared.map_err(|what| self.out_of_reach(what, &new.options))?;
        self.keep_different(first_edge);
        let node = Node {
            options: self.add_options(new.options)?,
            scope: new.scope,
            first_binding: narrow(new.first_binding),
            first_edge: narrow(first_edge),
            readers: 0,
            depth: self.depth(new.scope),
            hidden: false,
            aside: false,
            followed: false,
            asks: Asks::All,
            way: Way::Long,
        };
        self.nodes.push(node);
        Ok(id)
    }

    /// Adds options, or finds them among the last ones: a flow often calls a task several times.
    fn add_options(&mut self, new: Options) -> Result<u32, BuildError> {
        let same = |options: &Options| match (options, &new) {
            (Options::Shared(known), Options::Shared(new)) => std::ptr::eq(*known, *new),
            _ => false,
        };
        let mut last = self.options.iter().enumerate().rev().take(8);
        let found = last.find(|(_, options)| same(options));
        let at = match found {
            Some((at, _)) => at,
            None => {
                check_options(&new)?;
                self.options.push(new);
                self.options.len() - 1
            }
        };
        Ok(narrow(at))
    }

    /// Adds the edges of a node to `edges`: to what it reads, what it waits for, and what it stands in. If it
    /// cannot reach one of those, the answer is that one.
    fn declare_edges(&self, new: &NewNode, edges: &mut Vec<Edge>) -> Result<(), OutOfReach> {
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

    /// Why `reader` cannot reach something.
    fn out_of_reach(&self, what: OutOfReach, reader: &TaskSpec) -> BuildError {
        match what {
            OutOfReach::Task(up) if up.index() >= self.nodes.len() => BuildError::ForeignTask,
            OutOfReach::Task(up) => BuildError::LeavesLoop {
                task: self.task_name(up).to_owned(),
            },
            OutOfReach::Element => BuildError::ElementLeavesLoop {
                task: reader.name.clone().into_owned(),
            },
        }
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
    ) -> Result<Option<Edge>, OutOfReach> {
        match source.origin {
            Origin::Node(up) => self.edge_inside(up, scope, kind).map(Some),
            Origin::Gathered(at) => self.edge(self.gather(at).node, scope, kind).map(Some),
            Origin::Item { scope: of, .. } if !self.around(scope).any(|id| id == of) => {
                Err(OutOfReach::Element)
            }
            Origin::Parameter(_) | Origin::Item { .. } => Ok(None),
        }
    }

    /// The edge of a node that reads the output of another one, which no other loop may be around.
    #[inline]
    fn edge_inside(
        &self,
        up: NodeId,
        scope: Option<ScopeId>,
        kind: EdgeKind,
    ) -> Result<Edge, OutOfReach> {
        let edge = self.edge(up, scope, kind)?;
        match self.node(up).depth > edge.shared {
            true => Err(OutOfReach::Task(up)),
            false => Ok(edge),
        }
    }

    #[inline]
    fn edge(&self, up: NodeId, scope: Option<ScopeId>, kind: EdgeKind) -> Result<Edge, OutOfReach> {
        let node = self.nodes.get(up.index()).ok_or(OutOfReach::Task(up))?;
        let shared = self.shared(node.scope, scope);
        Ok(Edge { up, shared, kind })
    }

    /// Adds the edges that follow from the loops and arms around a node.
    fn surround(&self, scope: Option<ScopeId>, edges: &mut Vec<Edge>) -> Result<(), OutOfReach> {
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
        // The resource is not there if its own call was a mistake.
        let resource = self
            .run_node(resource)
            .filter(|node| node.index() < self.nodes.len())
            .ok_or(BuildError::ForeignTask)?;
        let users = self.last_users(resource, scope).into_iter();
        let edges = std::iter::once(resource).chain(users);
        let edges = edges.map(|up| self.edge(up, scope, EdgeKind::Whole));
        let edges = edges.collect::<Result<Vec<_>, _>>();
        let edges = edges.map_err(|what| self.out_of_reach(what, &new.options))?;
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
