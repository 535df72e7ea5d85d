//! What task runs read: their upstreams' states, the lists of their loops, and their inputs.

use super::cell::Flat;
use super::pipeline::{self, Move};
use super::runs::Path;
use super::{Attempt, Engine, RunId};
use crate::branch::Decision;
use crate::error::TaskError;
use crate::input::{Adapt, Binding, Inputs, Origin, Reading, Several, Slot, Source, Step};
use crate::plan::{ArmId, Edge, EdgeKind, Items, NodeId, Over, ScopeId, ScopeKind};
use crate::state::{State, StateKind, Text};
use crate::value::{Plain, Value};

/// Who reads: a run of a task, by its path.
#[derive(Clone, Copy)]
struct Reader {
    node: NodeId,
    path: Path,
}

/// What is known of a list before a loop over it starts.
enum Length {
    Known(usize),
    /// Its upstream failed or was skipped, or gave no value.
    Absent,
    /// It is no list.
    NoList,
}

impl Engine {
    /// The end of a run that stands in an arm of a branch which was not taken.
    pub(super) fn refused_arm(&self, run: RunId) -> Option<Move> {
        let node = self.runs.node(run);
        let path = self.runs.path(run);
        let gate = |edge: &Edge| match edge.kind {
            EdgeKind::Gate { arm } => Some((self.runs.at(edge.up, path.to(edge.shared)), arm)),
            _ => None,
        };
        // Where a loop stands around the branch, its parent knows nothing of arms.
        let gates = self
            .plan
            .edges(node)
            .iter()
            .filter(|edge| usize::from(edge.shared) <= path.len());
        for (branch, arm) in gates.filter_map(gate) {
            let state = &self.runs[branch].state;
            match state.result::<Decision>() {
                Some(decision) if decision.arm == arm.number() => {}
                Some(_) => {
                    let branch = self.runs.node(branch);
                    return Some(pipeline::other_arm(self.arm_text(node, branch, arm)));
                }
                None if state.kind().is_skipped() => return Some(pipeline::upstream_skip()),
                None => return Some(pipeline::no_arm()),
            }
        }
        None
    }

    fn arm_text(&self, node: NodeId, of: NodeId, taken: ArmId) -> &str {
        let scopes = self.plan.around(self.plan.node(node).scope);
        let texts = scopes.filter_map(|id| match &self.plan.scope(id).kind {
            ScopeKind::Arm { branch, arm, text } if *branch == of && *arm == taken => Some(&**text),
            _ => None,
        });
        texts.into_iter().next().unwrap_or_default()
    }

    /// The runs whose states a run is judged by.
    pub(super) fn collect_upstreams(&self, run: RunId, upstreams: &mut Vec<RunId>) {
        let node = self.runs.node(run);
        let path = self.runs.path(run);
        let edges = self.plan.edges(node);
        for edge in edges {
            if let EdgeKind::Choice { arm } = edge.kind
                && self
                    .choice(node, path)
                    .is_some_and(|taken| taken != arm.number())
            {
                continue;
            }
            self.runs.along(*edge, node, path, upstreams);
        }
    }

    /// The arm whose value a node chooses.
    fn choice(&self, node: NodeId, path: Path) -> Option<u32> {
        let branch = self
            .plan
            .bindings(node)
            .iter()
            .find_map(|binding| match binding {
                Binding::Several(several) => match **several {
                    Several::Choice { branch, .. } => Some(branch),
                    _ => None,
                },
                _ => None,
            })?;
        let depth = self.plan.node(branch).depth;
        let branch = self.runs.at(branch, path.to(depth));
        self.runs[branch]
            .state
            .result::<Decision>()
            .map(|decision| decision.arm)
    }

    /// What becomes of the parent of a loop: as many children as its shortest list has elements.
    pub(super) fn map(&self, run: RunId) -> Move {
        let (lengths, _) = self.lengths(run);
        if !lengths
            .iter()
            .any(|length| !matches!(length, Length::Absent))
        {
            return pipeline::unmappable(Text::NothingToMap);
        }
        if lengths
            .iter()
            .any(|length| matches!(length, Length::NoList))
        {
            return pipeline::unmappable(Text::Unmappable);
        }
        pipeline::mapped(shortest(&lengths))
    }

    /// Gives a parent that is `Mapped` its children.
    pub(super) fn expand(&mut self, run: RunId) {
        let parent = self.runs.is_parent(&self.plan, run);
        if parent && self.runs[run].state.is(StateKind::Mapped) {
            let (lengths, flats) = self.lengths(run);
            let count = match self.lists_nothing(run) {
                true => 0,
                false => shortest(&self.there(run, lengths, &flats)),
            };
            let state = &mut self.runs[run].state;
            // The state of an earlier run, or of a handler, does not say it.
            *state = std::mem::replace(state, State::new(StateKind::Mapped)).or_children(count);
            let flats = flats.into_iter().map(Option::unwrap_or_default).collect();
            let ready = &mut self.ready;
            self.runs
                .expand(&self.plan, run, count, flats, &mut |id| ready.push_back(id));
        }
    }

    /// The lengths of lists that are there: less than was announced, or more where they are laid end to
    /// end.
    fn there(
        &self,
        run: RunId,
        mut lengths: Vec<Length>,
        flats: &[Option<Vec<Flat>>],
    ) -> Vec<Length> {
        let path = self.runs.path(run);
        let lists = self.plan.lists(self.runs.node(run), path.len());
        for ((length, flats), items) in lengths.iter_mut().zip(flats).zip(lists) {
            let parent = match items.over {
                Over::Source(source) => self.parent_of(source, path),
                Over::Constant(_) => None,
            };
            let children = parent.and_then(|parent| self.runs[parent].children());
            if let Some(count) = flats
                .as_ref()
                .map(Vec::len)
                .or(children.map(|all| all.runs.len()))
            {
                *length = Length::Known(count);
            }
        }
        lengths
    }

    /// The lengths of the lists that a parent goes over, and the elements of those that are flattened.
    fn lengths(&self, run: RunId) -> (Vec<Length>, Vec<Option<Vec<Flat>>>) {
        let node = self.runs.node(run);
        let path = self.runs.path(run);
        let lists = self.plan.lists(node, path.len());
        let flats: Vec<_> = lists
            .iter()
            .map(|items| self.flatten(items, path))
            .collect();
        // Lists of lists count as they are announced: before they are laid end to end.
        let own = lists.iter().map(|items| self.length(items, node, path));
        // What stands in the same loop is one list more: element by element.
        let beside = self
            .plan
            .edges(node)
            .iter()
            .filter(|edge| usize::from(edge.shared) > path.len());
        let beside = beside.map(|edge| {
            let up = self.runs.at(edge.up, path);
            match self.runs[up].child_runs() {
                Some(children) => Length::Known(children.len()),
                None => Length::Absent,
            }
        });
        let lengths = own.chain(beside).collect();
        (lengths, flats)
    }

    /// Whether one of the lists is that of a task which ended without a list, and without a reason that
    /// could stand in its place: then there are no elements.
    fn lists_nothing(&self, run: RunId) -> bool {
        let path = self.runs.path(run);
        let lists = self.plan.lists(self.runs.node(run), path.len());
        let nothing = |items: &Items| match items.over {
            Over::Constant(_) => None,
            Over::Source(source) => {
                let node = self.plan.run_node(source)?;
                let state = &self.runs[self.runs.at(node, path)].state;
                (!state.kind().is_successful() && state.is_empty()).then_some(())
            }
        };
        lists.iter().any(|items| nothing(items).is_some())
    }

    fn length(&self, items: &Items, node: NodeId, path: Path) -> Length {
        let len = items.of_value().len;
        let of = |value: Option<&dyn std::any::Any>| match value.and_then(len) {
            Some(length) => Length::Known(length),
            None => Length::NoList,
        };
        match &items.over {
            Over::Constant(value) => of(Some(value.as_any())),
            Over::Source(source) => match self.parent_of(*source, path) {
                // A loop counts as it was announced.
                Some(parent) => {
                    Length::Known(self.runs[parent].state.children().unwrap_or_default())
                }
                None if !self.succeeded(*source, path) => Length::Absent,
                None => match self.resolve(*source, Reader { node, path }) {
                    Ok(Slot::Value(reading)) => of(reading.any()),
                    Ok(Slot::Adapted(_) | Slot::Taken) => Length::NoList,
                    Err(absent) if absent.is_no_value_of_success() => Length::NoList,
                    Err(_) => Length::Absent,
                },
            },
        }
    }

    /// Whether what a list comes from went well; a skip did.
    fn succeeded(&self, source: Source, path: Path) -> bool {
        let node = self.plan.run_node(source);
        node.is_none_or(|node| {
            let run = self.runs.at(node, path.to(self.plan.node(node).depth));
            self.runs[run].state.kind().is_successful()
        })
    }

    /// The runs that are the elements of a list which a loop gave.
    fn children_of(&self, source: Source, path: Path) -> Option<Vec<RunId>> {
        let parent = self.parent_of(source, path)?;
        self.runs[parent].child_runs().map(Iterator::collect)
    }

    /// The run that is expanded into those.
    fn parent_of(&self, source: Source, path: Path) -> Option<RunId> {
        let (node, path) = match source.origin {
            Origin::Gathered(at) => {
                let gather = self.plan.gather(at);
                (gather.node, path.to(gather.depth))
            }
            Origin::Item { scope, at } => {
                let (_, inner, path) = self.element_source(scope, at, path)?;
                return self.parent_of(inner, path);
            }
            Origin::Node(_) | Origin::Parameter(_) => return None,
        };
        let parent = self.runs.at(node, path);
        self.runs[parent].child_runs().map(|_| parent)
    }

    /// If a loop goes over what another loop gave: what one element of it is, and on which path.
    fn element_source(&self, scope: ScopeId, at: u8, path: Path) -> Option<(NodeId, Source, Path)> {
        let scope = self.plan.scope(scope);
        let ScopeKind::Loop(lists) = &scope.kind else {
            return None;
        };
        let Over::Source(Source {
            origin: Origin::Gathered(gather),
            ..
        }) = lists.get(usize::from(at))?.over
        else {
            return None;
        };
        let gather = self.plan.gather(gather);
        let index = path.at(usize::from(scope.depth - 1));
        Some((gather.node, gather.inner, path.to(gather.depth).with(index)))
    }

    fn flatten(&self, items: &Items, path: Path) -> Option<Vec<Flat>> {
        let Over::Source(source) = items.over else {
            return None;
        };
        let children = self
            .children_of(source, path)
            .filter(|_| items.flatten.is_some())?;
        let mut flats = Vec::new();
        for child in children {
            let value = self.runs[child].state.value();
            let good = self.runs[child].state.kind().is_successful();
            match value
                .filter(|_| good)
                .and_then(|value| (items.list.len)(value.as_any()))
            {
                Some(length) => flats.extend((0..length).map(|at| (child, Some(at)))),
                None => flats.push((child, None)),
            }
        }
        Some(flats)
    }

    /// Gives a run the name that its inputs make, if its task wants one.
    pub(super) fn name_run(&mut self, run: RunId) {
        if let Some(name) = self.spec(run).run_name.clone() {
            let mut inputs = Inputs::default();
            let read = self
                .inputs(self.attempt(run), &mut inputs)
                .and_then(|()| inputs.adapt());
            self.runs[run].more().name = name.with(read.map(|()| inputs));
        }
    }

    /// The inputs of an attempt; if one has no value, why not.
    pub(super) fn inputs(
        &mut self,
        Attempt { run, node, .. }: Attempt,
        inputs: &mut Inputs,
    ) -> Result<(), TaskError> {
        if self.copy_plain(node, run, inputs) {
            return Ok(());
        }
        inputs.clear();
        let plan = self.plan.clone();
        let reader = Reader {
            node,
            path: self.runs.path(run),
        };
        // What a body takes by value is gone afterwards: not if it could be called again.
        let spec = plan.spec(node);
        let once = spec.max_retries == 0
            && spec.handlers.is_empty()
            && !spec.fallible
            && spec.cache.is_none()
            && spec.target.is_none()
            && spec.run_name.is_none();
        for binding in plan.bindings(node) {
            inputs.push(self.slot(binding, reader, once)?);
        }
        Ok(())
    }

    /// Copies inputs that are all plain and near at hand; false if some are not.
    fn copy_plain(&self, node: NodeId, run: RunId, inputs: &mut Inputs) -> bool {
        // Deeper in loops a run has more than one index.
        let is_near = self.plan.node(node).depth <= 1;
        is_near
            && self.plan.bindings(node).iter().all(|binding| {
                let plain = match binding {
                    Binding::Constant(at) => self.plan.bindings.value(*at).plain(),
                    Binding::Output { source, .. } => self.plain(*source, run),
                    Binding::Several(_) => None,
                };
                plain.map(|plain| inputs.push_plain(plain)).is_some()
            })
    }

    /// The value of a source, if it is plain and a run in at most one loop reads it whole.
    fn plain(&self, source: Source, run: RunId) -> Option<Plain> {
        match source.origin {
            _ if source.part.is_some() => None,
            Origin::Node(up) => {
                let up = match self.plan.node(up).depth {
                    0 => RunId::root(up),
                    _ => self.runs.child(RunId::root(up), self.runs.index_of(run)?)?,
                };
                self.runs[up].state.value()?.plain()
            }
            Origin::Item { scope, at } => {
                let ScopeKind::Loop(lists) = &self.plan.scope(scope).kind else {
                    return None;
                };
                let items = lists
                    .get(usize::from(at))
                    .filter(|items| items.flatten.is_none())?;
                let list = match &items.over {
                    Over::Constant(list) => list,
                    Over::Source(source) => {
                        self.runs[RunId::root(source.whole_node()?)].state.value()?
                    }
                };
                let index = self.runs.index_of(run)? as usize;
                Plain::of((items.list.get)(list.as_any(), index)?)
            }
            Origin::Parameter(_) | Origin::Gathered(_) => None,
        }
    }

    /// The flow's output, if the task that gives it has a value.
    pub(crate) fn output(&mut self) -> Result<Slot, TaskError> {
        let plan = self.plan.clone();
        let output = plan.output.as_ref();
        let output = output.ok_or_else(|| TaskError::new("the flow is not built"))?;
        let nobody = Reader {
            node: NodeId(0),
            path: Path::EMPTY,
        };
        self.slot(output, nobody, false)
    }

    /// `once`: the reader is sure not to read again.
    fn slot(&mut self, binding: &Binding, reader: Reader, once: bool) -> Result<Slot, TaskError> {
        match binding {
            Binding::Constant(at) => Ok(Slot::whole(self.plan.bindings.value(*at).clone())),
            Binding::Output { source, owned } => self.read(*source, reader, once, *owned),
            Binding::Several(several) => self.several(several, reader, once),
        }
    }

    fn several(&mut self, input: &Several, reader: Reader, once: bool) -> Result<Slot, TaskError> {
        match input {
            Several::Adapted { sources, adapt, .. } => {
                let plains = sources
                    .iter()
                    .map(|source| self.plain_of_node(*source, reader));
                if let Some(slot) = Slot::adapted_now(&plains, *adapt) {
                    return slot;
                }
                let read = |source: &Source| self.read(*source, reader, once, true);
                Ok(Slot::adapted(sources.iter().map(read).collect(), *adapt))
            }
            Several::Spread {
                source,
                each,
                whole,
            } => match source.origin {
                Origin::Gathered(at) => self.gathered(at, reader.path, *each),
                _ => {
                    let upstreams = vec![self.read(*source, reader, once, true)];
                    Ok(Slot::adapted(upstreams, *whole))
                }
            },
            Several::Choice { branch, arms } => {
                let branch = self.runs.at(*branch, reader.path);
                let decision = self.runs[branch].state.result::<Decision>();
                let source = decision.and_then(|taken| *arms.get(taken.arm as usize)?);
                match source {
                    Some(source) => self.read(source, reader, once, true),
                    None => Ok(Slot::whole(Value::new(()))),
                }
            }
        }
    }

    /// The whole value of a task, if it is plain.
    fn plain_of_node(&self, source: Source, reader: Reader) -> Option<Plain> {
        let node = source.whole_node()?;
        let path = reader.path.to(self.plan.node(node).depth);
        self.runs[self.runs.at(node, path)].state.value()?.plain()
    }

    /// Reads a value; the last of its readers gets it whole, if it takes it by value.
    fn read(
        &mut self,
        source: Source,
        reader: Reader,
        once: bool,
        owned: bool,
    ) -> Result<Slot, TaskError> {
        if let Origin::Node(node) = source.origin {
            let run = self
                .runs
                .at(node, reader.path.to(self.plan.node(node).depth));
            let cell = &mut self.runs[run];
            if cell.is_last_reader(once)
                && owned
                && source.part.is_none()
                && let Some(value) = cell.state.take_value()
            {
                return Ok(Slot::whole(value));
            }
        }
        self.resolve(source, reader)
    }

    /// What a run reads from a source.
    fn resolve(&self, source: Source, reader: Reader) -> Result<Slot, TaskError> {
        let mut slot = match source.origin {
            Origin::Node(node) => {
                let run = self
                    .runs
                    .at(node, reader.path.to(self.plan.node(node).depth));
                self.value_of(run).map(Slot::whole)
            }
            Origin::Parameter(at) => Ok(Slot::whole(self.parameters[at as usize].clone())),
            Origin::Item { scope, at } => self.item(scope, at, reader),
            Origin::Gathered(at) => self.gathered(at, reader.path, self.plan.gather(at).adapt),
        }?;
        if let (Slot::Value(reading), Some(_)) = (&mut slot, source.part) {
            self.plan.project(source.part, reading);
        }
        Ok(slot)
    }

    fn value_of(&self, run: RunId) -> Result<Value, TaskError> {
        let state = &self.runs[run].state;
        match (state.value(), state.error()) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => Err(self.no_value(run, state)),
        }
    }

    fn no_value(&self, run: RunId, state: &State) -> TaskError {
        let name = self.plan.task_name(self.runs.node(run));
        TaskError::no_value(name, state.kind())
    }

    /// The element that a loop is at.
    fn item(&self, scope: ScopeId, at: u8, reader: Reader) -> Result<Slot, TaskError> {
        let around = self.plan.scope(scope);
        let level = around.depth - 1;
        let ScopeKind::Loop(lists) = &around.kind else {
            unreachable!("an item is of a loop")
        };
        let items = &lists[usize::from(at)];
        if let Some((node, inner, path)) = self.element_source(scope, at, reader.path) {
            return match items.flatten.is_some() {
                true => self.flat_item(items, at, level, reader),
                false => self.resolve(inner, Reader { node, path }),
            };
        }
        let index = reader.path.at(usize::from(level)) as usize;
        let step = Step::Item(items.of_value().get, index);
        match &items.over {
            Over::Constant(value) => {
                let mut reading = Reading::whole(value.clone());
                reading.step(step);
                Ok(Slot::Value(reading))
            }
            Over::Source(source) => {
                // A list that is not there has no elements: its error is not theirs.
                let absent = |_| TaskError::no_value("the list of a loop", StateKind::Failed);
                let mut slot = self.resolve(*source, reader).map_err(absent)?;
                if let Slot::Value(reading) = &mut slot {
                    reading.step(step);
                }
                Ok(slot)
            }
        }
    }

    fn flat_item(
        &self,
        items: &Items,
        at: u8,
        level: u8,
        reader: Reader,
    ) -> Result<Slot, TaskError> {
        let parent = self.runs.at(reader.node, reader.path.to(level));
        let index = reader.path.at(usize::from(level)) as usize;
        let flat = self
            .runs
            .flats(parent, at)
            .and_then(|flats| flats.get(index));
        let (run, item) = flat.ok_or_else(|| TaskError::new("the list has become shorter"))?;
        let mut reading = Reading::whole(self.value_of(*run)?);
        if let Some(item) = item {
            reading.step(Step::Item(items.list.get, *item));
        }
        Ok(Slot::Value(reading))
    }

    /// The list of what the runs of a loop gave.
    fn gathered(&self, at: u32, path: Path, adapt: Adapt) -> Result<Slot, TaskError> {
        let gather = *self.plan.gather(at);
        let path = path.to(gather.depth);
        let parent = self.runs.at(gather.node, path);
        let Some(children) = self.runs[parent].child_runs() else {
            self.value_of(parent)?;
            return Err(self.no_value(parent, &self.runs[parent].state));
        };
        let indices = 0..u32::try_from(children.len()).unwrap_or(u32::MAX);
        let upstreams = indices.map(|index| {
            let (node, path) = (gather.node, path.with(index));
            self.resolve(gather.inner, Reader { node, path })
        });
        let plains = children.map(|child| match gather.inner.whole_node() {
            Some(_) => self.runs[child].state.value()?.plain(),
            None => None,
        });
        Slot::adapted_now(&plains, adapt)
            .unwrap_or_else(|| Ok(Slot::adapted(upstreams.collect(), adapt)))
    }
}

fn shortest(lengths: &[Length]) -> usize {
    let known = lengths.iter().filter_map(|length| match length {
        Length::Known(length) => Some(*length),
        Length::Absent | Length::NoList => None,
    });
    known.min().unwrap_or(0)
}
