//! What task runs read: their upstreams' states, the lists of their loops, and their inputs.

use super::runs::Path;
use super::{Attempt, Engine, Event, RunId};
use crate::branch::Decision;
use crate::error::TaskError;
use crate::input::{Adapt, Binding, Inputs, Origin, Reading, Several, Slot, Source, Step};
use crate::plan::{Items, NodeId, Over, Plan, ScopeId, ScopeKind};
use crate::state::{State, StateKind};
use crate::timestamp::Timestamp;
use crate::value::{Plain, Value};

/// Who reads: a run of a task, by its path.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    pub(super) node: NodeId,
    pub(super) path: Path,
}

impl Engine {
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
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    pub(super) fn inputs(
        &mut self,
        attempt: Attempt,
        inputs: &mut Inputs,
    ) -> Result<(), TaskError> {
        match self.copy_plain(attempt, inputs) {
            true => Ok(()),
            false => self.read_all(attempt, inputs),
        }
    }

    /// Reads the inputs of an attempt; if one has no value the attempt ends, and the answer is no.
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    pub(super) fn read_or_end(
        &mut self,
        attempt: Attempt,
        now: Timestamp,
        inputs: &mut Inputs,
    ) -> bool {
        match self.inputs(attempt, inputs) {
            Ok(()) => true,
            Err(error) => {
                inputs.clear();
                // An event: with it the flow may be over, and nobody else may come and look.
                let ended = Event::Returned {
                    attempt,
                    started: now,
                    outcome: Err(error),
                };
                self.on(ended, now);
                false
            }
        }
    }

    /// Reads inputs that are not all plain, or come from afar.
    fn read_all(
        &mut self,
        Attempt { run, node, .. }: Attempt,
        inputs: &mut Inputs,
    ) -> Result<(), TaskError> {
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
            inputs.push(self.slot(&plan, *binding, reader, once)?);
        }
        Ok(())
    }

    /// Copies inputs that are all plain and near at hand; false if some are not.
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    fn copy_plain(&self, attempt: Attempt, inputs: &mut Inputs) -> bool {
        // Deeper in loops a run has more than one index.
        let plan = &*self.plan;
        if plan.node(attempt.node).depth > 1 {
            return false;
        }
        for binding in plan.bindings(attempt.node) {
            let copy = match binding {
                Binding::Constant(at) => plan.bindings.value(*at).plain(),
                Binding::Output { node, .. } => self.plain_of(*node, attempt.index),
                Binding::Source(at) => self.plain(plan.bindings.source(*at), attempt.index),
                Binding::Several(_) => None,
            };
            match copy {
                Some(copy) => inputs.push_plain(copy),
                None => return false,
            }
        }
        true
    }

    /// The element that a loop is at, if it is plain and a run in one loop reads it whole.
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    fn plain(&self, source: Source, index: Option<u32>) -> Option<Plain> {
        match source.origin {
            _ if source.part.is_some() => None,
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
                (items.list.copy)(list.as_any(), index? as usize)
            }
            Origin::Node(_) | Origin::Parameter(_) | Origin::Gathered(_) => None,
        }
    }

    /// The output of a task, if it is plain and a run in at most one loop reads it.
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    fn plain_of(&self, up: NodeId, index: Option<u32>) -> Option<Plain> {
        let up = match index {
            // Outside of loops no element of one is read.
            None => RunId::root(up),
            Some(_) if self.plan.node(up).depth == 0 => RunId::root(up),
            Some(index) => self.runs.child(RunId::root(up), index)?,
        };
        self.runs[up].state.plain()
    }

    /// The flow's output, if the task that gives it has a value.
    pub(crate) fn output(&mut self) -> Result<Slot, TaskError> {
        let plan = self.plan.clone();
        let output = plan
            .output
            .ok_or_else(|| TaskError::new("the flow is not built"))?;
        let nobody = Reader {
            node: NodeId(0),
            path: Path::EMPTY,
        };
        self.slot(&plan, output, nobody, false)
    }

    /// `once`: the reader is sure not to read again.
    fn slot(
        &mut self,
        plan: &Plan,
        binding: Binding,
        reader: Reader,
        once: bool,
    ) -> Result<Slot, TaskError> {
        match binding {
            Binding::Constant(at) => Ok(Slot::whole(plan.bindings.value(at).clone())),
            Binding::Output { node, owned } => {
                self.read(Source::whole(Origin::Node(node)), reader, once, owned)
            }
            Binding::Source(at) => self.read(plan.bindings.source(at), reader, once, false),
            Binding::Several(at) => self.several(plan.bindings.several(at), reader, once),
        }
    }

    fn several(&mut self, input: &Several, reader: Reader, once: bool) -> Result<Slot, TaskError> {
        match input {
            Several::Adapted { sources, adapt, .. } => {
                let plains = sources
                    .iter()
                    .map(|source| self.plain_of_node(*source, reader));
                if let Some(slot) = Slot::adapted_now(plains, *adapt) {
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
                let source = decision.and_then(|taken| arms.get(taken.arm as usize));
                match source {
                    Some(source) => self.read(*source, reader, once, true),
                    None => Ok(Slot::whole(Value::new(()))),
                }
            }
        }
    }

    /// The whole value of a task, if it is plain.
    fn plain_of_node(&self, source: Source, reader: Reader) -> Option<Plain> {
        let node = source.whole_node()?;
        let run = match self.plan.node(node).depth {
            0 => RunId::root(node),
            depth => self.runs.at(node, reader.path.to(depth)),
        };
        self.runs[run].state.plain()
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
    pub(super) fn resolve(&self, source: Source, reader: Reader) -> Result<Slot, TaskError> {
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
            Some(_) => self.runs[child].state.plain(),
            None => None,
        });
        Slot::adapted_now(plains, adapt)
            .unwrap_or_else(|| Ok(Slot::adapted(upstreams.collect(), adapt)))
    }
}
