//! Bodies that tokio goes on with.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{self, Poll, ready};

use tokio::task::JoinHandle;
use tracing::instrument::Instrumented;

use super::{Local, lock};
use crate::driver::body::Waiting;
use crate::engine::{Attempt, Event};
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

/// A body on its way.
struct Flight {
    local: Arc<Local>,
    attempt: Attempt,
    started: Timestamp,
    body: Instrumented<Waiting>,
}

impl Future for Flight {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, poll: &mut task::Context<'_>) -> Poll<()> {
        let outcome = ready!(Pin::new(&mut self.body).poll(poll));
        self.local.complete(Event::Returned {
            attempt: self.attempt,
            started: self.started,
            outcome,
        });
        Poll::Ready(())
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

    /// Takes what came of an `async` body, on a thread of tokio.
    fn complete(self: &Arc<Self>, event: Event) {
        let mut guard = self.lock();
        if let Some(progress) = guard.as_mut() {
            progress.engine.on(event, self.now());
            self.share(progress, 0);
        }
    }
}
