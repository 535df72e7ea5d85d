//! Calling the body of a task: its panics become errors, and its time may be limited.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{self, Poll};
use std::time::Duration;

use tokio::task::coop;
use tokio::time::Sleep;

use crate::context::Context;
use crate::error::TaskError;
use crate::input::Inputs;
use crate::task::{Body, BodyFn, Outcome};

/// Calls a body that is not `async`, on this thread.
#[inline]
pub(super) fn call(body: &BodyFn, inputs: &mut Inputs) -> Outcome {
    with(inputs, |inputs| match body {
        BodyFn::Sync(body) => body(inputs),
        BodyFn::Dynamic(body) => body(inputs),
        BodyFn::Async(_) => Err(TaskError::new("an `async` body is not called but polled")),
    })
}

/// Gives code of the user its inputs, and drops what it leaves of them: those of the next attempt come in
/// the same place.
#[inline]
fn with<R>(
    inputs: &mut Inputs,
    code: impl FnOnce(&mut Inputs) -> Result<R, TaskError>,
) -> Result<R, TaskError> {
    let result = catch(|| {
        let result = inputs.adapt().and_then(|()| code(inputs));
        inputs.clear();
        result
    });
    result.unwrap_or_else(|panic| {
        let _ = catch(|| inputs.clear());
        Err(panic)
    })
}

/// Calls a body that is not `async`, on a thread of its own: a thread cannot be stopped, so a body that
/// takes too long is left alone there.
pub(super) fn call_within(
    timeout: Duration,
    body: BodyFn,
    mut inputs: Inputs,
    context: &Context,
) -> Outcome {
    let (sender, receiver) = mpsc::channel();
    let span = tracing::Span::current();
    let inner = context.clone();
    let work = move || {
        let call = || call(&body, &mut inputs);
        let outcome = span.in_scope(|| inner.enter(call));
        // Nobody may listen any more: then the outcome came too late.
        let _ = sender.send(outcome);
    };
    let thread = std::thread::Builder::new().name("tribune-timeout".to_owned());
    match thread.spawn(work) {
        Ok(_) => receiver.recv_timeout(timeout).unwrap_or_else(|_| {
            context.give_up();
            Err(TaskError::timed_out())
        }),
        Err(error) => Err(TaskError::new(error)),
    }
}

/// An `async` body that has begun.
pub(super) struct Running {
    /// `None` once it has ended.
    body: Option<Body>,
    /// When its time is up.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Running {
    /// Polls a body for the first time, and says what came of it if it was ready.
    pub(super) fn begin(
        body: fn(&mut Inputs) -> Body,
        inputs: &mut Inputs,
        timeout: Option<Duration>,
        poll: &mut task::Context<'_>,
    ) -> ControlFlow<Outcome, Self> {
        let begun = with(inputs, |inputs| {
            let mut running = Self {
                deadline: timeout.map(|timeout| Box::pin(tokio::time::sleep(timeout))),
                body: Some(body(inputs)),
            };
            match running.poll_in_time(poll) {
                Poll::Ready(outcome) => Ok(ControlFlow::Break(outcome)),
                Poll::Pending => Ok(ControlFlow::Continue(running)),
            }
        });
        begun.unwrap_or_else(|error| ControlFlow::Break(Err(error)))
    }

    /// Goes on with the body, and drops it when it has ended or its time is up.
    fn poll(&mut self, poll: &mut task::Context<'_>) -> Poll<Outcome> {
        let polled = catch(|| {
            let polled = self.poll_in_time(poll);
            if polled.is_ready() {
                self.body = None;
            }
            polled
        });
        polled.unwrap_or_else(|panic| Poll::Ready(Err(panic)))
    }

    fn poll_in_time(&mut self, poll: &mut task::Context<'_>) -> Poll<Outcome> {
        if let Some(body) = &mut self.body
            && let Poll::Ready(outcome) = body.as_mut().poll(poll)
        {
            return Poll::Ready(outcome);
        }
        match &mut self.deadline {
            // The body may have used up what tokio lets a task do at a time, and does so whenever it is polled.
            Some(deadline) => Pin::new(&mut coop::unconstrained(deadline.as_mut()))
                .poll(poll)
                .map(|()| Err(TaskError::timed_out())),
            None => Poll::Pending,
        }
    }
}

/// A body that is polled in a context.
pub(super) struct Waiting {
    pub(super) body: Running,
    pub(super) context: Context,
}

impl Future for Waiting {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, poll: &mut task::Context<'_>) -> Poll<Outcome> {
        let Self { body, context } = &mut *self;
        context.enter(|| body.poll(poll))
    }
}

/// Calls code of the user. What it leaves behind when it panics is not looked at again.
pub(super) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, TaskError> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|panic| TaskError::from_panic(&*panic))
}
