//! How far a run is, as a bar in the terminal.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

use crate::handler::StateChange;
use crate::state::StateKind;

/// A bar that counts task runs, those of the elements of a loop too, as soon as they are known.
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
/// use tribune::progress::Progress;
///
/// #[task]
/// fn load() {}
///
/// let flow = flow!("nightly", {
///     load();
/// });
/// flow.run().progress(Progress::bar()).wait()?;
/// # Ok::<(), RunError>(())
/// ```
pub struct Progress {
    bar: ProgressBar,
    running: Mutex<HashSet<String>>,
}

impl Progress {
    /// A bar on the standard error output; where that is no terminal, nothing is drawn.
    pub fn bar() -> Self {
        let style = ProgressStyle::with_template("{elapsed_precise} {wide_bar} {pos}/{len} {msg}");
        // The template is a constant: were it wrong, the bar would look as bars usually do.
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(0).with_style(style);
        Self {
            bar,
            running: Mutex::default(),
        }
    }

    /// Expects this many task runs from the start.
    pub(crate) fn expect(&self, tasks: usize) {
        self.bar.inc_length(tasks.try_into().unwrap_or(u64::MAX));
    }

    pub(crate) fn record(&self, change: &StateChange) {
        if change.is_flow() {
            if change.proposed().kind().is_finished() {
                self.bar.finish();
            }
            return;
        }
        let name = change.full_name().into_owned();
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match change.proposed().kind() {
            StateKind::Running => running.insert(name),
            _ => running.remove(&name),
        };
        let first = running.iter().min().cloned().unwrap_or_default();
        drop(running);
        self.bar.set_message(first);
        self.expect(change.proposed().children().unwrap_or(0));
        if change.proposed().kind().is_finished() && !change.will_retry() {
            self.bar.inc(1);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("done", &self.bar.position())
            .field("known", &self.bar.length())
            .finish_non_exhaustive()
    }
}
