//! The compiled graph of a flow: plain data, shared by all its runs.
//!
//! Nodes stand in the order of their declaration, and a node only reads nodes before it, so the graph
//! has no cycles and its order is a topological one. Edges lie in flat lists: a node has ranges.

mod check;
mod declare;
mod edge;
mod finish;
mod node;
mod print;
mod scope;

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use self::declare::NewNode;
pub(crate) use self::edge::{ArmId, Edge, EdgeKind};
use self::node::UNCOUNTED;
pub(crate) use self::node::{Asks, Node, NodeId, Way};
pub(crate) use self::scope::{Gather, Items, List, Over, Scope, ScopeId, ScopeKind};
use crate::branch::Decision;
use crate::input::{Binding, Bindings, Origin, Part, PartId, Reading, Source, Step};
use crate::task::{Options, TaskSpec};
use crate::value::Value;

/// A parameter of the flow.
pub(crate) struct Parameter {
    pub(crate) name: Cow<'static, str>,
    pub(crate) default: Option<Value>,
    pub(crate) decode: fn(serde_json::Value) -> Result<Value, serde_json::Error>,
}

/// The compiled graph of a flow.
pub(crate) struct Plan {
    pub(crate) name: Cow<'static, str>,
    pub(crate) nodes: Vec<Node>,
    /// The options of the nodes: calls without options of their own share those of their task.
    options: Vec<Options>,
    pub(crate) bindings: Bindings,
    edges: Vec<Edge>,
    /// The other ends of the edges, by their upstreams, and where those of each node begin.
    downstreams: Vec<NodeId>,
    first_downstreams: Vec<u32>,
    /// Which edge leads to each of them. Only loops ask for it: without one there is no such list.
    downstream_edges: Vec<u32>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) gathers: Vec<Gather>,
    pub(crate) parts: Vec<Part>,
    pub(crate) parameters: Vec<Parameter>,
    /// The tasks that wait for nothing.
    pub(crate) sources: Vec<NodeId>,
    /// The last tasks that the user wrote, apart from those that stand aside: no other one depends on them.
    pub(crate) terminals: Vec<NodeId>,
    /// The tasks that were named as those whose states decide the flow's.
    pub(crate) references: Vec<NodeId>,
    /// `None` until the flow is built.
    pub(crate) output: Option<Binding>,
    /// What an ended run left for the next one: memory, whose form the engine knows.
    spare: Mutex<Option<Box<dyn Any + Send>>>,
    /// Whether the flow itself has handlers.
    pub(crate) handled: bool,
}

fn narrow(at: usize) -> u32 {
    u32::try_from(at).expect("a flow has fewer than 2^32 inputs")
}

/// Loops may be nested this deep.
pub(crate) const MAX_DEPTH: usize = 8;

impl Plan {
    pub(crate) fn new(name: Cow<'static, str>) -> Self {
        Self {
            name,
            nodes: Vec::new(),
            options: Vec::new(),
            bindings: Bindings::default(),
            edges: Vec::new(),
            downstreams: Vec::new(),
            first_downstreams: Vec::new(),
            downstream_edges: Vec::new(),
            scopes: Vec::new(),
            gathers: Vec::new(),
            parts: Vec::new(),
            parameters: Vec::new(),
            sources: Vec::new(),
            terminals: Vec::new(),
            references: Vec::new(),
            output: None,
            spare: Mutex::new(None),
            handled: false,
        }
    }

    pub(crate) fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.index()]
    }

    /// A scope and those around it, from the inside out.
    pub(crate) fn around(&self, scope: Option<ScopeId>) -> impl Iterator<Item = ScopeId> {
        std::iter::successors(scope, |id| self.scope(*id).parent)
    }

    pub(crate) fn depth(&self, scope: Option<ScopeId>) -> u8 {
        scope.map_or(0, |id| self.scope(id).depth)
    }

    /// How many loops stand around both scopes.
    pub(crate) fn shared(&self, a: Option<ScopeId>, b: Option<ScopeId>) -> u8 {
        if a.is_none() || b.is_none() {
            return 0;
        }
        let around = |id| self.around(b).any(|other| other == id);
        let common = self.around(a).find(|id| around(*id));
        self.depth(common)
    }

    /// The lists of the loop at `level` around a node.
    pub(crate) fn lists(&self, node: NodeId, level: usize) -> &[Items] {
        let at_level = |id: &ScopeId| usize::from(self.scope(*id).depth) == level + 1;
        let lists = |id| match &self.scope(id).kind {
            ScopeKind::Loop(lists) => Some(&**lists),
            ScopeKind::Arm { .. } => None,
        };
        let mut scopes = self.around(self.node(node).scope).filter(at_level);
        scopes.find_map(lists).unwrap_or_default()
    }

    /// The node whose runs give `source`.
    pub(crate) fn run_node(&self, source: Source) -> Option<NodeId> {
        match source.origin {
            Origin::Node(node) => Some(node),
            Origin::Gathered(at) => Some(self.gather(at).node),
            Origin::Parameter(_) | Origin::Item { .. } => None,
        }
    }

    /// Under which keys the tasks keep results.
    pub(crate) fn cache_keys(&self) -> impl Iterator<Item = String> {
        self.specs().filter_map(TaskSpec::cache_key_or_name)
    }

    pub(crate) fn gather(&self, id: u32) -> &Gather {
        &self.gathers[id as usize]
    }

    /// Whether a node decides a branch.
    pub(crate) fn is_branch(&self, id: NodeId) -> bool {
        self.spec(id).output == TypeId::of::<Decision>()
    }

    /// The tasks whose states decide the flow's.
    pub(crate) fn references(&self) -> &[NodeId] {
        match &*self.references {
            [] => &self.terminals,
            references => references,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub(crate) fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId::new)
    }

    /// Takes the memory that an ended run left.
    pub(crate) fn take_spare<T: 'static>(&self) -> Option<T> {
        let spare = self.spare().take()?;
        spare.downcast().ok().map(|spare| *spare)
    }

    /// Leaves memory for the next run.
    pub(crate) fn leave_spare(&self, memory: Box<dyn Any + Send>) {
        let before = self.spare().replace(memory);
        // Outside of the lock: it may be large.
        drop(before);
    }

    fn spare(&self) -> MutexGuard<'_, Option<Box<dyn Any + Send>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The options of all nodes; those that many calls share come once or a few times.
    pub(crate) fn specs(&self) -> impl Iterator<Item = &TaskSpec> {
        self.options.iter().map(|options| &**options)
    }

    pub(crate) fn spec(&self, id: NodeId) -> &TaskSpec {
        &self.options[self.node(id).options as usize]
    }

    pub(crate) fn task_name(&self, id: NodeId) -> &str {
        &self.spec(id).name
    }

    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    fn binding_range(&self, id: NodeId) -> Range<usize> {
        let next = self.nodes.get(id.index() + 1);
        let end = next.map_or(self.bindings.all().len(), |node| {
            node.first_binding as usize
        });
        self.node(id).first_binding as usize..end
    }

    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    pub(crate) fn bindings(&self, id: NodeId) -> &[Binding] {
        &self.bindings.all()[self.binding_range(id)]
    }

    #[inline]
    fn edge_range(&self, id: NodeId) -> Range<usize> {
        let next = self.nodes.get(id.index() + 1);
        let end = next.map_or(self.edges.len(), |node| node.first_edge as usize);
        self.node(id).first_edge as usize..end
    }

    /// How many edges each node has, in their order.
    pub(crate) fn edge_counts(&self) -> impl Iterator<Item = u32> {
        let ends = self.nodes.iter().skip(1).map(|next| next.first_edge);
        let ends = ends.chain([narrow(self.edges.len())]);
        self.nodes
            .iter()
            .zip(ends)
            .map(|(node, end)| end - node.first_edge)
    }

    #[inline]
    pub(crate) fn edges(&self, id: NodeId) -> &[Edge] {
        &self.edges[self.edge_range(id)]
    }

    fn downstream_range(&self, id: NodeId) -> Range<usize> {
        let (first, next) = (id.index(), id.index() + 1);
        let range = self.first_downstreams[first]..self.first_downstreams[next];
        range.start as usize..range.end as usize
    }

    /// Who waits for `id`, in the order of their declaration: once for each edge.
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    pub(crate) fn downstreams(&self, id: NodeId) -> &[NodeId] {
        &self.downstreams[self.downstream_range(id)]
    }

    /// The edges that lead from a node of a loop to its downstreams, in their order.
    #[inline]
    pub(crate) fn edges_from(&self, id: NodeId) -> impl Iterator<Item = Edge> {
        let edges = &self.downstream_edges[self.downstream_range(id)];
        edges.iter().map(|edge| self.edges[*edge as usize])
    }

    /// Goes from a whole value to `part` of it.
    pub(crate) fn project(&self, part: Option<PartId>, reading: &mut Reading) {
        if let Some(part) = part {
            let Part { of, get } = self.parts[part.index()];
            self.project(of, reading);
            reading.step(Step::Part(get));
        }
    }

    /// The text that identifies a node: its own slug, or its name, its tags and a number.
    ///
    /// The number tells nodes of one name and the same tags apart; it counts from 1.
    pub(crate) fn slug(&self, id: NodeId) -> String {
        let spec = self.spec(id);
        if let Some(slug) = &spec.slug {
            return slug.to_string();
        }
        let sorted = |spec: &TaskSpec| {
            let mut tags = spec.tags.clone();
            tags.sort_unstable();
            tags
        };
        let tags = sorted(spec);
        let same = |other: &NodeId| {
            let other = self.spec(*other);
            other.name == spec.name && sorted(other) == tags
        };
        let number = self.ids().take(id.index() + 1).filter(same).count();
        let mut slug = spec.name.to_string();
        for tag in tags {
            slug.push('-');
            slug.push_str(&tag);
        }
        format!("{slug}-{number}")
    }
}
