//! Signals: errors with a meaning, which put a task run into a state of the task's choice.
//!
//! A task, or a state handler, returns one as its error; it passes through `?` like any other.
//!
//! # Examples
//!
//! ```
//! use tribune::prelude::*;
//! use tribune::signal::{self, Signal};
//!
//! #[task]
//! fn import(rows: Vec<String>) -> Result<usize, Signal> {
//!     if rows.is_empty() {
//!         return Err(signal::skip("nothing new"));
//!     }
//!     Ok(rows.len())
//! }
//!
//! let flow = flow!("import", {
//!     import(vec![])
//! });
//! let run = flow.run().wait()?;
//! assert_eq!(run.task("import").unwrap().state().to_string(), r#"Skipped("nothing new")"#);
//! # Ok::<(), RunError>(())
//! ```

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::state::{State, StateKind};
use crate::task::LONGEST_DELAY;

/// An error that is no failure, but asks for a state.
#[derive(Clone, Debug)]
pub struct Signal {
    state: State,
    delay: Option<Duration>,
    ends_run: bool,
}

/// Skips the task: it is over, and successful, but what depends on it is skipped too.
pub fn skip(message: impl Into<Cow<'static, str>>) -> Signal {
    Signal::new(StateKind::Skipped).with_message(message)
}

/// Fails the task; it is retried like after an error.
pub fn fail(message: impl Into<Cow<'static, str>>) -> Signal {
    Signal::new(StateKind::Failed).with_message(message)
}

/// Fails the task because what it made is not valid; it is retried like after an error.
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
/// use tribune::signal::{self, Signal};
///
/// #[task]
/// fn check(rows: Vec<u32>) -> Result<Vec<u32>, Signal> {
///     match rows.is_empty() {
///         true => Err(signal::validation_fail("the table is empty")),
///         false => Ok(rows),
///     }
/// }
///
/// let flow = flow!("import", { check(vec![]) });
/// let run = flow.run().wait()?;
/// let state = run.task("check").unwrap().state();
/// assert_eq!(state.to_string(), r#"ValidationFailed("the table is empty")"#);
/// # Ok::<(), RunError>(())
/// ```
pub fn validation_fail(message: impl Into<Cow<'static, str>>) -> Signal {
    Signal::new(StateKind::ValidationFailed).with_message(message)
}

/// Ends the task successfully with this result, which must have the type that the task returns.
pub fn success<T: Send + Sync + 'static>(result: T) -> Signal {
    Signal::from(State::new(StateKind::Success).with_result(result))
}

/// Runs the task again, at once or [`after`](Signal::after) a while, whatever its `max_retries`.
pub fn retry(message: impl Into<Cow<'static, str>>) -> Signal {
    Signal::new(StateKind::Retrying).with_message(message)
}

/// Pauses the task until a person resumes it, or [`for`](Signal::after) a while. Then the whole body
/// runs again.
pub fn pause(message: impl Into<Cow<'static, str>>) -> Signal {
    Signal::new(StateKind::Paused).with_message(message)
}

/// Runs the task again at once as the next iteration of a loop, which finds `value` in its context.
pub fn again<T: Send + Sync + 'static>(value: T) -> Signal {
    Signal::from(State::new(StateKind::Looped).with_result(value))
}

/// Ends the run in `state` when a state handler returns it: no other handler hears of that.
pub fn end_run(state: State) -> Signal {
    Signal {
        ends_run: true,
        ..Signal::from(state)
    }
}

impl Signal {
    /// Asks for a state of this kind, without a message.
    pub const fn new(kind: StateKind) -> Self {
        Self {
            state: State::new(kind),
            delay: None,
            ends_run: false,
        }
    }

    /// The same signal with this message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.state = self.state.with_message(message);
        self
    }

    /// The same signal for a state that lasts this long: a pause, or the time before a retry.
    #[must_use]
    pub const fn after(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// The state that is asked for.
    pub const fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn delay(&self) -> Option<Duration> {
        self.delay.map(|delay| delay.min(LONGEST_DELAY))
    }

    pub(crate) const fn ends_run(&self) -> bool {
        self.ends_run
    }
}

/// Asks for this very state.
impl From<State> for Signal {
    fn from(state: State) -> Self {
        Self {
            state,
            delay: None,
            ends_run: false,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.state, f)
    }
}

impl Error for Signal {}
