//! The compiled graph of a flow: plain data, shared by all its runs.
//!
//! Nodes stand in the order of their declaration, and a node only reads nodes before it, so the graph
//! has no cycles and its order is a topological one. Edges lie in flat lists: a node has ranges.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use crate::branch::Decision;
use crate::error::BuildError;
use crate::input::{Adapt, Binding, Origin, Part, PartId, Source, Step};
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

impl From<Cow<'static, TaskSpec>> for Options {
    fn from(spec: Cow<'static, TaskSpec>) -> Self {
        match spec {
            Cow::Borrowed(spec) => Self::Shared(spec),
            Cow::Owned(spec) => Self::Own(Box::new(spec)),
        }
    }
}

pub(crate) struct Node {
    pub(crate) options: Options,
    pub(crate) scope: Option<ScopeId>,
    /// How many loops stand around the node: a run of it has as many indices.
    pub(crate) depth: u8,
    /// Written by the flow, not by the user: nobody hears of it.
    pub(crate) hidden: bool,
    /// It does not count where the flow ends, and neither do edges to it.
    pub(crate) aside: bool,
    pub(crate) bindings: Range<u32>,
    pub(crate) edges: Range<u32>,
    pub(crate) downstreams: Range<u32>,
    /// How many inputs read the output of one run; `None` if that cannot be counted here, because a
    /// loop or a list reads it.
    pub(crate) readers: Option<u32>,
}

/// What a node waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) up: NodeId,
    /// How many loops stand around both ends.
    pub(crate) shared: u8,
    pub(crate) kind: EdgeKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EdgeKind {
    /// Everything that the upstream is, all runs of it if it is in loops that the node is not in.
    Whole,
    /// One element of what the upstream is, chosen by the index in the loop at `level`, which goes
    /// over it as its list number `at`.
    Element { level: u8, at: u8, flatten: bool },
    /// The upstream decides a branch, and the node stands in this arm of it.
    Gate { arm: u32 },
    /// The node is the value of a branch, and the upstream gives it if this arm is taken.
    Choice { arm: u32 },
}

impl Edge {
    /// Whether element `i` of the upstream goes to run `i` of the node, as soon as it is there.
    pub(crate) const fn is_step(&self) -> bool {
        matches!(self.kind, EdgeKind::Element { level, flatten: false, .. } if level == self.shared)
    }
}

/// An edge as the upstream sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Downstream {
    pub(crate) node: NodeId,
    pub(crate) edge: Edge,
}

/// A loop or an arm of a branch, by its place in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScopeId(pub(crate) u32);

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
        arm: u32,
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

impl Node {
    pub(crate) fn spec(&self) -> &TaskSpec {
        match &self.options {
            Options::Shared(spec) => spec,
            Options::Own(spec) => spec,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.spec().name
    }

    pub(crate) fn tags(&self) -> &[Cow<'static, str>] {
        &self.spec().tags
    }
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
    pub(crate) bindings: Vec<Binding>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) downstreams: Vec<Downstream>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) gathers: Vec<Gather>,
    pub(crate) parts: Vec<Part>,
    pub(crate) parameters: Vec<Parameter>,
    /// The tasks whose states decide the flow's.
    pub(crate) references: Vec<NodeId>,
    pub(crate) output: Binding,
    /// Whether the flow itself has handlers.
    pub(crate) handled: bool,
}

fn range(start: usize, end: usize) -> Range<u32> {
    let narrow = |at| u32::try_from(at).expect("a flow has fewer than 2^32 inputs");
    narrow(start)..narrow(end)
}

fn slice<'a, T>(items: &'a [T], range: &Range<u32>) -> &'a [T] {
    &items[range.start as usize..range.end as usize]
}

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
            bindings: Vec::new(),
            edges: Vec::new(),
            downstreams: Vec::new(),
            scopes: Vec::new(),
            gathers: Vec::new(),
            parts: Vec::new(),
            parameters: Vec::new(),
            references: Vec::new(),
            output: Binding::Constant(Value::new(())),
            handled: false,
        }
    }

    /// Adds a node, with an edge for each thing that it reads or stands in.
    pub(crate) fn add_node(&mut self, new: NewNode) -> Result<NodeId, BuildError> {
        let id = NodeId::new(self.nodes.len());
        let bindings = range(new.first_binding, self.bindings.len());
        let mut edges = Vec::new();
        for binding in slice(&self.bindings, &bindings) {
            match binding {
                Binding::Choice { branch, arms } => {
                    edges.push(self.edge(*branch, new.scope, EdgeKind::Whole)?);
                    for (arm, source) in (0..).zip(arms) {
                        self.read(
                            source.as_ref(),
                            new.scope,
                            EdgeKind::Choice { arm },
                            &mut edges,
                        )?;
                    }
                }
                _ => self.read(binding.sources(), new.scope, EdgeKind::Whole, &mut edges)?,
            }
        }
        self.read(&new.after, new.scope, EdgeKind::Whole, &mut edges)?;
        self.surround(new.scope, &mut edges)?;
        let first = self.edges.len();
        for edge in edges {
            if !self.edges[first..].contains(&edge) {
                self.edges.push(edge);
            }
        }
        self.nodes.push(Node {
            options: new.options,
            scope: new.scope,
            depth: self.depth(new.scope),
            hidden: new.hidden,
            aside: false,
            bindings,
            edges: range(first, self.edges.len()),
            downstreams: 0..0,
            readers: Some(0),
        });
        Ok(id)
    }

    /// The edges of a node that reads `sources`.
    fn read<'a>(
        &self,
        sources: impl IntoIterator<Item = &'a Source>,
        scope: Option<ScopeId>,
        kind: EdgeKind,
        edges: &mut Vec<Edge>,
    ) -> Result<(), BuildError> {
        for source in sources {
            if let Some(up) = self.read_node(*source, scope)? {
                edges.push(self.edge(up, scope, kind)?);
            }
        }
        Ok(())
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
                        task: node.name().to_owned(),
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

    /// The edges that follow from the loops and arms around a node.
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
                        let (level, flatten) = (around.depth - 1, items.flatten.is_some());
                        let kind = EdgeKind::Element { level, at, flatten };
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
        Ok(())
    }

    pub(crate) fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
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
        self.nodes
            .iter()
            .filter_map(|node| node.spec().cache_key_or_name())
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
            .output
            .sources()
            .iter()
            .filter_map(|source| source.node());
        if output
            .chain(self.references.iter().copied())
            .any(|id| foreign(&id))
        {
            return Err(BuildError::ForeignTask);
        }
        self.link();
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
        let first = node.edges.start as usize;
        let own = self.edges.split_off(first);
        let (resource, users) = edges.split_at(1);
        for edge in resource.iter().chain(&own).chain(users) {
            if !self.edges[first..].contains(edge) {
                self.edges.push(*edge);
            }
        }
        self.nodes[id.index()].edges = range(first, self.edges.len());
        Ok(())
    }

    /// What depends on a node inside of a scope, directly or not, and on which nothing more does there.
    fn last_users(&self, node: NodeId, scope: Option<ScopeId>) -> Vec<NodeId> {
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

    /// Whether a node decides a branch.
    pub(crate) fn is_branch(&self, id: NodeId) -> bool {
        self.node(id).spec().output == TypeId::of::<Decision>()
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
        for (node, bounds) in self.nodes.iter_mut().zip(next.windows(2)) {
            node.downstreams = bounds[0]..bounds[1];
        }
        let mut turned = vec![None; self.edges.len()];
        for id in self.ids() {
            for &edge in slice(&self.edges, &self.nodes[id.index()].edges) {
                let at = &mut next[edge.up.index()];
                turned[*at as usize] = Some(Downstream { node: id, edge });
                *at += 1;
            }
        }
        self.downstreams = turned.into_iter().flatten().collect();
        self.count_readers();
    }

    fn count_readers(&mut self) {
        for id in self.ids() {
            let depth = self.node(id).depth;
            let range = self.node(id).bindings.clone();
            let bindings = slice(&self.bindings, &range);
            let chosen = bindings.iter().flat_map(Binding::chosen);
            let sources = bindings.iter().flat_map(Binding::sources).chain(chosen);
            let sources: Vec<_> = sources.copied().collect();
            for source in sources {
                match source.origin {
                    Origin::Node(up) if self.nodes[up.index()].depth == depth => {
                        let readers = &mut self.nodes[up.index()].readers;
                        *readers = readers.map(|count| count + 1);
                    }
                    _ => self.uncounted(source),
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
        let output = self.output.sources().iter().copied();
        let others: Vec<_> = overs.chain(gathered).chain(output).collect();
        for source in others {
            self.uncounted(source);
        }
    }

    /// The source is read who knows how often.
    fn uncounted(&mut self, source: Source) {
        if let Origin::Node(up) = source.origin {
            self.nodes[up.index()].readers = None;
        }
    }

    fn check_slugs(&self) -> Result<(), BuildError> {
        let mut seen = HashSet::new();
        let slugs = self
            .nodes
            .iter()
            .filter_map(|node| node.spec().slug.as_deref());
        match slugs.into_iter().find(|slug| !seen.insert(*slug)) {
            Some(slug) => Err(BuildError::SlugTwice(slug.to_owned())),
            None => Ok(()),
        }
    }

    fn check_retries(&self, id: NodeId) -> Result<(), BuildError> {
        let spec = self.node(id).spec();
        let task = || spec.name.to_string();
        match (spec.max_retries, spec.retry_delay) {
            (1.., None) => Err(BuildError::NoRetryDelay { task: task() }),
            (0, Some(_)) => Err(BuildError::NoRetries { task: task() }),
            _ => Ok(()),
        }
    }

    /// A task that needs a value may only run when its upstream gave one.
    fn check_values(&self, id: NodeId) -> Result<(), BuildError> {
        let spec = self.node(id).spec();
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
                    upstream: self.node(upstream).name().to_owned(),
                });
            }
        }
        Ok(())
    }

    /// A validator that compares inputs needs a text of each.
    fn check_cache(&self, id: NodeId) -> Result<(), BuildError> {
        let spec = self.node(id).spec();
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

    pub(crate) fn bindings(&self, id: NodeId) -> &[Binding] {
        slice(&self.bindings, &self.node(id).bindings)
    }

    pub(crate) fn edges(&self, id: NodeId) -> &[Edge] {
        slice(&self.edges, &self.node(id).edges)
    }

    /// Who waits for `id`, in the order of their declaration.
    pub(crate) fn downstreams(&self, id: NodeId) -> &[Downstream] {
        slice(&self.downstreams, &self.node(id).downstreams)
    }

    /// Adds the steps from a whole value to `part`.
    pub(crate) fn project(&self, part: Option<PartId>, steps: &mut Vec<Step>) {
        if let Some(part) = part {
            let Part { of, get } = self.parts[part.0 as usize];
            self.project(of, steps);
            steps.push(Step::Part(get));
        }
    }

    /// The text that identifies a node: its own slug, or its name, its tags and a number.
    ///
    /// The number tells nodes of one name and the same tags apart; it counts from 1.
    pub(crate) fn slug(&self, id: NodeId) -> String {
        let spec = self.node(id).spec();
        if let Some(slug) = &spec.slug {
            return slug.to_string();
        }
        let sorted = |spec: &TaskSpec| {
            let mut tags = spec.tags.clone();
            tags.sort_unstable();
            tags
        };
        let tags = sorted(spec);
        let same = |node: &&Node| node.name() == spec.name && sorted(node.spec()) == tags;
        let number = self.nodes[..=id.index()].iter().filter(same).count();
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
            EdgeKind::Element { level, .. } => write!(f, "{:?}[{level}]", self.up),
            EdgeKind::Gate { arm } => write!(f, "{:?} takes {arm}", self.up),
            EdgeKind::Choice { arm } => write!(f, "{:?} if {arm}", self.up),
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
            writeln!(
                f,
                "  {id:?} {bindings:?} {edges:?}: {:?}",
                self.node(id).spec()
            )?;
        }
        write!(
            f,
            "  output {:?}, references {:?}",
            self.output, self.references
        )
    }
}
