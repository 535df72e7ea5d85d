//! The tasks of a scenario and how they hang together, before anything is built of them.
//!
//! Statements may steer tasks that stand before them, and blocks know their tasks only when they
//! close. So the whole graph is collected first, and then put into an order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::behaviour::Behaviour;
use crate::scenario::{
    CaseSpec, ExtraEdge, FilterSpec, FlowSpec, IfElseSpec, MergeSpec, Options, Ref, ResourceSpec,
    Statement, SwitchSpec, TriggerSpec,
};
use crate::values;

/// A task of the flow, or a parameter.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) work: Work,
    pub(crate) options: Options,
    pub(crate) inputs: Vec<(String, Ref)>,
    pub(crate) after: Vec<Ref>,
}

/// What a task does.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    Parameter {
        name: String,
        default: Option<Json>,
    },
    Do(Behaviour),
    /// Compares a value with this one.
    Compare(Json),
    Truth,
    Merge,
    Filter,
    Init {
        name: String,
        behaviour: Option<Behaviour>,
    },
    Setup(Behaviour),
    Cleanup {
        behaviour: Behaviour,
        has_setup: bool,
    },
}

impl Node {
    fn new(id: impl Into<String>, name: impl Into<String>, work: Work) -> Self {
        let options = Options {
            name: Some(name.into()),
            ..Options::default()
        };
        Self {
            id: id.into(),
            work,
            options,
            inputs: Vec::new(),
            after: Vec::new(),
        }
    }

    fn input(mut self, key: impl Into<String>, from: Ref) -> Self {
        self.inputs.push((key.into(), from));
        self
    }

    pub(crate) fn name(&self) -> &str {
        self.options.name.as_ref().unwrap_or(&self.id)
    }

    pub(crate) fn is_parameter(&self) -> bool {
        matches!(self.work, Work::Parameter { .. })
    }

    pub(crate) fn is_mapped(&self) -> bool {
        self.refs().any(|from| from.mapped)
    }

    /// What the task depends on.
    pub(crate) fn refs(&self) -> impl Iterator<Item = &Ref> {
        self.inputs.iter().map(|(_, from)| from).chain(&self.after)
    }

    pub(crate) fn upstreams(&self) -> impl Iterator<Item = &str> {
        self.refs().filter_map(|from| from.task.as_deref())
    }
}

/// The tasks of a flow, in the order of their declaration.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    by_id: BTreeMap<String, usize>,
}

impl Graph {
    pub(crate) fn of(flow: &FlowSpec) -> Result<Self, String> {
        let mut collector = Collector::default();
        collector.statements(&flow.body)?;
        let mut graph = collector.graph;
        for edge in &flow.extra_edges {
            graph.add_edge(edge)?;
        }
        let unknown = graph
            .nodes
            .iter()
            .flat_map(Node::upstreams)
            .find(|id| graph.get(id).is_none());
        match unknown {
            Some(id) => Err(format!("there is no task `{id}`")),
            None => Ok(graph),
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Node> {
        self.by_id.get(id).map(|at| &self.nodes[*at])
    }

    fn get_mut(&mut self, id: &str) -> Result<&mut Node, String> {
        let at = self
            .by_id
            .get(id)
            .ok_or_else(|| format!("there is no task `{id}`"))?;
        Ok(&mut self.nodes[*at])
    }

    fn add_edge(&mut self, edge: &ExtraEdge) -> Result<(), String> {
        let from = Ref {
            flatten: edge.flatten,
            ..Ref::task(&edge.from, edge.mapped)
        };
        let node = self.get_mut(&edge.to)?;
        match &edge.key {
            Some(key) => node.inputs.push((key.clone(), from)),
            None => node.after.push(from),
        }
        Ok(())
    }

    fn downstreams<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Node> {
        self.nodes
            .iter()
            .filter(move |node| node.upstreams().any(|up| up == id))
    }

    /// The tasks in an order in which each comes after its upstreams: again and again over the
    /// remaining ones as they are declared.
    pub(crate) fn order(&self) -> Result<Vec<&Node>, String> {
        let mut order = Vec::new();
        let mut taken = BTreeSet::new();
        while order.len() < self.nodes.len() {
            let before = order.len();
            for node in &self.nodes {
                if !taken.contains(node.id.as_str())
                    && node.upstreams().all(|up| taken.contains(up))
                {
                    taken.insert(node.id.as_str());
                    order.push(node);
                }
            }
            if order.len() == before {
                return Err("the flow has a cycle".to_owned());
            }
        }
        Ok(order)
    }

    /// The tasks that decide the state of a flow with resources, which the library does not know: not
    /// those that open and close them. Nothing if it is left to the library.
    pub(crate) fn references(&self) -> Vec<&str> {
        let is_cleanup = |node: &Node| matches!(node.work, Work::Cleanup { .. });
        if !self.nodes.iter().any(is_cleanup) {
            return Vec::new();
        }
        let counts = |node: &&Node| {
            !is_cleanup(node)
                && !node.is_parameter()
                && !matches!(node.work, Work::Init { .. })
                && self.downstreams(&node.id).all(is_cleanup)
        };
        self.nodes
            .iter()
            .filter(counts)
            .map(|node| node.id.as_str())
            .collect()
    }
}

/// Goes over the statements of a flow.
#[derive(Default)]
struct Collector {
    graph: Graph,
    /// The tasks in each block that is open, the innermost last.
    cases: Vec<BTreeSet<String>>,
    resources: Vec<BTreeSet<String>>,
}

impl Collector {
    fn add(&mut self, node: Node) -> Result<(), String> {
        if !node.is_parameter() {
            for block in self
                .cases
                .last_mut()
                .into_iter()
                .chain(self.resources.last_mut())
            {
                block.insert(node.id.clone());
            }
        }
        let at = self.graph.nodes.len();
        if self.graph.by_id.insert(node.id.clone(), at).is_some() {
            return Err(format!("there are two tasks `{}`", node.id));
        }
        self.graph.nodes.push(node);
        Ok(())
    }

    fn statements(&mut self, statements: &[Statement]) -> Result<(), String> {
        statements
            .iter()
            .try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), String> {
        match statement {
            Statement::Task(spec) => self.add(Node {
                id: spec.id.clone(),
                work: Work::Do(spec.behaviour.clone()),
                options: spec.options.clone(),
                inputs: spec.inputs.clone().into_iter().collect(),
                after: spec.after.clone(),
            }),
            Statement::Parameter(spec) => {
                let name = spec.name.as_ref().unwrap_or(&spec.id).clone();
                let default = spec.default.clone().filter(|_| !spec.required);
                self.add(Node::new(
                    &spec.id,
                    name.clone(),
                    Work::Parameter { name, default },
                ))
            }
            Statement::Switch(spec) => self.switch(spec),
            Statement::Ifelse(spec) => self.ifelse(spec),
            Statement::Merge(spec) => self.merge(spec),
            Statement::Case(spec) => self.case(spec),
            Statement::Resource(spec) => self.resource(spec),
            Statement::Filter(spec) => self.filter(spec),
        }
    }

    fn switch(&mut self, spec: &SwitchSpec) -> Result<(), String> {
        spec.cases.iter().try_for_each(|branch| {
            let id = format!("{}/{}", spec.id, unquoted(&branch.value));
            self.steer(id, &spec.on, &branch.value, &branch.task, spec.mapped)
        })
    }

    /// Adds a comparison, which a branch waits for.
    fn steer(
        &mut self,
        id: String,
        on: &str,
        value: &Json,
        branch: &str,
        mapped: bool,
    ) -> Result<(), String> {
        let name = format!("CompareValue: \"{}\"", values::text(value));
        let mut node = Node::new(&id, name, Work::Compare(value.clone()));
        node.options.tags = vec!["switch".to_owned()];
        self.add(node.input("value", Ref::task(on, mapped)))?;
        self.graph
            .get_mut(branch)?
            .after
            .push(Ref::task(id, mapped));
        Ok(())
    }

    fn ifelse(&mut self, spec: &IfElseSpec) -> Result<(), String> {
        let condition = format!("{}/bool", spec.id);
        let truth = Node::new(&condition, "as_bool", Work::Truth);
        self.add(truth.input("x", Ref::task(&spec.on, spec.mapped)))?;
        for (value, branch) in [(true, &spec.then), (false, &spec.otherwise)] {
            if let Some(branch) = branch {
                let id = format!("{}/{value}", spec.id);
                self.steer(id, &condition, &Json::Bool(value), branch, spec.mapped)?;
            }
        }
        Ok(())
    }

    fn merge(&mut self, spec: &MergeSpec) -> Result<(), String> {
        let mut node = Node::new(&spec.id, "Merge", Work::Merge);
        node.options.trigger = Some(TriggerSpec::NotAllSkipped);
        node.options.skip_on_upstream_skip = Some(false);
        for (at, arm) in spec.of.iter().enumerate() {
            node = node.input(format!("task_{}", at + 1), Ref::task(arm, spec.mapped));
        }
        self.add(node)
    }

    fn filter(&mut self, spec: &FilterSpec) -> Result<(), String> {
        let mut node = Node::new(&spec.id, "FilterTask", Work::Filter);
        node.options.trigger = Some(TriggerSpec::AllFinished);
        node.options.skip_on_upstream_skip = Some(false);
        self.add(node.input("task_results", Ref::task(&spec.of, false)))
    }

    fn case(&mut self, spec: &CaseSpec) -> Result<(), String> {
        self.cases.push(BTreeSet::new());
        self.statements(&spec.body)?;
        let block = self.cases.pop().unwrap_or_default();
        if block.is_empty() {
            return Ok(());
        }
        let id = format!("{}/case", spec.id);
        let name = format!("case({})", values::text(&spec.value));
        let node = Node::new(&id, name, Work::Compare(spec.value.clone()));
        // It belongs to the block around this one, which is open again.
        self.add(node.input("value", Ref::task(&spec.on, false)))?;
        for child in self.first_in(&block) {
            self.graph
                .get_mut(&child)?
                .after
                .push(Ref::task(&id, false));
        }
        Ok(())
    }

    /// The tasks of a block that have no upstream in it.
    fn first_in(&self, block: &BTreeSet<String>) -> Vec<String> {
        let nodes = self
            .graph
            .nodes
            .iter()
            .filter(|node| block.contains(&node.id));
        let first = nodes.filter(|node| !node.upstreams().any(|up| block.contains(up)));
        first.map(|node| node.id.clone()).collect()
    }

    /// The tasks of a block that have no downstream in it.
    fn last_in(&self, block: &BTreeSet<String>) -> Vec<String> {
        let nodes = self
            .graph
            .nodes
            .iter()
            .filter(|node| block.contains(&node.id));
        let inside = |node: &Node| {
            self.graph
                .downstreams(&node.id)
                .any(|down| block.contains(&down.id))
        };
        nodes
            .filter(|node| !inside(node))
            .map(|node| node.id.clone())
            .collect()
    }

    fn resource(&mut self, spec: &ResourceSpec) -> Result<(), String> {
        let [init, setup, cleanup] =
            ["init", "setup", "cleanup"].map(|part| format!("{}/{part}", spec.id));
        let manager = || Ref::task(&init, false);
        let work = Work::Init {
            name: spec.name.clone(),
            behaviour: spec.init.clone(),
        };
        self.add(Node::new(&init, &spec.name, work))?;
        let has_setup = spec.setup.is_some();
        if let Some(behaviour) = &spec.setup {
            let work = Work::Setup(behaviour.clone());
            let node = Node::new(&setup, format!("{}.setup", spec.name), work);
            self.add(node.input("mgr", manager()))?;
        }
        let work = Work::Cleanup {
            behaviour: spec.cleanup.clone(),
            has_setup,
        };
        let mut node = Node::new(&cleanup, format!("{}.cleanup", spec.name), work);
        node.options.skip_on_upstream_skip = Some(false);
        node = node.input("mgr", manager());
        if has_setup {
            node = node.input("resource", Ref::task(&setup, false));
        }
        self.add(node)?;
        self.resources.push(BTreeSet::new());
        self.statements(&spec.body)?;
        let block = self.resources.pop().unwrap_or_default();
        self.close(&block, has_setup.then_some(&*setup), &cleanup)
    }

    /// Puts the tasks of a block between the set-up of its resource and the clean-up.
    fn close(
        &mut self,
        block: &BTreeSet<String>,
        setup: Option<&str>,
        cleanup: &str,
    ) -> Result<(), String> {
        let (first, last) = (self.first_in(block), self.last_in(block));
        for child in first {
            let node = self.graph.get_mut(&child)?;
            if let Some(setup) = setup
                && !node.upstreams().any(|up| up == setup)
            {
                node.after.push(Ref::task(setup, false));
            }
        }
        let node = self.graph.get_mut(cleanup)?;
        for child in last {
            if !node.upstreams().any(|up| up == child) {
                node.after.push(Ref::task(child, false));
            }
        }
        Ok(())
    }
}

/// A value as it stands in an id: a text without its quotes.
fn unquoted(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        _ => value.to_string(),
    }
}
