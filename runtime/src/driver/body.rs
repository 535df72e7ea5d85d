//! Calling the body of a task: its panics become errors, and its time may be limited.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use crate::context::Context;
use crate::error::TaskError;
use crate::input::Inputs;
use crate::task::{Body, BodyFn, Outcome};

pub(super) type AsyncBody = for<'a> fn(&'a mut Inputs) -> Body<'a>;

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

/// Runs an `async` body, and drops it when its time is up.
pub(super) async fn run(body: AsyncBody, mut inputs: Inputs, timeout: Option<Duration>) -> Outcome {
    let future = async move {
        inputs.adapt()?;
        body(&mut inputs).await
    };
    match timeout {
        None => unpanicked(future).await,
        Some(timeout) => tokio::time::timeout(timeout, unpanicked(future))
            .await
            .unwrap_or_else(|_| Err(TaskError::timed_out())),
    }
}

/// Turns a panic of an `async` body into its error.
async fn unpanicked(future: impl Future<Output = Outcome>) -> Outcome {
    let mut future = std::pin::pin!(future);
    poll_fn(move |poll| {
        catch(|| future.as_mut().poll(poll)).unwrap_or_else(|error| Poll::Ready(Err(error)))
    })
    .await
}

/// Polls `future` in a context.
pub(super) fn within<F: Future + Unpin>(
    context: Context,
    mut future: F,
) -> impl Future<Output = F::Output> {
    poll_fn(move |poll| context.enter(|| std::pin::Pin::new(&mut future).poll(poll)))
}

/// Calls code of the user. What it leaves behind when it panics is not looked at again.
pub(super) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, TaskError> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|panic| TaskError::from_panic(&*panic))
}
