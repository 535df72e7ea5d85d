//! The state machine of a flow run: a value that takes events and gives actions.
//!
//! It holds the state of every task run (`runs`), decides what each does next (`pipeline`), who is
//! ready, what a body reads (`readings`), and when the run is over. It reads no clock, starts nothing
//! and waits for nothing: a driver performs the actions and feeds what came of them back as events,
//! with the time. The same events give the same actions, in the same order.
//!
//! Invariants:
//!
//! * a task run starts when all its upstreams are over, and is over once;
//! * no event changes a task run that is over;
//! * a change is announced before anything else sees the new state, and what the handlers answer is
//!   the state.

mod cell;
mod kept;
mod pipeline;
mod readings;
mod runs;
mod straight;

use std::collections::VecDeque;
use std::sync::Arc;

pub(crate) use self::cell::Cell;
use self::pipeline::{Move, Progress, Then};
pub(crate) use self::runs::{RunId, Runs};
use crate::cache::{Prints, Store};
use crate::error::TaskError;
use crate::input::Inputs;
use crate::plan::{Asks, NodeId, Plan};
use crate::state::{State, StateKind, Text};
use crate::task::{Outcome, TaskSpec};
use crate::timestamp::Timestamp;
use crate::value::Value;

/// What happened, as the driver tells it.
#[derive(Debug)]
pub(crate) enum Event {
    Start,
    /// An attempt came to an end.
    Returned {
        attempt: Attempt,
        started: Timestamp,
        outcome: Outcome,
    },
    /// The handlers of a task run, or of the flow (`None`), answered a change.
    Handled {
        run: Option<RunId>,
        answer: Result<State, TaskError>,
    },
    /// The time that `Action::WakeAt` named has come.
    Woke {
        run: RunId,
    },
    /// A person lets a paused task run go on.
    Resumed {
        run: RunId,
    },
    /// Nobody resumes what is paused: the run ends, and can be taken up again later.
    Left,
    /// The run was asked to stop.
    Cancelled,
}

/// What the driver has to do.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Run the body of a task, and answer with `Event::Returned`.
    Execute(Attempt),
    /// Give a change to its handlers, and answer with `Event::Handled`.
    Handle(Change),
    /// Answer with `Event::Woke` when it is `at`.
    WakeAt { run: RunId, at: Timestamp },
    /// All that is left waits for a person: answer with `Event::Resumed`, or `Event::Left`.
    Rest,
    /// The run is over, or was left; no action follows.
    Finish,
}

/// One attempt at a task, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) run: RunId,
    pub(crate) node: NodeId,
    /// The element of the innermost loop that it is for.
    pub(crate) index: Option<u32>,
    pub(crate) number: u32,
    /// Which iteration of a loop of the body it is, counted from 1.
    pub(crate) iteration: u32,
}

/// A change of state of a task run, or of the flow, that its handlers have to hear of.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) task: Option<Attempt>,
    pub(crate) old: State,
    pub(crate) new: State,
    pub(crate) will_retry: bool,
    pub(crate) at: Timestamp,
    /// When the body of the task was called for the first time.
    pub(crate) started: Option<Timestamp>,
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

/// How a run is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Going,
    /// All that is left waits for a person.
    Resting,
    Cancelled,
}

/// The state machine of one flow run.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    plan: Arc<Plan>,
    seed: u64,
    parameters: Vec<Value>,
    /// What earlier runs kept, and what this one does.
    kept: Store,
    keeping: Store,
    /// The parameters as texts, for comparison with those of earlier runs.
    parameter_prints: Prints,
    runs: Runs,
    flow: State,
    flow_stage: Stage,
    /// Task runs that are doing something.
    active: usize,
    /// Those of them that only wait for a time.
    sleeping: usize,
    /// Tasks that start from states of an earlier run.
    given: usize,
    ready: VecDeque<RunId>,
    /// Runs whose time has come, but for which nobody waits: they go on if nothing else is left to do and
    /// the flow is not over.
    unneeded: VecDeque<RunId>,
    actions: VecDeque<Action>,
    announce_all: bool,
    waits: bool,
    checkpointing: bool,
    mode: Mode,
    /// The states of the upstreams of one run; kept for its memory.
    upstreams: Vec<RunId>,
}

/// What a run starts from.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) plan: Arc<Plan>,
    pub(crate) parameters: Vec<Value>,
    /// The parameters as texts, for comparison with those of earlier runs.
    pub(crate) parameter_prints: Prints,
    /// What earlier runs kept.
    pub(crate) kept: Store,
    /// The state of the flow.
    pub(crate) flow: State,
    /// Tasks that do not start from `Pending`, with the states of their children.
    pub(crate) starts: Vec<(NodeId, Start)>,
    /// What chance depends on: delays that are shortened at random.
    pub(crate) seed: u64,
    /// Whether changes without handlers are announced too.
    pub(crate) announce_all: bool,
    /// Whether the run goes on after what has to be waited for.
    pub(crate) waits: bool,
    /// Whether results are written to the targets of tasks.
    pub(crate) checkpointing: bool,
}

/// The state that a task starts from, and those of its children if it is mapped.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) state: State,
    pub(crate) children: Vec<State>,
}

impl Setup {
    /// From the beginning.
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        Self {
            plan,
            parameters: Vec::new(),
            parameter_prints: Prints::new(),
            kept: Store::new(),
            flow: State::new(StateKind::Scheduled),
            starts: Vec::new(),
            seed: 0,
            announce_all: false,
            waits: true,
            checkpointing: false,
        }
    }
}

impl Engine {
    /// A run that has not started.
    pub(crate) fn new(setup: Setup) -> Self {
        let given = setup.starts.len();
        Self {
            runs: Runs::new(&setup.plan, setup.starts),
            plan: setup.plan,
            parameters: setup.parameters,
            parameter_prints: setup.parameter_prints,
            kept: setup.kept,
            keeping: Store::new(),
            flow: setup.flow,
            flow_stage: Stage::Waiting,
            active: 0,
            sleeping: 0,
            given,
            ready: VecDeque::new(),
            unneeded: VecDeque::new(),
            actions: VecDeque::new(),
            seed: setup.seed,
            announce_all: setup.announce_all,
            waits: setup.waits,
            checkpointing: setup.checkpointing,
            mode: Mode::Going,
            upstreams: Vec::new(),
        }
    }

    /// Takes an event that happened `now`.
    pub(crate) fn on(&mut self, event: Event, now: Timestamp) {
        match event {
            Event::Start => self.start(now),
            Event::Returned {
                attempt,
                started,
                outcome,
            } => self.returned(attempt, started, outcome, now),
            Event::Handled {
                run: Some(run),
                answer,
            } => self.handled(run, answer, now),
            Event::Handled { run: None, answer } => self.flow_handled(answer, now),
            Event::Woke { run } => self.woke(run, now),
            Event::Resumed { run } => self.resumed(run, now),
            Event::Left => self.finish(),
            Event::Cancelled => self.cancel(now),
        }
        if self.ready.is_empty() {
            self.go(now);
        }
    }

    /// The next thing to do, if it is `now`; for a body, with its inputs.
    ///
    /// Runs that are ready begin only when there is nothing else to do: a loop over a million elements
    /// is not a million actions.
    pub(crate) fn next(&mut self, now: Timestamp, inputs: &mut Inputs) -> Option<Action> {
        loop {
            let attempt = match self.actions.pop_front() {
                Some(Action::Execute(attempt)) => attempt,
                Some(action) => return Some(action),
                None => match self.begin_straight() {
                    Some(attempt) => attempt,
                    None if self.go(now) => continue,
                    None => return None,
                },
            };
            match self.inputs(attempt, inputs) {
                Ok(()) => return Some(Action::Execute(attempt)),
                Err(error) => {
                    inputs.clear();
                    self.returned(attempt, now, Err(error), now);
                }
            }
        }
    }

    /// Tells whether there is something to do.
    pub(crate) fn has_actions(&self) -> bool {
        self.ready() > 0
    }

    /// How many things there are to do, or more: a run that is ready may come to nothing.
    pub(crate) fn ready(&self) -> usize {
        self.actions.len() + self.ready.len()
    }

    fn attempt(&self, run: RunId) -> Attempt {
        let cell = &self.runs[run];
        Attempt {
            run,
            node: self.runs.node(run),
            index: self.runs.index_of(run),
            number: cell.attempt,
            iteration: cell.iteration(),
        }
    }

    fn spec(&self, run: RunId) -> &TaskSpec {
        self.plan.spec(self.runs.node(run))
    }

    /// The state of the flow.
    pub(crate) const fn flow(&self) -> &State {
        &self.flow
    }

    /// The task runs: first one for each task, in the order of the plan, then the children.
    pub(crate) const fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Lets ready runs begin until there is an action, and tells whether there is one.
    fn go(&mut self, now: Timestamp) -> bool {
        while self.actions.is_empty() {
            if let Some(run) = self.ready.pop_front() {
                self.begin(run, now);
            } else if self.flow_stage != Stage::Executing || self.active > self.sleeping {
                return false;
            } else if self.mode != Mode::Resting && (self.active == 0 || self.is_decided()) {
                self.end(now);
            } else if let Some(run) = self.unneeded.pop_front() {
                self.begin(run, now);
            } else {
                return false;
            }
        }
        true
    }

    fn start(&mut self, now: Timestamp) {
        match self.flow.kind() {
            // A flow that was taken up again: nobody hears of it twice.
            kind if kind.is_running() => self.flow_goes_on(Then::Execute, now),
            kind if kind.is_pending() && pipeline::may_begin(&self.flow, now) => {
                let new = State::saying(StateKind::Running, Text::RunningFlow);
                self.change_flow(new, Then::Execute, now);
            }
            _ => {
                self.runs.never_run();
                self.finish();
            }
        }
    }

    fn returned(&mut self, attempt: Attempt, started: Timestamp, outcome: Outcome, now: Timestamp) {
        let cell = &mut self.runs[attempt.run];
        // A body that was given up, for its timeout or a cancellation, may still return.
        if cell.stage == Stage::Executing && cell.attempt() == attempt.of() {
            cell.start_at(started);
            self.keep_target(attempt.run, &outcome);
            match self.end_straight(attempt, outcome, now) {
                None => {}
                Some(outcome) => {
                    let next = pipeline::finish(self.spec(attempt.run), outcome, attempt.of(), now);
                    self.advance(attempt.run, next, now);
                }
            }
        }
    }

    fn handled(&mut self, run: RunId, answer: Result<State, TaskError>, now: Timestamp) {
        let Stage::Announcing(then) = self.runs[run].stage else {
            return;
        };
        let next = match pipeline::answer(self.checked(run, answer), self.runs[run].attempt(), now)
        {
            (state, false) => {
                self.runs[run].state = state;
                self.go_on(run, then, now)
            }
            (state, true) => {
                self.runs[run].state = state;
                Move::Rest
            }
        };
        self.advance(run, next, now);
    }

    /// A handler may put another result into a state, but none of another type.
    fn checked(&self, run: RunId, answer: Result<State, TaskError>) -> Result<State, TaskError> {
        let state = answer?;
        let output = self.spec(run).output;
        // What a loop carries from one iteration to the next has a type of its own.
        let value = state.value().filter(|_| state.iteration().is_none());
        match value {
            Some(value) if value.type_id() != output => Err(TaskError::new(
                "the handler answered a result of another type than the task returns",
            )),
            _ => Ok(state),
        }
    }

    /// Whether a result of an earlier run may be in place of the body's.
    fn may_be_kept(&self, run: RunId) -> bool {
        let cell = &self.runs[run];
        let spec = self.spec(run);
        spec.cache.is_some() || spec.target.is_some() || cell.state.is(StateKind::Cached)
    }

    /// The trigger's say after a step in between.
    fn go_to_trigger(&self, run: RunId) -> Move {
        let mut upstreams = Vec::new();
        self.collect_upstreams(run, &mut upstreams);
        self.ask_trigger(run, &upstreams)
    }

    fn ask_trigger(&self, run: RunId, upstreams: &[RunId]) -> Move {
        let cell = &self.runs[run];
        let spec = self.spec(run);
        let edges = self.plan.edges(self.runs.node(run)).len();
        let states = upstreams.iter().map(|id| &self.runs[*id].state);
        pipeline::begin(spec, edges, states, &cell.state, cell.resumed)
    }

    fn go_on(&self, run: RunId, then: Then, now: Timestamp) -> Move {
        let cell = &self.runs[run];
        if self.mode == Mode::Cancelled && then != Then::Over && !cell.state.kind().is_finished() {
            return pipeline::cancelled();
        }
        match then {
            Then::LookUp => self.look_up(run, now),
            Then::Trigger => self.go_to_trigger(run),
            _ => {
                let spec = self.spec(run);
                let seed = self.seed ^ u64::from(run.0);
                let progress = Progress {
                    attempt: cell.attempt,
                    iteration: cell.iteration(),
                    carried: cell.carried(),
                };
                pipeline::go_on(then, &cell.state, spec, progress, seed, now)
            }
        }
    }

    fn woke(&mut self, run: RunId, now: Timestamp) {
        let cell = &self.runs[run];
        if cell.stage == Stage::Sleeping {
            match cell.state.due() {
                Some(at) if at > now => self.actions.push_back(Action::WakeAt { run, at }),
                // The flow may be over before anybody misses it.
                _ if self.is_unneeded(run) => self.unneeded.push_back(run),
                _ => self.begin(run, now),
            }
        }
    }

    fn resumed(&mut self, run: RunId, now: Timestamp) {
        let cell = &mut self.runs[run];
        if cell.state.is(StateKind::Paused) && cell.stage != Stage::Over {
            cell.state = State::due_at(StateKind::Resume, now).with_text(Text::Approved);
            self.ready.push_back(run);
            self.mode = Mode::Going;
        }
    }

    /// The steps before the body, of a run whose upstreams are over and whose time has come.
    fn begin(&mut self, run: RunId, now: Timestamp) {
        let cell = &mut self.runs[run];
        if !matches!(cell.stage, Stage::Waiting | Stage::Sleeping) {
            return;
        }
        if !pipeline::may_begin(&cell.state, now) {
            return self.settle(run, now);
        }
        cell.count_attempt(now);
        let given = cell.state.is(StateKind::Cached);
        let next = match self.plan.node(self.runs.node(run)).asks {
            Asks::Trigger if !given => self.begin_plain(run),
            _ => self.begin_in_scope(run, now),
        };
        self.advance(run, next, now);
    }

    /// What a run asks that has to do with neither loops nor branches nor kept results.
    fn begin_plain(&self, run: RunId) -> Move {
        let spec = self.spec(run);
        let cell = &self.runs[run];
        let edges = self.plan.edges(self.runs.node(run));
        let states = edges
            .iter()
            .map(|edge| &self.runs[RunId::root(edge.up)].state);
        match pipeline::skipped(spec, states.clone()) {
            Some(skip) => skip,
            None => pipeline::begin(spec, edges.len(), states, &cell.state, cell.resumed),
        }
    }

    fn begin_in_scope(&mut self, run: RunId, now: Timestamp) -> Move {
        if let Some(refusal) = self.refused_arm(run) {
            return refusal;
        }
        let mut upstreams = std::mem::take(&mut self.upstreams);
        self.collect_upstreams(run, &mut upstreams);
        let states = upstreams.iter().map(|id| &self.runs[*id].state);
        let next = match pipeline::skipped(self.spec(run), states) {
            Some(skip) => skip,
            None if self.runs.is_parent(&self.plan, run) => {
                match self.runs[run].state.is(StateKind::Mapped) {
                    true => Move::Rest,
                    false => {
                        self.runs.children_start_as(run);
                        self.map(run)
                    }
                }
            }
            None => {
                self.name_run(run);
                match self.may_be_kept(run) {
                    true => self.check_cache(run, now),
                    false => self.ask_trigger(run, &upstreams),
                }
            }
        };
        upstreams.clear();
        self.upstreams = upstreams;
        next
    }

    /// Takes the moves of a task run until an event has to come, or it is over.
    fn advance(&mut self, run: RunId, mut next: Move, now: Timestamp) {
        loop {
            match next {
                Move::Announce {
                    new,
                    then,
                    will_retry,
                } => {
                    let node = self.plan.node(self.runs.node(run));
                    let listens = self.announce_all || self.spec(run).heard.contains(new.kind());
                    if listens && !node.hidden {
                        return self.announce(run, new, then, will_retry, now);
                    }
                    self.runs[run].state = new;
                    next = self.go_on(run, then, now);
                }
                Move::Execute => {
                    self.set_stage(run, Stage::Executing);
                    let attempt = self.attempt(run);
                    self.actions.push_back(Action::Execute(attempt));
                    return;
                }
                Move::Again => {
                    self.runs[run].iterate();
                    self.set_stage(run, Stage::Waiting);
                    self.ready.push_front(run);
                    return;
                }
                Move::Rest => return self.settle(run, now),
                Move::Over => return self.over(run, now),
            }
        }
    }

    fn announce(&mut self, run: RunId, new: State, then: Then, will_retry: bool, at: Timestamp) {
        self.set_stage(run, Stage::Announcing(then));
        let cell = &self.runs[run];
        let task = Some(self.attempt(run));
        let change = Change {
            task,
            old: cell.state.clone(),
            new,
            will_retry,
            at,
            started: cell.started(),
        };
        self.actions.push_back(Action::Handle(change));
    }

    /// The pipeline has nothing more to do now: the state says what the task run waits for.
    fn settle(&mut self, run: RunId, now: Timestamp) {
        let state = &self.runs[run].state;
        match state.due() {
            _ if state.kind().is_finished() => self.over(run, now),
            Some(at) if state.kind().is_scheduled() && self.waits => {
                self.set_stage(run, Stage::Sleeping);
                self.actions.push_back(Action::WakeAt { run, at });
            }
            _ => self.set_stage(run, Stage::Waiting),
        }
    }

    fn over(&mut self, run: RunId, now: Timestamp) {
        self.set_stage(run, Stage::Over);
        self.runs[run].end_at(now);
        match self.runs[run].state.kind() {
            StateKind::Cached => self.keep(run),
            StateKind::Mapped => self.expand(run),
            _ => {}
        }
        let ready = &mut self.ready;
        // What follows goes first: so a loop ends one element after the other.
        self.runs
            .over(&self.plan, run, &mut |id| ready.push_front(id));
    }

    fn set_stage(&mut self, run: RunId, stage: Stage) {
        let cell = &mut self.runs[run];
        self.active -= usize::from(cell.stage.is_active());
        self.active += usize::from(stage.is_active());
        self.sleeping -= usize::from(cell.stage == Stage::Sleeping);
        self.sleeping += usize::from(stage == Stage::Sleeping);
        cell.stage = stage;
    }

    fn cancel(&mut self, now: Timestamp) {
        if self.mode == Mode::Cancelled || self.flow.kind().is_finished() {
            return;
        }
        self.mode = Mode::Cancelled;
        if self.flow.kind().is_running() {
            self.cancel_tasks(now);
        }
    }

    /// Ends every task run that is not over; those whose handlers are busy follow when they answer.
    fn cancel_tasks(&mut self, now: Timestamp) {
        for run in self.runs.ids() {
            if matches!(
                self.runs[run].stage,
                Stage::Waiting | Stage::Executing | Stage::Sleeping
            ) {
                self.advance(run, pipeline::cancelled(), now);
            }
        }
    }

    fn change_flow(&mut self, new: State, then: Then, now: Timestamp) {
        if self.announce_all || self.plan.handled {
            self.flow_stage = Stage::Announcing(then);
            let old = self.flow.clone();
            let change = Change {
                task: None,
                old,
                new,
                will_retry: false,
                at: now,
                started: None,
            };
            self.actions.push_back(Action::Handle(change));
        } else {
            self.flow = new;
            self.flow_goes_on(then, now);
        }
    }

    fn flow_handled(&mut self, answer: Result<State, TaskError>, now: Timestamp) {
        let Stage::Announcing(then) = self.flow_stage else {
            return;
        };
        let (state, ends) = pipeline::answer(answer, (1, 1), now);
        self.flow = state;
        match ends {
            true => self.finish(),
            false => self.flow_goes_on(then, now),
        }
    }

    fn flow_goes_on(&mut self, then: Then, now: Timestamp) {
        if then != Then::Execute || !self.flow.kind().is_running() {
            return self.finish();
        }
        self.flow_stage = Stage::Executing;
        if self.mode == Mode::Cancelled {
            return self.cancel_tasks(now);
        }
        let ready = &mut self.ready;
        self.runs.start(&self.plan, &mut |id| ready.push_back(id));
    }

    /// Whether all that is left has to wait, and stands before tasks that an earlier run has finished: so
    /// nobody waits for it.
    fn is_decided(&self) -> bool {
        self.given > 0
            && self.active == self.sleeping
            && self
                .plan
                .terminals()
                .all(|node| self.is_kept_or_complete(node))
    }

    /// Whether what comes after a run was finished by an earlier run: so nobody waits for it.
    fn is_unneeded(&self, run: RunId) -> bool {
        let node = self.runs.node(run);
        let users = || self.plan.last_users(node, None).into_iter();
        self.given > 0 && users().all(|user| user != node && self.is_kept_or_complete(user))
    }

    fn is_kept_or_complete(&self, node: NodeId) -> bool {
        let run = RunId::root(node);
        let cell = &self.runs[run];
        // A kept result that has yet to be looked at is one.
        let kept = cell.state.kind().is_finished() && cell.children().is_none();
        kept || self.runs.is_complete(run)
    }

    /// Nothing is under way: the flow is over, or all that is left waits for a person.
    fn end(&mut self, now: Timestamp) {
        if self.runs.all_complete() || self.is_decided() {
            let mut references = Vec::new();
            for node in &self.plan.references {
                self.runs.leaves(RunId::root(*node), &mut references);
            }
            let states = references.iter().map(|id| &self.runs[*id].state);
            let new = pipeline::flow_state(states, self.mode == Mode::Cancelled);
            self.change_flow(new, Then::Over, now);
        } else {
            self.mode = Mode::Resting;
            self.actions.push_back(Action::Rest);
        }
    }

    fn finish(&mut self) {
        self.flow_stage = Stage::Over;
        self.actions.push_back(Action::Finish);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.runs.leave(&self.plan);
    }
}

impl Attempt {
    const fn of(self) -> (u32, u32) {
        (self.number, self.iteration)
    }
}

#[cfg(test)]
mod tests;
