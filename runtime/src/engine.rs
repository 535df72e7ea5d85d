//! The state machine of a flow run: a value that takes events and gives actions.
//!
//! It holds the state of every task run, decides what each does next (`pipeline`), who is ready and
//! when the run is over. It reads no clock, starts nothing and waits for nothing: a driver performs
//! the actions and feeds what came of them back as events, with the time. The same events give the
//! same actions, in the same order.
//!
//! Invariants:
//!
//! * a task run starts when all its upstreams are over, and is over once;
//! * no event changes a task run that is over;
//! * a change is announced before anything else sees the new state, and what the handlers answer is
//!   the state.

mod pipeline;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use self::pipeline::{Move, Then};
use crate::error::TaskError;
use crate::input::{Binding, Origin, Reading, Slot, Source, Upstream};
use crate::plan::{NodeId, Plan};
use crate::state::{State, StateKind};
use crate::task::Outcome;
use crate::value::Value;

/// What happened, as the driver tells it.
#[derive(Debug)]
pub(crate) enum Event {
    Start,
    /// An attempt came to an end.
    Returned {
        attempt: Attempt,
        outcome: Outcome,
    },
    /// The handlers of a task run, or of the flow (`None`), answered a change.
    Handled {
        node: Option<NodeId>,
        answer: Result<State, TaskError>,
    },
    /// The time that `Action::WakeAt` named has come.
    Woke {
        node: NodeId,
    },
    /// The run was asked to stop.
    Cancelled,
}

/// What the driver has to do.
#[derive(Debug)]
pub(crate) enum Action {
    /// Run the body of a task, and answer with `Event::Returned`.
    Execute(Attempt),
    /// Give a change to its handlers, and answer with `Event::Handled`.
    Handle(Change),
    /// Answer with `Event::Woke` when it is `at`.
    WakeAt { node: NodeId, at: SystemTime },
    /// The run is over; no action follows.
    Finish,
}

/// One attempt at a task, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) node: NodeId,
    pub(crate) number: u32,
}

/// A change of state of a task run, or of the flow, that its handlers have to hear of.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) task: Option<Attempt>,
    pub(crate) old: State,
    pub(crate) new: State,
    pub(crate) will_retry: bool,
    pub(crate) at: SystemTime,
}

/// Where one task run stands.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) state: State,
    pub(crate) attempt: u32,
    pub(crate) started: Option<SystemTime>,
    pub(crate) ended: Option<SystemTime>,
    stage: Stage,
    /// Upstreams that are not over.
    waiting: u32,
    /// Inputs that have yet to read the result.
    readers: u32,
}

/// What a task run, or the flow, is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Waits for upstreams, or rests in a state that only a person ends.
    Waiting,
    /// Its handlers have a change in hand.
    Announcing(Then),
    Executing,
    Sleeping,
    Over,
}

impl Stage {
    /// Whether an event is sure to come.
    const fn is_active(self) -> bool {
        matches!(self, Self::Announcing(_) | Self::Executing | Self::Sleeping)
    }
}

/// The state machine of one flow run.
#[derive(Debug)]
pub(crate) struct Engine {
    plan: Arc<Plan>,
    parameters: Vec<Value>,
    cells: Vec<Cell>,
    flow: State,
    flow_stage: Stage,
    /// Task runs that are not over, and among them those that are doing something.
    open: usize,
    active: usize,
    ready: VecDeque<NodeId>,
    actions: VecDeque<Action>,
    announce_all: bool,
    cancelled: bool,
}

impl Engine {
    /// A run that has not started. `announce_all`: changes without handlers are announced too.
    pub(crate) fn new(plan: Arc<Plan>, parameters: Vec<Value>, announce_all: bool) -> Self {
        let cell = |id| Cell {
            state: State::new(StateKind::Pending),
            attempt: 0,
            started: None,
            ended: None,
            stage: Stage::Waiting,
            waiting: plan.node(id).upstreams.len().try_into().unwrap_or(u32::MAX),
            readers: plan.node(id).readers,
        };
        Self {
            cells: plan.ids().map(cell).collect(),
            open: plan.nodes.len(),
            plan,
            parameters,
            flow: State::new(StateKind::Scheduled),
            flow_stage: Stage::Waiting,
            active: 0,
            ready: VecDeque::new(),
            actions: VecDeque::new(),
            announce_all,
            cancelled: false,
        }
    }

    /// Takes an event that happened `now`.
    pub(crate) fn on(&mut self, event: Event, now: SystemTime) {
        match event {
            Event::Start => {
                let new = State::new(StateKind::Running).with_message("Running flow.");
                self.change_flow(new, Then::Execute, now);
            }
            Event::Returned { attempt, outcome } => self.returned(attempt, outcome, now),
            Event::Handled {
                node: Some(node),
                answer,
            } => self.handled(node, answer, now),
            Event::Handled { node: None, answer } => self.flow_handled(answer, now),
            Event::Woke { node } => self.woke(node, now),
            Event::Cancelled => self.cancel(now),
        }
        while let Some(node) = self.ready.pop_front() {
            self.begin(node, now);
        }
        self.end_if_over(now);
    }

    /// The next thing to do.
    pub(crate) fn next(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Tells whether there is something to do.
    pub(crate) fn has_actions(&self) -> bool {
        !self.actions.is_empty()
    }

    /// The state of the flow.
    pub(crate) const fn flow(&self) -> &State {
        &self.flow
    }

    /// The task runs, in the order of the plan.
    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    fn returned(&mut self, attempt: Attempt, outcome: Outcome, now: SystemTime) {
        let cell = &self.cells[attempt.node.index()];
        // A body that was given up, for its timeout or a cancellation, may still return.
        if cell.stage == Stage::Executing && cell.attempt == attempt.number {
            let spec = self.plan.node(attempt.node).spec();
            let next = pipeline::finish(spec, outcome, attempt.number);
            self.advance(attempt.node, next, now);
        }
    }

    fn handled(&mut self, node: NodeId, answer: Result<State, TaskError>, now: SystemTime) {
        let Stage::Announcing(then) = self.cells[node.index()].stage else {
            return;
        };
        let next = match self.checked(node, answer) {
            Ok(state) => {
                self.cells[node.index()].state = state;
                self.go_on(node, then, now)
            }
            Err(error) => {
                self.cells[node.index()].state = pipeline::broken_handler(error);
                Move::Rest
            }
        };
        self.advance(node, next, now);
    }

    /// A handler may put another result into a state, but none of another type.
    fn checked(&self, node: NodeId, answer: Result<State, TaskError>) -> Result<State, TaskError> {
        let state = answer?;
        let output = self.plan.node(node).spec().output;
        match state.value() {
            Some(value) if value.type_id() != output => Err(TaskError::new(
                "the handler answered a result of another type than the task returns",
            )),
            _ => Ok(state),
        }
    }

    fn go_on(&self, node: NodeId, then: Then, now: SystemTime) -> Move {
        let cell = &self.cells[node.index()];
        if self.cancelled && then != Then::Over && !cell.state.kind().is_finished() {
            return pipeline::cancelled();
        }
        pipeline::go_on(
            then,
            &cell.state,
            self.plan.node(node).spec(),
            cell.attempt,
            now,
        )
    }

    fn woke(&mut self, node: NodeId, now: SystemTime) {
        let cell = &self.cells[node.index()];
        if cell.stage == Stage::Sleeping {
            match cell.state.start_time() {
                Some(at) if at > now => self.actions.push_back(Action::WakeAt { node, at }),
                _ => self.begin(node, now),
            }
        }
    }

    fn begin(&mut self, node: NodeId, now: SystemTime) {
        let cell = &mut self.cells[node.index()];
        if !matches!(cell.stage, Stage::Waiting | Stage::Sleeping) {
            return;
        }
        cell.attempt += 1;
        let upstreams = self
            .plan
            .upstreams(node)
            .iter()
            .map(|id| &self.cells[id.index()].state);
        let next = pipeline::begin(self.plan.node(node).spec(), upstreams);
        self.advance(node, next, now);
    }

    /// Takes the moves of a task run until an event has to come, or it is over.
    fn advance(&mut self, node: NodeId, mut next: Move, now: SystemTime) {
        loop {
            match next {
                Move::Announce {
                    new,
                    then,
                    will_retry,
                } => {
                    if self.announce_all || !self.plan.node(node).spec().handlers.is_empty() {
                        self.announce(node, new, then, will_retry, now);
                        return;
                    }
                    self.cells[node.index()].state = new;
                    next = self.go_on(node, then, now);
                }
                Move::Execute => {
                    self.set_stage(node, Stage::Executing);
                    let cell = &mut self.cells[node.index()];
                    cell.started.get_or_insert(now);
                    let attempt = Attempt {
                        node,
                        number: cell.attempt,
                    };
                    self.actions.push_back(Action::Execute(attempt));
                    return;
                }
                Move::Rest => return self.settle(node, now),
                Move::Over => return self.over(node, now),
            }
        }
    }

    fn announce(&mut self, node: NodeId, new: State, then: Then, will_retry: bool, at: SystemTime) {
        self.set_stage(node, Stage::Announcing(then));
        let cell = &self.cells[node.index()];
        self.actions.push_back(Action::Handle(Change {
            task: Some(Attempt {
                node,
                number: cell.attempt,
            }),
            old: cell.state.clone(),
            new,
            will_retry,
            at,
        }));
    }

    /// The pipeline has nothing more to do now: the state says what the task run waits for.
    fn settle(&mut self, node: NodeId, now: SystemTime) {
        let state = &self.cells[node.index()].state;
        match state.start_time() {
            _ if state.kind().is_finished() => self.over(node, now),
            Some(at) if state.kind().is_scheduled() => {
                self.set_stage(node, Stage::Sleeping);
                self.actions.push_back(Action::WakeAt { node, at });
            }
            _ => self.set_stage(node, Stage::Waiting),
        }
    }

    fn over(&mut self, node: NodeId, now: SystemTime) {
        self.set_stage(node, Stage::Over);
        self.open -= 1;
        self.cells[node.index()].ended = Some(now);
        for &downstream in self.plan.downstreams(node) {
            let cell = &mut self.cells[downstream.index()];
            cell.waiting -= 1;
            if cell.waiting == 0 {
                self.ready.push_back(downstream);
            }
        }
    }

    fn set_stage(&mut self, node: NodeId, stage: Stage) {
        let cell = &mut self.cells[node.index()];
        self.active -= usize::from(cell.stage.is_active());
        self.active += usize::from(stage.is_active());
        cell.stage = stage;
    }

    fn cancel(&mut self, now: SystemTime) {
        if self.cancelled || self.flow.kind().is_finished() {
            return;
        }
        self.cancelled = true;
        if self.flow.kind().is_running() {
            self.cancel_tasks(now);
        }
    }

    /// Ends every task run that is not over; those whose handlers are busy follow when they answer.
    fn cancel_tasks(&mut self, now: SystemTime) {
        for node in self.plan.clone().ids() {
            if matches!(
                self.cells[node.index()].stage,
                Stage::Waiting | Stage::Executing | Stage::Sleeping
            ) {
                self.advance(node, pipeline::cancelled(), now);
            }
        }
    }

    fn change_flow(&mut self, new: State, then: Then, now: SystemTime) {
        if self.announce_all || self.plan.handled {
            self.flow_stage = Stage::Announcing(then);
            let old = self.flow.clone();
            let change = Change {
                task: None,
                old,
                new,
                will_retry: false,
                at: now,
            };
            self.actions.push_back(Action::Handle(change));
        } else {
            self.flow = new;
            self.flow_goes_on(then, now);
        }
    }

    fn flow_handled(&mut self, answer: Result<State, TaskError>, now: SystemTime) {
        let Stage::Announcing(then) = self.flow_stage else {
            return;
        };
        match answer {
            Ok(state) => {
                self.flow = state;
                self.flow_goes_on(then, now);
            }
            Err(error) => {
                self.flow = pipeline::broken_handler(error);
                self.finish();
            }
        }
    }

    fn flow_goes_on(&mut self, then: Then, now: SystemTime) {
        if then != Then::Execute || !self.flow.kind().is_running() {
            return self.finish();
        }
        self.flow_stage = Stage::Executing;
        if self.cancelled {
            return self.cancel_tasks(now);
        }
        let plan = &self.plan;
        self.ready
            .extend(plan.ids().filter(|id| plan.upstreams(*id).is_empty()));
    }

    /// Ends the flow when every task run is over, or all that is left waits for a person.
    fn end_if_over(&mut self, now: SystemTime) {
        if self.flow_stage != Stage::Executing {
            return;
        }
        if self.open == 0 {
            let references = self
                .plan
                .references
                .iter()
                .map(|id| &self.cells[id.index()].state);
            let new = pipeline::flow_state(references, self.cancelled);
            self.change_flow(new, Then::Over, now);
        } else if self.active == 0 {
            self.finish();
        }
    }

    fn finish(&mut self) {
        self.flow_stage = Stage::Over;
        self.actions.push_back(Action::Finish);
    }
}

/// What the bodies of tasks, and the run itself, read.
impl Engine {
    /// The inputs of an attempt; if one has no value, why not.
    pub(crate) fn slots(&mut self, node: NodeId) -> Result<Vec<Slot>, TaskError> {
        let plan = self.plan.clone();
        // What a body takes by value is gone afterwards: not if it could be called again.
        let spec = plan.node(node).spec();
        let once = spec.max_retries == 0 && spec.handlers.is_empty();
        plan.bindings(node)
            .iter()
            .map(|binding| self.slot(binding, once))
            .collect()
    }

    /// The flow's output, if the task that gives it has a value.
    pub(crate) fn output(&mut self) -> Result<Slot, TaskError> {
        let plan = self.plan.clone();
        self.slot(&plan.output, false)
    }

    /// `once`: the reader is sure not to read again.
    fn slot(&mut self, binding: &Binding, once: bool) -> Result<Slot, TaskError> {
        Ok(match binding {
            Binding::Constant(value) => Slot::Value(Reading::whole(value.clone())),
            Binding::Output { source, owned } => Slot::Value(self.read(*source, once, *owned)?),
            Binding::Adapted { sources, adapt, .. } => {
                let read = |source: &Source| self.read(*source, once, true);
                Slot::Adapted {
                    upstreams: sources.iter().map(read).collect(),
                    adapt: *adapt,
                }
            }
        })
    }

    /// Reads a value; the last of its readers gets it whole, if it takes it by value.
    fn read(&mut self, source: Source, once: bool, owned: bool) -> Upstream {
        let node = match source.origin {
            Origin::Node(node) => node,
            Origin::Parameter(at) => {
                let value = self.parameters[at as usize].clone();
                return Ok(self.reading(value, source));
            }
        };
        let cell = &mut self.cells[node.index()];
        cell.readers -= u32::from(once);
        let value = if owned && cell.readers == 0 && source.part.is_none() {
            cell.state.take_value()
        } else {
            cell.state.value().cloned()
        };
        match (value, cell.state.error()) {
            (Some(value), _) => Ok(self.reading(value, source)),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => Err(TaskError::no_value(self.plan.node(node).name())),
        }
    }

    fn reading(&self, value: Value, source: Source) -> Reading {
        match source.part {
            None => Reading::whole(value),
            Some(part) => Reading::part(value, self.plan.clone(), part),
        }
    }
}

#[cfg(test)]
mod tests;
