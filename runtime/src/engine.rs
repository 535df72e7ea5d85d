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

mod kept;
mod pipeline;
mod readings;
mod runs;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use self::pipeline::{Move, Progress, Then};
pub(crate) use self::runs::{Cell, RunId, Runs};
use crate::cache::{Prints, Store};
use crate::error::TaskError;
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
    Handle(Box<Change>),
    /// Answer with `Event::Woke` when it is `at`.
    WakeAt { run: RunId, at: SystemTime },
    /// All that is left waits for a person: answer with `Event::Resumed`, or `Event::Left`.
    Rest,
    /// The run is over, or was left; no action follows.
    Finish,
}

/// One attempt at a task, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) run: RunId,
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
    pub(crate) at: SystemTime,
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
    pub(crate) fn on(&mut self, event: Event, now: SystemTime) {
        match event {
            Event::Start => self.start(now),
            Event::Returned { attempt, outcome } => self.returned(attempt, outcome, now),
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
        self.go(now);
    }

    /// The next thing to do, if it is `now`.
    ///
    /// Runs that are ready begin only when there is nothing else to do: a loop over a million elements
    /// is not a million actions.
    pub(crate) fn next(&mut self, now: SystemTime) -> Option<Action> {
        self.go(now);
        self.actions.pop_front()
    }

    /// Tells whether there is something to do.
    pub(crate) fn has_actions(&self) -> bool {
        !self.actions.is_empty() || !self.ready.is_empty()
    }

    /// The state of the flow.
    pub(crate) const fn flow(&self) -> &State {
        &self.flow
    }

    /// The task runs: first one for each task, in the order of the plan, then the children.
    pub(crate) const fn runs(&self) -> &Runs {
        &self.runs
    }

    fn go(&mut self, now: SystemTime) {
        while self.actions.is_empty() {
            match self.ready.pop_front() {
                Some(run) => self.begin(run, now),
                None if self.flow_stage == Stage::Executing
                    && self.mode != Mode::Resting
                    && (self.active == 0 || self.is_decided()) =>
                {
                    self.end(now);
                }
                None => return,
            }
        }
    }

    fn start(&mut self, now: SystemTime) {
        match self.flow.kind() {
            // A flow that was taken up again: nobody hears of it twice.
            kind if kind.is_running() => self.flow_goes_on(Then::Execute, now),
            kind if kind.is_pending() && pipeline::may_begin(&self.flow, now) => {
                let new = State::new(StateKind::Running).with_message("Running flow.");
                self.change_flow(new, Then::Execute, now);
            }
            _ => {
                self.runs.never_run();
                self.finish();
            }
        }
    }

    fn returned(&mut self, attempt: Attempt, outcome: Outcome, now: SystemTime) {
        let cell = &self.runs[attempt.run];
        // A body that was given up, for its timeout or a cancellation, may still return.
        if cell.stage == Stage::Executing && cell.attempt() == attempt.of() {
            self.keep_target(attempt.run, &outcome);
            let cell = &self.runs[attempt.run];
            let spec = self.plan.node(cell.node).spec();
            let next = pipeline::finish(spec, outcome, cell.attempt(), now);
            self.advance(attempt.run, next, now);
        }
    }

    fn handled(&mut self, run: RunId, answer: Result<State, TaskError>, now: SystemTime) {
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
        let output = self.plan.node(self.runs[run].node).spec().output;
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
        let spec = self.plan.node(cell.node).spec();
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
        let spec = self.plan.node(cell.node).spec();
        let edges = self.plan.edges(cell.node).len();
        let states = upstreams.iter().map(|id| &self.runs[*id].state);
        pipeline::begin(spec, edges, states, &cell.state, cell.resumed)
    }

    fn go_on(&self, run: RunId, then: Then, now: SystemTime) -> Move {
        let cell = &self.runs[run];
        if self.mode == Mode::Cancelled && then != Then::Over && !cell.state.kind().is_finished() {
            return pipeline::cancelled();
        }
        match then {
            Then::LookUp => self.look_up(run, now),
            Then::Trigger => self.go_to_trigger(run),
            _ => {
                let spec = self.plan.node(cell.node).spec();
                let seed = self.seed ^ u64::from(run.0);
                let progress = Progress {
                    attempt: cell.attempt,
                    iteration: cell.iteration,
                    carried: cell.carried(),
                };
                pipeline::go_on(then, &cell.state, spec, progress, seed, now)
            }
        }
    }

    fn woke(&mut self, run: RunId, now: SystemTime) {
        let cell = &self.runs[run];
        if cell.stage == Stage::Sleeping {
            match cell.state.start_time() {
                Some(at) if at > now => self.actions.push_back(Action::WakeAt { run, at }),
                _ => self.begin(run, now),
            }
        }
    }

    fn resumed(&mut self, run: RunId, now: SystemTime) {
        let cell = &mut self.runs[run];
        if cell.state.is(StateKind::Paused) && cell.stage != Stage::Over {
            let message = "Approval given to resume.";
            cell.state = State::scheduled(StateKind::Resume, now).with_message(message);
            self.ready.push_back(run);
            self.mode = Mode::Going;
        }
    }

    /// The steps before the body, of a run whose upstreams are over and whose time has come.
    fn begin(&mut self, run: RunId, now: SystemTime) {
        let cell = &mut self.runs[run];
        if !matches!(cell.stage, Stage::Waiting | Stage::Sleeping) {
            return;
        }
        if !pipeline::may_begin(&cell.state, now) {
            return self.settle(run, now);
        }
        cell.count_attempt(now);
        let mut upstreams = std::mem::take(&mut self.upstreams);
        let next = match self.refused_arm(run) {
            Some(refusal) => refusal,
            None => {
                self.collect_upstreams(run, &mut upstreams);
                let node = self.plan.node(self.runs[run].node);
                let states = upstreams.iter().map(|id| &self.runs[*id].state);
                match pipeline::skipped(node.spec(), states.clone()) {
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
                }
            }
        };
        upstreams.clear();
        self.upstreams = upstreams;
        self.advance(run, next, now);
    }

    /// Takes the moves of a task run until an event has to come, or it is over.
    fn advance(&mut self, run: RunId, mut next: Move, now: SystemTime) {
        loop {
            match next {
                Move::Announce {
                    new,
                    then,
                    will_retry,
                } => {
                    let node = self.plan.node(self.runs[run].node);
                    let listens = self.announce_all || !node.spec().handlers.is_empty();
                    if listens && !node.hidden {
                        return self.announce(run, new, then, will_retry, now);
                    }
                    self.runs[run].state = new;
                    next = self.go_on(run, then, now);
                }
                Move::Execute => {
                    self.set_stage(run, Stage::Executing);
                    let cell = &mut self.runs[run];
                    cell.started.get_or_insert(now);
                    self.actions
                        .push_back(Action::Execute(Attempt::new(run, cell)));
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

    fn announce(&mut self, run: RunId, new: State, then: Then, will_retry: bool, at: SystemTime) {
        self.set_stage(run, Stage::Announcing(then));
        let cell = &self.runs[run];
        let task = Some(Attempt::new(run, cell));
        let change = Change {
            task,
            old: cell.state.clone(),
            new,
            will_retry,
            at,
        };
        self.actions.push_back(Action::Handle(Box::new(change)));
    }

    /// The pipeline has nothing more to do now: the state says what the task run waits for.
    fn settle(&mut self, run: RunId, now: SystemTime) {
        let state = &self.runs[run].state;
        match state.start_time() {
            _ if state.kind().is_finished() => self.over(run, now),
            Some(at) if state.kind().is_scheduled() && self.waits => {
                self.set_stage(run, Stage::Sleeping);
                self.actions.push_back(Action::WakeAt { run, at });
            }
            _ => self.set_stage(run, Stage::Waiting),
        }
    }

    fn over(&mut self, run: RunId, now: SystemTime) {
        self.set_stage(run, Stage::Over);
        self.runs[run].ended = Some(now);
        self.keep(run);
        self.expand(run);
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

    fn cancel(&mut self, now: SystemTime) {
        if self.mode == Mode::Cancelled || self.flow.kind().is_finished() {
            return;
        }
        self.mode = Mode::Cancelled;
        if self.flow.kind().is_running() {
            self.cancel_tasks(now);
        }
    }

    /// Ends every task run that is not over; those whose handlers are busy follow when they answer.
    fn cancel_tasks(&mut self, now: SystemTime) {
        for run in self.runs.ids() {
            if matches!(
                self.runs[run].stage,
                Stage::Waiting | Stage::Executing | Stage::Sleeping
            ) {
                self.advance(run, pipeline::cancelled(), now);
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
            self.actions.push_back(Action::Handle(Box::new(change)));
        } else {
            self.flow = new;
            self.flow_goes_on(then, now);
        }
    }

    fn flow_handled(&mut self, answer: Result<State, TaskError>, now: SystemTime) {
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

    fn flow_goes_on(&mut self, then: Then, now: SystemTime) {
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
        let over = |node| {
            let run = RunId::root(node);
            let cell = &self.runs[run];
            // A kept result that has yet to be looked at is one.
            let kept = cell.state.kind().is_finished() && cell.children().is_none();
            kept || self.runs.is_complete(run)
        };
        self.given > 0 && self.active == self.sleeping && self.plan.terminals().all(over)
    }

    /// Nothing is under way: the flow is over, or all that is left waits for a person.
    fn end(&mut self, now: SystemTime) {
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

impl Attempt {
    fn new(run: RunId, cell: &Cell) -> Self {
        Self {
            run,
            number: cell.attempt,
            iteration: cell.iteration,
        }
    }

    const fn of(self) -> (u32, u32) {
        (self.number, self.iteration)
    }
}

#[cfg(test)]
mod tests;
