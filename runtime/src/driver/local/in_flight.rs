//! Bodies that tokio goes on with.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{self, Poll, ready};

use tokio::task::{JoinHandle, coop};
use tracing::Span;
use tracing::instrument::{Instrument as _, Instrumented};

use super::{Local, lock};
use crate::context::{At, Context};
use crate::driver::body::{Running, Waiting};
use crate::engine::{Attempt, Event};
use crate::error::TaskError;
use crate::input::Inputs;
use crate::task::{BodyFn, Outcome};
use crate::timestamp::Timestamp;

/// The tasks of tokio that run bodies, to stop them.
#[derive(Default)]
pub(super) struct InFlight(Vec<JoinHandle<()>>);

impl InFlight {
    fn add(&mut self, task: JoinHandle<()>) {
        let Self(tasks) = self;
        if tasks.len() == tasks.capacity() {
            // As many are added before the next look as are looked at: that is little for each.
            tasks.retain(|task| !task.is_finished());
            tasks.reserve(tasks.len());
        }
        tasks.push(task);
    }

    pub(super) fn abort(&mut self) {
        for task in self.0.drain(..) {
            task.abort();
        }
    }
}

/// A task of tokio: a body, and those that follow it, as long as they are `async` too.
struct Flight {
    local: Arc<Local>,
    attempt: Attempt,
    started: Timestamp,
    body: Instrumented<Waiting>,
}

impl Future for Flight {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, poll: &mut task::Context<'_>) -> Poll<()> {
        let mut outcome = ready!(Pin::new(&mut self.body).poll(poll));
        loop {
            let ended = Event::Returned {
                attempt: self.attempt,
                started: self.started,
                outcome,
            };
            // However many are ready at once, others have their turn.
            let budget = coop::poll_proceed(poll).map(|budget| budget.made_progress());
            let next = self.local.complete(ended, budget.is_ready());
            let Some((attempt, now, inputs)) = next else {
                return Poll::Ready(());
            };
            (self.attempt, self.started) = (attempt, now);
            match self.local.begin(attempt, inputs, poll) {
                ControlFlow::Break(ended) => outcome = ended,
                ControlFlow::Continue(body) => {
                    self.body = body.instrument(Span::none());
                    return Poll::Pending;
                }
            }
        }
    }
}

impl Local {
    /// Lets tokio go on with an `async` body.
    pub(in super::super) fn spawn(
        self: &Arc<Self>,
        attempt: Attempt,
        started: Timestamp,
        body: Instrumented<Waiting>,
    ) {
        let task = tokio::spawn(Flight {
            local: self.clone(),
            attempt,
            started,
            body,
        });
        let mut in_flight = lock(&self.in_flight);
        in_flight.add(task);
        // Whoever cancels the run says so before he looks at what is in flight.
        if self.info.cancelled.load(Ordering::Relaxed) {
            in_flight.abort();
        }
    }

    /// Takes what came of an `async` body, on a thread of tokio, and gives what the thread may go on with: the
    /// next body, if it is `async` too. Those that block a thread are left to workers.
    fn complete(
        self: &Arc<Self>,
        event: Event,
        may_go_on: bool,
    ) -> Option<(Attempt, Timestamp, Inputs)> {
        let mut guard = self.lock();
        let progress = guard.as_mut()?;
        let now = self.now();
        progress.engine.on(event, now);
        let mut inputs = Inputs::default();
        let next = match may_go_on {
            true => progress.engine.next_async(now, &mut inputs),
            false => None,
        };
        self.share(progress, usize::from(next.is_some()));
        Some((next?, now, inputs))
    }

    /// Lets a body begin that goes the straight way.
    fn begin(
        &self,
        attempt: Attempt,
        mut inputs: Inputs,
        poll: &mut task::Context<'_>,
    ) -> ControlFlow<Outcome, Waiting> {
        let spec = self.info.plan.spec(attempt.node);
        let BodyFn::Async(body) = spec.body else {
            return ControlFlow::Break(Err(TaskError::new("only an `async` body is polled")));
        };
        let at = At {
            task: Some(attempt.into()),
            past: None,
        };
        let context = Context::new(self.info.clone(), at);
        match context.enter(|| Running::begin(body, &mut inputs, spec.timeout, poll)) {
            ControlFlow::Break(outcome) => ControlFlow::Break(outcome),
            ControlFlow::Continue(body) => ControlFlow::Continue(Waiting { body, context }),
        }
    }
}
