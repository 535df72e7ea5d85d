//! Calling the body of a task: its panics become errors, and its time may be limited.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use crate::context::Context;
use crate::error::TaskError;
use crate::input::{Inputs, Slot};
use crate::task::{Body, BodyFn, Outcome};

type AsyncBody = for<'a> fn(&'a mut Inputs) -> Body<'a>;

/// Calls a body that is not `async` on this thread; with a timeout, on a thread of its own.
pub(super) fn call(
    body: &BodyFn,
    slots: Vec<Slot>,
    timeout: Option<Duration>,
    context: &Context,
) -> Outcome {
    match timeout {
        None => catch(|| {
            context.enter(|| {
                let mut inputs = Inputs::new(slots)?;
                match body {
                    BodyFn::Sync(body) => body(&mut inputs),
                    BodyFn::Dynamic(body) => body(&mut inputs),
                    BodyFn::Async(_) => {
                        Err(TaskError::new("an `async` body is not called but polled"))
                    }
                }
            })
        })
        .unwrap_or_else(Err),
        Some(timeout) => call_within(timeout, body.clone(), slots, context),
    }
}

/// A thread cannot be stopped, so a body that takes too long is left alone on its own.
fn call_within(timeout: Duration, body: BodyFn, slots: Vec<Slot>, context: &Context) -> Outcome {
    let (sender, receiver) = mpsc::channel();
    let span = tracing::Span::current();
    let inner = context.clone();
    let work = move || {
        let outcome = span.in_scope(|| call(&body, slots, None, &inner));
        // Nobody may listen any more: then the outcome came too late.
        let _ = sender.send(outcome);
    };
    match std::thread::Builder::new()
        .name("tribune-timeout".to_owned())
        .spawn(work)
    {
        Ok(_) => receiver.recv_timeout(timeout).unwrap_or_else(|_| {
            context.give_up();
            Err(TaskError::timed_out())
        }),
        Err(error) => Err(TaskError::new(error)),
    }
}

/// Runs an `async` body, and drops it when its time is up.
pub(super) async fn run(
    body: AsyncBody,
    slots: Vec<Slot>,
    timeout: Option<Duration>,
    context: Context,
) -> Outcome {
    let future = async move {
        let mut inputs = Inputs::new(slots)?;
        body(&mut inputs).await
    };
    let mut future = Box::pin(future);
    let future = poll_fn(move |poll| {
        catch(|| context.enter(|| future.as_mut().poll(poll)))
            .unwrap_or_else(|error| Poll::Ready(Err(error)))
    });
    match timeout {
        None => future.await,
        Some(timeout) => tokio::time::timeout(timeout, future)
            .await
            .unwrap_or_else(|_| Err(TaskError::timed_out())),
    }
}

/// Calls code of the user. What it leaves behind when it panics is not looked at again.
pub(super) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, TaskError> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|panic| TaskError::from_panic(&*panic))
}
