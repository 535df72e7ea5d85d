//! The compiled graph of a flow: plain data, shared by all its runs.
//!
//! Nodes stand in the order of their declaration, and a node only reads nodes before it, so the graph
//! has no cycles and its order is a topological one. Edges lie in flat lists: a node has ranges.

use std::any::Any;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use crate::error::BuildError;
use crate::input::{Binding, Part, PartId};
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
    pub(crate) bindings: Range<u32>,
    pub(crate) upstreams: Range<u32>,
    pub(crate) downstreams: Range<u32>,
    /// How many inputs read the node's output, the flow's own output included.
    pub(crate) readers: u32,
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
    pub(crate) upstreams: Vec<NodeId>,
    pub(crate) downstreams: Vec<NodeId>,
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

impl Plan {
    pub(crate) fn new(name: Cow<'static, str>) -> Self {
        Self {
            name,
            nodes: Vec::new(),
            bindings: Vec::new(),
            upstreams: Vec::new(),
            downstreams: Vec::new(),
            parts: Vec::new(),
            parameters: Vec::new(),
            references: Vec::new(),
            output: Binding::Constant(Value::new(())),
            handled: false,
        }
    }

    /// Adds a node whose bindings are those from number `start` on.
    pub(crate) fn add_node(
        &mut self,
        options: Options,
        start: usize,
        after: impl Iterator<Item = NodeId>,
    ) -> Result<NodeId, BuildError> {
        let id = NodeId::new(self.nodes.len());
        let first = self.upstreams.len();
        let inputs = self.bindings[start..].iter().flat_map(Binding::sources);
        for upstream in inputs.filter_map(|source| source.node()).chain(after) {
            if upstream >= id {
                return Err(BuildError::ForeignTask);
            }
            if !self.upstreams[first..].contains(&upstream) {
                self.upstreams.push(upstream);
            }
        }
        self.nodes.push(Node {
            options,
            bindings: range(start, self.bindings.len()),
            upstreams: range(first, self.upstreams.len()),
            downstreams: 0..0,
            readers: 0,
        });
        Ok(id)
    }

    /// Checks the declaration and adds what follows from all of it: downstreams, readers, references.
    pub(crate) fn finish(&mut self) -> Result<(), BuildError> {
        self.check_slugs()?;
        for id in self.ids() {
            self.check_retries(id)?;
            self.check_values(id)?;
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
            let terminal = |id: &NodeId| self.node(*id).downstreams.is_empty();
            self.references = self.ids().filter(terminal).collect();
        }
        Ok(())
    }

    /// Turns the edges round, by a counting sort, and counts the readers of every output.
    fn link(&mut self) {
        let mut next = vec![0; self.nodes.len() + 1];
        for upstream in &self.upstreams {
            next[upstream.index() + 1] += 1;
        }
        for at in 1..next.len() {
            next[at] += next[at - 1];
        }
        for (node, bounds) in self.nodes.iter_mut().zip(next.windows(2)) {
            node.downstreams = bounds[0]..bounds[1];
        }
        self.downstreams = vec![NodeId(0); self.upstreams.len()];
        for id in self.ids() {
            for &upstream in slice(&self.upstreams, &self.nodes[id.index()].upstreams) {
                let at = &mut next[upstream.index()];
                self.downstreams[*at as usize] = id;
                *at += 1;
            }
        }
        let bindings = self.bindings.iter().chain([&self.output]);
        for source in bindings.flat_map(Binding::sources) {
            if let Some(id) = source.node() {
                self.nodes[id.index()].readers += 1;
            }
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
        if spec.skip_on_upstream_skip && spec.trigger.needs_success() {
            return Ok(());
        }
        for (at, binding) in self.bindings(id).iter().enumerate() {
            let mut needed = binding.sources().iter().filter_map(|source| source.node());
            if let Some(upstream) = needed.next().filter(|_| binding.is_required()) {
                return Err(BuildError::NeedsValue {
                    task: spec.name.to_string(),
                    parameter: spec.parameters.get(at).copied().unwrap_or("?").to_owned(),
                    upstream: self.node(upstream).name().to_owned(),
                });
            }
        }
        Ok(())
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

    /// The nodes that `id` waits for, each once, in the order of its inputs.
    pub(crate) fn upstreams(&self, id: NodeId) -> &[NodeId] {
        slice(&self.upstreams, &self.node(id).upstreams)
    }

    /// The nodes that wait for `id`, in the order of their declaration.
    pub(crate) fn downstreams(&self, id: NodeId) -> &[NodeId] {
        slice(&self.downstreams, &self.node(id).downstreams)
    }

    /// The part of `whole` that `part` means.
    pub(crate) fn project<'a>(&self, part: PartId, whole: &'a dyn Any) -> &'a dyn Any {
        let Part { of, get } = self.parts[part.0 as usize];
        match of {
            Some(outer) => get(self.project(outer, whole)),
            None => get(whole),
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
            let (bindings, upstreams) = (self.bindings(id), self.upstreams(id));
            writeln!(
                f,
                "  {id:?} {bindings:?} after {upstreams:?}: {:?}",
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
