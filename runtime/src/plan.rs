//! The compiled graph of a flow: plain data, shared by all its runs.
//!
//! Nodes stand in the order of their declaration, and a node only reads nodes before it, so the graph
//! has no cycles and its order is a topological one. Edges lie in flat lists: a node has ranges.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::num::NonZero;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::branch::Decision;
use crate::error::BuildError;
use crate::input::{Adapt, Binding, Bindings, Origin, Part, PartId, Reading, Source, Step};
use crate::state::StateKind;
use crate::task::TaskSpec;
use crate::value::Value;

/// A node of a plan, by its place in the order of declaration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

impl NodeId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("a flow has fewer than 2^32 tasks"))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// The options of a node: those of its task, or its own.
pub(crate) enum Options {
    Shared(&'static TaskSpec),
    Own(Box<TaskSpec>),
}

impl Options {
    fn spec(&self) -> &TaskSpec {
        match self {
            Self::Shared(spec) => spec,
            Self::Own(spec) => spec,
        }
    }
}

impl From<Cow<'static, TaskSpec>> for Options {
    fn from(spec: Cow<'static, TaskSpec>) -> Self {
        match spec {
            Cow::Borrowed(spec) => Self::Shared(spec),
            Cow::Owned(spec) => Self::Own(Box::new(spec)),
        }
    }
}

/// A node: what it reads and waits for follows, in flat lists, what the node before it does.
pub(crate) struct Node {
    options: u32,
    pub(crate) scope: Option<ScopeId>,
    first_binding: u32,
    first_edge: u32,
    /// How many inputs read the output of one run; `UNCOUNTED` if that cannot be counted here, because
    /// a loop or a list reads it.
    readers: u32,
    /// How many loops stand around the node: a run of it has as many indices.
    pub(crate) depth: u8,
    /// Written by the flow, not by the user: nobody hears of it.
    pub(crate) hidden: bool,
    /// It does not count where the flow ends, and neither do edges to it.
    pub(crate) aside: bool,
    pub(crate) asks: Asks,
    /// If all goes well there is nothing to ask: no branch, no kept result, no trigger of its own, nobody
    /// who listens, and outside of loops no list of what a loop gave.
    pub(crate) straight: bool,
}

const UNCOUNTED: u32 = u32::MAX;

/// What a run of a node has to ask before its body is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// What loops, branches and kept results say.
    All,
    /// The trigger.
    Trigger,
}

impl Node {
    /// How many inputs read the output of one run, if that can be counted.
    pub(crate) fn readers(&self) -> Option<u32> {
        Some(self.readers).filter(|readers| *readers != UNCOUNTED)
    }
}

/// What a node waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Edge {
    pub(crate) up: NodeId,
    /// How many loops stand around both ends.
    pub(crate) shared: u8,
    pub(crate) kind: EdgeKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EdgeKind {
    /// Everything that the upstream is, all runs of it if it is in loops that the node is not in.
    Whole,
    /// One element of what the upstream is, chosen by the index in the loop at `level`, which goes
    /// over it as its list number `at`.
    Element { level: u8, at: u8 },
    /// The same, of lists that are laid end to end.
    Flattened { level: u8, at: u8 },
    /// The upstream decides a branch, and the node stands in this arm of it.
    Gate { arm: ArmId },
    /// The node is the value of a branch, and the upstream gives it if this arm is taken.
    Choice { arm: ArmId },
}

/// An arm of a branch, by its number. In two bytes an edge takes eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ArmId([u8; 2]);

impl ArmId {
    pub(crate) fn new(number: u32) -> Self {
        let number = u16::try_from(number).expect("a branch has fewer than 2^16 arms");
        Self(number.to_ne_bytes())
    }

    pub(crate) fn number(self) -> u32 {
        u16::from_ne_bytes(self.0).into()
    }
}

impl Edge {
    /// Whether it is neither of a branch nor of lists that are laid end to end.
    const fn is_simple(self) -> bool {
        matches!(self.kind, EdgeKind::Whole | EdgeKind::Element { .. })
    }

    /// Whether element `i` of the upstream goes to run `i` of the node, as soon as it is there.
    pub(crate) const fn is_step(self) -> bool {
        matches!(self.kind, EdgeKind::Element { level, .. } if level == self.shared)
    }
}

/// An edge as the upstream sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Downstream {
    pub(crate) node: NodeId,
    edge: u32,
}

/// A loop or an arm of a branch, by its place in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScopeId(NonZero<u32>);

impl ScopeId {
    pub(crate) fn new(index: usize) -> Self {
        let number = u32::try_from(index + 1).ok().and_then(NonZero::new);
        Self(number.expect("a flow has fewer than 2^32 loops and arms"))
    }

    pub(crate) const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// A part of the flow that is run for each element, or only if its arm is taken.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) parent: Option<ScopeId>,
    pub(crate) depth: u8,
    pub(crate) kind: ScopeKind,
}

#[derive(Clone, Debug)]
pub(crate) enum ScopeKind {
    Loop(Vec<Items>),
    Arm {
        branch: NodeId,
        arm: ArmId,
        text: Cow<'static, str>,
    },
}

/// What a loop goes over; several go in step.
#[derive(Clone)]
pub(crate) struct Items {
    pub(crate) over: Over,
    pub(crate) list: List,
    /// The lists in the list are laid end to end, and this is how they are reached in one value; what
    /// runs of a loop gave are lists of their own.
    pub(crate) flatten: Option<List>,
}

impl Items {
    /// How the elements of one value are reached.
    pub(crate) const fn of_value(&self) -> List {
        match self.flatten {
            Some(flat) => flat,
            None => self.list,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Over {
    Constant(Value),
    Source(Source),
}

/// How the elements of a list are reached.
#[derive(Clone, Copy)]
pub(crate) struct List {
    /// The number of elements, if the value is a list.
    pub(crate) len: fn(&dyn Any) -> Option<usize>,
    pub(crate) get: fn(&dyn Any, usize) -> Option<&dyn Any>,
}

/// The list of what a source inside a loop is, over all runs of the loop.
#[derive(Clone, Copy)]
pub(crate) struct Gather {
    pub(crate) inner: Source,
    /// A node of the loop: it has one run for each element.
    pub(crate) node: NodeId,
    /// How many loops stand around the list.
    pub(crate) depth: u8,
    pub(crate) adapt: Adapt,
}

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
    /// The edges by their upstreams, and where those of each node begin.
    downstreams: Vec<Downstream>,
    first_downstreams: Vec<u32>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) gathers: Vec<Gather>,
    pub(crate) parts: Vec<Part>,
    pub(crate) parameters: Vec<Parameter>,
    /// The tasks that wait for nothing.
    pub(crate) sources: Vec<NodeId>,
    /// The tasks whose states decide the flow's.
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

/// Edges of one node from here on are looked up: there may be as many as there are tasks.
const MANY: usize = 16;

/// Loops may be nested this deep.
pub(crate) const MAX_DEPTH: usize = 8;

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
    pub(crate) fn new(name: Cow<'static, str>) -> Self {
        Self {
            name,
            nodes: Vec::new(),
            options: Vec::new(),
            bindings: Bindings::default(),
            edges: Vec::new(),
            downstreams: Vec::new(),
            first_downstreams: Vec::new(),
            scopes: Vec::new(),
            gathers: Vec::new(),
            parts: Vec::new(),
            parameters: Vec::new(),
            sources: Vec::new(),
            references: Vec::new(),
            output: None,
            spare: Mutex::new(None),
            handled: false,
        }
    }

    /// Adds a node, with an edge for each thing that it reads or stands in.
    pub(crate) fn add_node(&mut self, new: NewNode) -> Result<NodeId, BuildError> {
        let id = NodeId::new(self.nodes.len());
        let first_edge = self.edges.len();
        for at in new.first_binding..self.bindings.all().len() {
            self.read_binding(at, new.scope)?;
        }
        for source in &new.after {
            self.read(*source, new.scope, EdgeKind::Whole)?;
        }
        self.surround(new.scope)?;
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

    fn read_binding(&mut self, at: usize, scope: Option<ScopeId>) -> Result<(), BuildError> {
        let mut next = 0;
        while let Some((source, kind)) = self.bindings.all()[at].edge(next) {
            if let Some(source) = source {
                self.read(source, scope, kind)?;
            }
            next += 1;
        }
        Ok(())
    }

    /// Adds the edge of a node that reads `source`.
    fn read(
        &mut self,
        source: Source,
        scope: Option<ScopeId>,
        kind: EdgeKind,
    ) -> Result<(), BuildError> {
        if let Some(up) = self.read_node(source, scope)? {
            let edge = self.edge(up, scope, kind)?;
            self.edges.push(edge);
        }
        Ok(())
    }

    /// Leaves out edges of the last node that are there already.
    fn keep_different(&mut self, first: usize) {
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

    /// The node that gives `source`; an element of a list has no node of its own.
    fn read_node(
        &self,
        source: Source,
        scope: Option<ScopeId>,
    ) -> Result<Option<NodeId>, BuildError> {
        match source.origin {
            Origin::Node(up) => {
                let node = self.nodes.get(up.index()).ok_or(BuildError::ForeignTask)?;
                if node.depth > self.shared(node.scope, scope) {
                    return Err(BuildError::LeavesLoop {
                        task: self.task_name(up).to_owned(),
                    });
                }
                Ok(Some(up))
            }
            Origin::Gathered(at) => Ok(Some(self.gathers[at as usize].node)),
            Origin::Parameter(_) | Origin::Item { .. } => Ok(None),
        }
    }

    fn edge(&self, up: NodeId, scope: Option<ScopeId>, kind: EdgeKind) -> Result<Edge, BuildError> {
        let node = self.nodes.get(up.index()).ok_or(BuildError::ForeignTask)?;
        Ok(Edge {
            up,
            shared: self.shared(node.scope, scope),
            kind,
        })
    }

    /// Adds the edges that follow from the loops and arms around a node.
    fn surround(&mut self, scope: Option<ScopeId>) -> Result<(), BuildError> {
        let mut edges = Vec::new();
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
                        let up = self.read_node(source, around.parent)?;
                        edges.extend(up.map(|up| {
                            let shared = self.shared(self.node(up).scope, around.parent);
                            Edge { up, shared, kind }
                        }));
                    }
                }
            }
        }
        self.edges.extend(edges);
        Ok(())
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

    /// Whether a node decides a branch.
    pub(crate) fn is_branch(&self, id: NodeId) -> bool {
        self.spec(id).output == TypeId::of::<Decision>()
    }

    /// Whether a node is one of the last that the user wrote, apart from those that stand aside.
    /// The tasks on which no other depends.
    pub(crate) fn terminals(&self) -> impl Iterator<Item = NodeId> {
        self.ids().filter(|id| self.is_terminal(*id))
    }

    fn is_terminal(&self, id: NodeId) -> bool {
        let node = self.node(id);
        !node.hidden && !node.aside && self.ends(id)
    }

    /// Whether nothing that counts comes after a node.
    fn ends(&self, id: NodeId) -> bool {
        self.downstreams(id).iter().all(|down| {
            let node = self.node(down.node);
            node.aside || (node.hidden && self.ends(down.node))
        })
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

    fn check_slugs(&self) -> Result<(), BuildError> {
        let mut seen = HashSet::new();
        let slugs = self
            .ids()
            .filter_map(|node| self.spec(node).slug.as_deref());
        match slugs.into_iter().find(|slug| !seen.insert(*slug)) {
            Some(slug) => Err(BuildError::SlugTwice(slug.to_owned())),
            None => Ok(()),
        }
    }

    fn check_retries(&self, id: NodeId) -> Result<(), BuildError> {
        let spec = self.spec(id);
        let task = || spec.name.to_string();
        match (spec.max_retries, spec.retry_delay) {
            (1.., None) => Err(BuildError::NoRetryDelay { task: task() }),
            (0, Some(_)) => Err(BuildError::NoRetries { task: task() }),
            _ => Ok(()),
        }
    }

    /// A task that needs a value may only run when its upstream gave one.
    fn check_values(&self, id: NodeId) -> Result<(), BuildError> {
        let spec = self.spec(id);
        let hidden = self.node(id).hidden;
        if hidden || (spec.skip_on_upstream_skip && spec.trigger.needs_success()) {
            return Ok(());
        }
        for (at, binding) in self.bindings(id).iter().enumerate() {
            let scope = self.node(id).scope;
            let nodes = binding
                .sources()
                .iter()
                .map(|source| self.read_node(*source, scope));
            let needed = nodes.filter_map(Result::ok).flatten().next();
            // A clean-up only runs where there is what it cleans up.
            let certain = |up: &NodeId| {
                let first = self.edges(id).first();
                spec.trigger.cleans_up() && first.is_some_and(|edge| edge.up == *up)
            };
            let needed = needed.filter(|up| binding.is_required() && !certain(up));
            if let Some(upstream) = needed {
                return Err(BuildError::NeedsValue {
                    task: spec.name.to_string(),
                    parameter: spec.parameters.get(at).unwrap_or("?").to_owned(),
                    upstream: self.task_name(upstream).to_owned(),
                });
            }
        }
        Ok(())
    }

    /// A validator that compares inputs needs a text of each.
    fn check_cache(&self, id: NodeId) -> Result<(), BuildError> {
        let spec = self.spec(id);
        let Some(validator) = spec.cache.as_ref().map(|policy| policy.validator()) else {
            return Ok(());
        };
        let task = || spec.name.to_string();
        let has_text = |at| spec.texts.is_some_and(|texts| texts.has(at));
        let mut compared = (0..).map_while(|at| Some((at, spec.parameters.get(at)?)));
        if let Some((_, name)) =
            compared.find(|(at, name)| validator.compares_input(name) && !has_text(*at))
        {
            return Err(BuildError::NotComparable {
                task: task(),
                parameter: name.to_owned(),
            });
        }
        let is_declared = |name: &str| spec.parameters.position(name).is_some();
        match validator.input_names().find(|name| !is_declared(name)) {
            Some(name) if spec.parameters.are_static() => Err(BuildError::UnknownInput {
                task: task(),
                parameter: name.to_owned(),
            }),
            _ => Ok(()),
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
        self.options.iter().map(Options::spec)
    }

    pub(crate) fn spec(&self, id: NodeId) -> &TaskSpec {
        self.options[self.node(id).options as usize].spec()
    }

    pub(crate) fn task_name(&self, id: NodeId) -> &str {
        &self.spec(id).name
    }

    fn binding_range(&self, id: NodeId) -> Range<usize> {
        let next = self.nodes.get(id.index() + 1);
        let end = next.map_or(self.bindings.all().len(), |node| {
            node.first_binding as usize
        });
        self.node(id).first_binding as usize..end
    }

    pub(crate) fn bindings(&self, id: NodeId) -> &[Binding] {
        &self.bindings.all()[self.binding_range(id)]
    }

    fn edge_range(&self, id: NodeId) -> Range<usize> {
        let next = self.nodes.get(id.index() + 1);
        let end = next.map_or(self.edges.len(), |node| node.first_edge as usize);
        self.node(id).first_edge as usize..end
    }

    pub(crate) fn edges(&self, id: NodeId) -> &[Edge] {
        &self.edges[self.edge_range(id)]
    }

    /// Who waits for `id`, in the order of their declaration.
    pub(crate) fn downstreams(&self, id: NodeId) -> &[Downstream] {
        let (first, next) = (id.index(), id.index() + 1);
        let range = self.first_downstreams[first]..self.first_downstreams[next];
        &self.downstreams[range.start as usize..range.end as usize]
    }

    pub(crate) fn edge_to(&self, downstream: Downstream) -> Edge {
        self.edges[downstream.edge as usize]
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

/// Functions have no text worth printing.
impl fmt::Debug for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flatten = if self.flatten.is_some() {
            " flattened"
        } else {
            ""
        };
        match &self.over {
            Over::Constant(_) => write!(f, "constant{flatten}"),
            Over::Source(source) => write!(f, "{source:?}{flatten}"),
        }
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            EdgeKind::Whole => write!(f, "{:?}", self.up),
            EdgeKind::Element { level, .. } | EdgeKind::Flattened { level, .. } => {
                write!(f, "{:?}[{level}]", self.up)
            }
            EdgeKind::Gate { arm } => write!(f, "{:?} takes {}", self.up, arm.number()),
            EdgeKind::Choice { arm } => write!(f, "{:?} if {}", self.up, arm.number()),
        }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "flow {:?}", self.name)?;
        for (at, parameter) in self.parameters.iter().enumerate() {
            let default = if parameter.default.is_some() {
                " with a default"
            } else {
                ""
            };
            writeln!(f, "  parameter {at} {:?}{default}", parameter.name)?;
        }
        for id in self.ids() {
            let (bindings, edges) = (self.bindings(id), self.edges(id));
            writeln!(f, "  {id:?} {bindings:?} {edges:?}: {:?}", self.spec(id))?;
        }
        write!(
            f,
            "  output {:?}, references {:?}",
            self.output, self.references
        )
    }
}
