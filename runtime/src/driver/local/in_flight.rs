//! Bodies that tokio goes on with.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::JoinHandle;

use super::{Local, lock};
use crate::engine::{Attempt, Event};
use crate::task::Outcome;
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

impl Local {
    /// Lets tokio go on with an `async` body.
    pub(in super::super) fn spawn<F>(
        self: &Arc<Self>,
        attempt: Attempt,
        started: Timestamp,
        body: F,
    ) where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let local = self.clone();
        let task = tokio::spawn(async move {
            let outcome = body.await;
            local.complete(Event::Returned {
                attempt,
                started,
                outcome,
            });
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
