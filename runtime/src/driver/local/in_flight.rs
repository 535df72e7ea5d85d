//! Bodies that tokio goes on with.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Local, lock};
use crate::engine::{Attempt, Event};
use crate::task::Outcome;
use crate::timestamp::Timestamp;

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
        let mut in_flight = lock(&self.in_flight);
        let task = tokio::spawn(async move {
            let outcome = body.await;
            local.complete(Event::Returned {
                attempt,
                started,
                outcome,
            });
        });
        in_flight.insert(attempt.run, task.abort_handle());
        drop(in_flight);
        if self.info.cancelled.load(Ordering::Relaxed) {
            task.abort();
        }
    }

    /// Takes what came of an `async` body, on a thread of tokio.
    fn complete(self: &Arc<Self>, event: Event) {
        let mut guard = self.lock();
        if let Event::Returned { attempt, .. } = &event {
            lock(&self.in_flight).remove(&attempt.run);
        }
        if let Some(progress) = guard.as_mut() {
            progress.engine.on(event, self.now());
            self.share(progress, 0);
        }
    }
}
