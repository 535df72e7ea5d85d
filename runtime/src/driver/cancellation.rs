//! Asking a run to stop.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Something that can be told to stop.
pub(crate) trait Cancel: Send + Sync {
    fn cancel(&self);
}

/// A switch that stops every run it was given to; clones are the same switch.
///
/// Running `async` tasks are dropped, plain ones run to their end unheeded, and everything that is
/// not over becomes `Cancelled`, the flow last. Handlers hear of all of it.
///
/// # Examples
///
/// ```
/// use tribune::Cancellation;
/// use tribune::prelude::*;
///
/// #[task]
/// async fn wait() {
///     std::future::pending().await
/// }
///
/// let flow = flow!("endless", {
///     wait();
/// });
/// let cancellation = Cancellation::new();
/// cancellation.cancel();
/// let run = flow.run().cancel_with(&cancellation).wait()?;
/// assert!(run.state().is(Cancelled));
/// # Ok::<(), RunError>(())
/// ```
#[derive(Clone, Default)]
pub struct Cancellation(Arc<Mutex<Switch>>);

#[derive(Default)]
struct Switch {
    cancelled: bool,
    runs: Vec<Weak<dyn Cancel>>,
}

impl Cancellation {
    /// A switch that is off.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the runs that the switch was given to, and those that it will be given to.
    pub fn cancel(&self) {
        let runs = {
            let mut switch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            switch.cancelled = true;
            std::mem::take(&mut switch.runs)
        };
        for run in runs {
            if let Some(run) = run.upgrade() {
                run.cancel();
            }
        }
    }

    /// Tells whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .cancelled
    }

    /// Adds a run, which is stopped at once if the switch is on.
    pub(crate) fn add(&self, run: &Arc<dyn Cancel>) {
        let mut switch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if switch.cancelled {
            drop(switch);
            return run.cancel();
        }
        switch.runs.retain(|run| run.strong_count() > 0);
        switch.runs.push(Arc::downgrade(run));
    }
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancellation")
            .field("cancelled", &self.is_cancelled())
            .finish()
    }
}
