//! Calling the body of a task: its panics become errors, and its time may be limited.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{self, Poll};
use std::time::Duration;

use tokio::time::Sleep;

use crate::context::Context;
use crate::error::TaskError;
use crate::input::Inputs;
use crate::task::{Body, BodyFn, Outcome};

/// Calls a body that is not `async`, on this thread.
#[inline]
pub(super) fn call(body: &BodyFn, inputs: &mut Inputs) -> Outcome {
    let outcome = catch(|| {
        let outcome = inputs.adapt().and_then(|()| match body {
            BodyFn::Sync(body) => body(inputs),
            BodyFn::Dynamic(body) => body(inputs),
            BodyFn::Async(_) => Err(TaskError::new("an `async` body is not called but polled")),
        });
        inputs.clear();
        outcome
    });
    outcome.unwrap_or_else(|panic| {
        // Those of the next attempt come in the same place.
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

/// An `async` body that goes on whenever it is polled.
pub(super) struct Running {
    /// `None` once it has ended.
    body: Option<Body>,
    /// When its time is up.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Running {
    /// Gives a body its inputs; it does nothing before it is polled.
    pub(super) fn new(
        body: fn(&mut Inputs) -> Body,
        inputs: &mut Inputs,
        timeout: Option<Duration>,
    ) -> Result<Self, TaskError> {
        let running = catch(|| {
            inputs.adapt()?;
            Ok(Self {
                body: Some(body(inputs)),
                deadline: timeout.map(|timeout| Box::pin(tokio::time::sleep(timeout))),
            })
        });
        catch(|| inputs.clear())?;
        running?
    }

    /// Goes on with the body, and drops it when it has ended or its time is up.
    pub(super) fn poll(&mut self, poll: &mut task::Context<'_>) -> Poll<Outcome> {
        let polled =
            catch(|| self.poll_in_time(poll)).unwrap_or_else(|panic| Poll::Ready(Err(panic)));
        polled.map(|outcome| catch(|| self.body = None).and(outcome))
    }

    fn poll_in_time(&mut self, poll: &mut task::Context<'_>) -> Poll<Outcome> {
        if let Some(body) = &mut self.body
            && let Poll::Ready(outcome) = body.as_mut().poll(poll)
        {
            return Poll::Ready(outcome);
        }
        match &mut self.deadline {
            Some(deadline) => deadline
                .as_mut()
                .poll(poll)
                .map(|()| Err(TaskError::timed_out())),
            None => Poll::Pending,
        }
    }

    /// Goes on with the body until it ends, in a context.
    pub(super) async fn end(mut self, context: Context) -> Outcome {
        poll_fn(|poll| context.enter(|| self.poll(poll))).await
    }
}

/// Calls code of the user. What it leaves behind when it panics is not looked at again.
pub(super) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, TaskError> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|panic| TaskError::from_panic(&*panic))
}
