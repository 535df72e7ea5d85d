//! What a worker does between two looks at the engine: it runs bodies and asks handlers.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{self, Waker};
use std::time::Duration;

use tokio::runtime::EnterGuard;
use tracing::{Instrument as _, Span};

use super::body::{Running, Waiting};
use super::hand::Job;
use super::local::Local;
use super::ticks::Ticks;
use super::{body, target};
use crate::context::{At, Context, Past, Visit};
use crate::engine::{Attempt, Change, Event};
use crate::error::TaskError;
use crate::handler::{Reply, RunInfo, StateChange, TaskInfo};
use crate::input::Inputs;
use crate::state::State;
use crate::task::{Body, BodyFn, Outcome};
use crate::timestamp::Timestamp;

/// One thread of a run, and what it keeps from job to job.
pub(super) struct Worker<'a> {
    pub(super) local: &'a Arc<Local>,
    pub(super) number: usize,
    /// The inputs of the attempt that is at hand.
    pub(super) inputs: Inputs,
    /// The time at which the last body ended here, unless something else was done since.
    last: Option<Timestamp>,
    ticks: Ticks,
    /// For the next change: it saves counting the references to what all changes share.
    run: Option<Arc<RunInfo>>,
    /// How many ends this worker has told, and how many the others had when it last looked.
    pub(super) told: u64,
    pub(super) seen: u64,
    /// How often in a row it looked and they had told no more.
    pub(super) alone: u32,
    visit: Visit,
    tokio: Option<EnterGuard<'a>>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(local: &'a Arc<Local>, number: usize) -> Self {
        Self {
            local,
            number,
            inputs: Inputs::default(),
            last: None,
            ticks: Ticks::new(),
            run: None,
            told: 0,
            seen: 0,
            alone: 0,
            visit: Visit::of(&local.info),
            tokio: None,
        }
    }

    /// Does a job, and says what came of it. What is `async` and has to wait ends later, elsewhere.
    pub(super) fn perform(&mut self, job: Job) -> Option<Event> {
        let event = match job {
            Job::Execute { .. } if self.local.info.cancelled.load(Ordering::Relaxed) => {
                self.inputs.clear();
                return None;
            }
            Job::Execute { attempt, past } => {
                let started = self.now();
                let outcome = self.execute(attempt, past);
                self.read_clock();
                let outcome = outcome?;
                Event::Returned {
                    attempt,
                    started,
                    outcome,
                }
            }
            Job::Handle { change, past } => Event::Handled {
                run: change.task.map(|attempt| attempt.run),
                answer: self.ask(change, past),
            },
        };
        Some(event)
    }

    /// Calls the body of an attempt that goes the straight way: nobody looks on, so there is neither a script
    /// nor a span.
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    pub(super) fn call(&mut self, attempt: Attempt) -> Option<Outcome> {
        let spec = self.local.info.plan.spec(attempt.node);
        let outcome = match (&spec.body, spec.timeout) {
            (BodyFn::Async(body), timeout) => {
                self.visit.at_task(attempt.into());
                self.poll(attempt, *body, timeout, Span::none())
            }
            (body, None) => {
                self.visit.at_task(attempt.into());
                Some(body::call(body, &mut self.inputs))
            }
            (_, Some(_)) => self.execute(attempt, None),
        };
        self.read_clock();
        outcome
    }

    fn execute(&mut self, attempt: Attempt, past: Option<Box<Past>>) -> Option<Outcome> {
        let task = TaskInfo::from(attempt);
        let at = At {
            task: Some(task),
            past,
        };
        let spec = self.local.info.plan.spec(task.node);
        if let Some(script) = &self.local.script
            && let Some(outcome) = script.outcome(&spec.name, task.attempt)
        {
            self.inputs.clear();
            return Some(outcome);
        }
        let span = self.span(task);
        let outcome = match (&spec.body, spec.timeout) {
            (BodyFn::Async(body), timeout) => {
                self.visit.at(at);
                return self.poll(attempt, *body, timeout, span);
            }
            (body, None) => {
                self.visit.at(at);
                span.in_scope(|| body::call(body, &mut self.inputs))
            }
            (body, Some(timeout)) => {
                let context = Context::new(self.local.info.clone(), at);
                let inputs = std::mem::take(&mut self.inputs);
                span.in_scope(|| body::call_within(timeout, body.clone(), inputs, &context))
            }
        };
        if let (Some(target), true) = (&spec.target, self.local.info.given.checkpointing) {
            span.in_scope(|| target::write(target, &outcome));
        }
        Some(outcome)
    }

    /// Polls an `async` body once, here; if it has to wait, tokio goes on with it.
    fn poll(
        &mut self,
        attempt: Attempt,
        body: fn(&mut Inputs) -> Body,
        timeout: Option<Duration>,
        span: Span,
    ) -> Option<Outcome> {
        let local = self.local;
        if self.tokio.is_none() {
            match local.runtime() {
                Ok(runtime) => self.tokio = Some(runtime.enter()),
                Err(error) => {
                    self.inputs.clear();
                    return Some(Err(TaskError::new(error)));
                }
            }
        }
        let poll = &mut task::Context::from_waker(Waker::noop());
        match span.in_scope(|| Running::begin(body, &mut self.inputs, timeout, poll)) {
            ControlFlow::Break(outcome) => Some(outcome),
            ControlFlow::Continue(body) => {
                let context = self.visit.context();
                let waiting = Waiting { body, context };
                local.spawn(attempt, self.now(), waiting.instrument(span));
                None
            }
        }
    }

    /// The time now, or that of the last thing that happened here: a task begins where another one ends.
    pub(super) fn now(&mut self) -> Timestamp {
        self.last.unwrap_or_else(|| self.read_clock())
    }

    fn read_clock(&mut self) -> Timestamp {
        let now = self.ticks.now(&self.local.clock);
        self.last = Some(now);
        now
    }

    /// Says that time has passed.
    pub(super) const fn forget_now(&mut self) {
        self.last = None;
    }

    /// Gives a change to its handlers, and to whoever else looks on.
    fn ask(&mut self, change: Change, past: Option<Box<Past>>) -> Result<State, TaskError> {
        let run_name = past.as_ref().and_then(|past| past.run_name.clone());
        let change = StateChange {
            run_name,
            ..self.change(change)
        };
        self.visit.at(At {
            task: change.task,
            past,
        });
        let local = self.local;
        let _entered = local.span.enter();
        record(&change);
        if let Some(script) = &local.script {
            script.record(&change);
        }
        #[cfg(feature = "progress")]
        if let Some(bar) = &local.bar {
            bar.record(&change);
        }
        let answer = self.call_handlers(&change);
        self.heard(change);
        answer
    }

    /// Gives a change of a run that goes the straight way to its handlers: nobody else looks on.
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    pub(super) fn tell_handlers(&mut self, change: Change) -> Result<State, TaskError> {
        let change = self.change(change);
        if let Some(task) = change.task {
            self.visit.at_task(task);
        }
        let answer = self.call_handlers(&change);
        self.heard(change);
        answer
    }

    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    fn change(&mut self, change: Change) -> StateChange {
        StateChange {
            run: self.run.take().unwrap_or_else(|| self.local.info.clone()),
            task: change.task.map(TaskInfo::from),
            run_name: None,
            old: change.old,
            new: change.new,
            at: change.at,
            started: change.started,
            will_retry: change.will_retry,
        }
    }

    /// Calls handlers in order: each gets the state that the one before answered.
    fn call_handlers(&self, change: &StateChange) -> Result<State, TaskError> {
        let local = self.local;
        let handlers = match change.task {
            Some(task) => &local.info.plan.spec(task.node).handlers,
            None => &local.definition.handlers,
        };
        body::catch(|| {
            let mut state = change.new.clone();
            for handler in handlers {
                state = match handler.handle(change, state).0 {
                    Reply::Now(answer) => answer?,
                    Reply::Later(answer) => {
                        let runtime = local.runtime().map_err(TaskError::new)?;
                        runtime.block_on(answer)?
                    }
                };
            }
            Ok(state)
        })
        .flatten()
    }

    /// After a change that handlers have heard of, which may have taken long.
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    fn heard(&mut self, change: StateChange) {
        self.run = Some(change.run);
        self.forget_now();
    }

    fn span(&self, TaskInfo { node, attempt, .. }: TaskInfo) -> Span {
        let task = self.local.info.plan.task_name(node);
        tracing::info_span!(parent: &self.local.span, "task_run", task, attempt)
    }
}

/// Writes a change to the log: failures that stay as errors, all else as information.
fn record(change: &StateChange) {
    macro_rules! write {
        ($level:ident) => {
            tracing::$level!(
                name = change.name(),
                attempt = change.attempt(),
                old = %change.old.kind(),
                new = %change.new,
                "state changed"
            )
        };
    }
    match change.new.kind().is_failed() && !change.will_retry {
        true => write!(error),
        false => write!(info),
    }
}

impl From<Attempt> for TaskInfo {
    fn from(attempt: Attempt) -> Self {
        Self {
            node: attempt.node,
            attempt: attempt.number,
            iteration: attempt.iteration,
            index: attempt.index,
        }
    }
}
