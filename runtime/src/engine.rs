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

mod branches;
mod cell;
mod flow_run;
mod kept;
mod loops;
mod pipeline;
mod readings;
mod ready;
mod runs;
mod straight;
mod task_run;
mod wait;

use std::collections::VecDeque;
use std::sync::Arc;

pub(crate) use self::cell::Cell;
use self::pipeline::Then;
use self::ready::Ready;
pub(crate) use self::runs::{RunId, Runs};
pub(crate) use self::straight::Straight;
use crate::cache::{Prints, Store};
use crate::error::TaskError;
use crate::input::Inputs;
use crate::plan::{NodeId, Plan};
use crate::state::{State, StateKind};
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
    ready: Ready,
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
            ready: Ready::default(),
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
            Event::Left if self.mode == Mode::Resting => self.finish(),
            // The run was cancelled while a person was asked.
            Event::Left => {}
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
                Some(Action::Execute(attempt)) if self.is_at(attempt) => attempt,
                // It was cancelled before it began.
                Some(Action::Execute(_)) => continue,
                Some(action) => return Some(action),
                None => match self.next_straight(now, inputs) {
                    Some(Straight::Call(attempt)) => return Some(Action::Execute(attempt)),
                    Some(Straight::Tell(attempt)) => match self.starting(attempt, now) {
                        Some(change) => return Some(Action::Handle(change)),
                        None if self.call_straight(attempt, now, inputs) => {
                            return Some(Action::Execute(attempt));
                        }
                        None => continue,
                    },
                    None if self.go(now) => continue,
                    None => return None,
                },
            };
            if self.read_or_end(attempt, now, inputs) {
                return Some(Action::Execute(attempt));
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

    /// Tells whether an event is to come for which no time was named.
    pub(crate) const fn is_at_work(&self) -> bool {
        self.active > self.sleeping
    }

    fn attempt(&self, run: RunId) -> Attempt {
        let cell = &self.runs[run];
        Attempt {
            run,
            node: self.runs.node(run),
            index: self.runs.index_of(run),
            number: cell.number(),
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
            if let Some(run) = self.ready.pop() {
                self.begin(run, now);
            } else if self.flow_stage != Stage::Executing || self.is_at_work() {
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
