//! A kit for tests of flows: a clock that does not wait, scripted outcomes, and a record of changes.
//!
//! # A day of retries
//!
//! ```
//! use std::time::Duration;
//! use tribune::prelude::*;
//! use tribune::testing::Simulation;
//!
//! #[task(max_retries = 24, retry_delay = "1h")]
//! fn fetch() -> Result<String, std::io::Error> {
//!     std::fs::read_to_string("/there/is/no/such/file")
//! }
//!
//! let flow = flow!("patient", {
//!     fetch()
//! });
//! let run = Simulation::of(&flow).run()?;
//!
//! assert_eq!(run.elapsed(), Duration::from_secs(24 * 60 * 60));
//! assert_eq!(run.task("fetch").unwrap().attempts(), 25);
//! # Ok::<(), RunError>(())
//! ```
//!
//! # Scripted outcomes
//!
//! ```
//! # use tribune::prelude::*;
//! use tribune::testing::{Outcome, Simulation};
//!
//! #[task(max_retries = 2, retry_delay = "10m")]
//! fn load(table: &str) -> usize {
//!     panic!("a test does not touch the database: {table}")
//! }
//!
//! let flow = flow!("nightly", {
//!     load("users")
//! });
//! let run = Simulation::of(&flow)
//!     .attempt("load", 1, Outcome::error("connection refused"))
//!     .attempt("load", 2, Outcome::timeout())
//!     .attempt("load", 3, Outcome::value(5_usize))
//!     .run()?;
//!
//! assert_eq!(run.output(), Some(&5));
//! assert_eq!(
//!     run.changes_of("load"),
//!     [
//!         "Pending -> Running",
//!         "Running -> Failed",
//!         "Failed -> Retrying",
//!         "Retrying -> Running",
//!         "Running -> TimedOut",
//!         "TimedOut -> Retrying",
//!         "Retrying -> Running",
//!         "Running -> Success",
//!     ]
//! );
//! # Ok::<(), RunError>(())
//! ```
//!
//! # Messages
//!
//! Notifiers send what they have to say to their own channels, also in a simulation. Which messages those
//! were is in [`FlowRun::notifications`]; a channel that delivers them nowhere keeps a test at home.
//!
//! ```
//! use tribune::notify::{Alert, Channel, Notifier, Outcome};
//! use tribune::prelude::*;
//! use tribune::testing::{self, Simulation};
//!
//! #[derive(Clone)]
//! struct Nowhere;
//!
//! impl Channel for Nowhere {
//!     fn send(&self, _: &Alert) -> Outcome {
//!         Outcome::Delivered
//!     }
//! }
//!
//! const ALERTS: Notifier<Nowhere> = Notifier::new("nowhere", Nowhere).only_states(&[Failed]);
//!
//! #[task(max_retries = 3, retry_delay = "1h", state_handlers = [ALERTS])]
//! fn upload() {}
//!
//! let flow = flow!("backup", {
//!     upload();
//! });
//! let down = testing::Outcome::error("the server is down");
//! let run = (1..=4)
//!     .fold(Simulation::of(&flow), |run, attempt| run.attempt("upload", attempt, down.clone()))
//!     .run()?;
//! assert_eq!(run.notifications().len(), 1, "only the last failure is worth a message");
//! # Ok::<(), RunError>(())
//! ```

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::error::{RunError, TaskError};
use crate::flow::Flow;
use crate::flow_run::FlowRun;
use crate::handler::StateChange;
use crate::run::Run;
use crate::task::{self, Returned};
use crate::value::Value;

/// What an attempt of a task comes to in a simulation, in place of calling its body.
#[derive(Clone, Debug)]
pub struct Outcome(pub(crate) task::Outcome);

impl Outcome {
    /// The task returns `value`, which must have the type that it returns.
    pub fn value<T: Send + Sync + 'static>(value: T) -> Self {
        Self(Ok(Returned(Value::new(value))))
    }

    /// The task fails with `error`; a [signal](crate::signal) is an error too.
    pub fn error(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Err(TaskError::new(error)))
    }

    /// The task takes longer than its timeout.
    pub fn timeout() -> Self {
        Self(Err(TaskError::timed_out()))
    }
}

/// What a simulation does in place of the local driver.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    outcomes: HashMap<(String, u32), Outcome>,
    pub(crate) changes: Arc<Mutex<Vec<Change>>>,
}

impl Script {
    pub(crate) fn outcome(&self, task: &str, attempt: u32) -> Option<task::Outcome> {
        let key = (task.to_owned(), attempt);
        self.outcomes.get(&key).map(|outcome| outcome.0.clone())
    }

    pub(crate) fn record(&self, change: &StateChange) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.push(Change {
            name: change.name().to_owned(),
            map_index: change.map_index(),
            change: format!("{} -> {}", change.old().kind(), change.proposed().kind()),
            at: change.at(),
        });
    }
}

/// A change of state that a simulation has recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The name of the task or flow.
    pub name: String,
    /// The index of the element, for a task in a loop.
    pub map_index: Option<u32>,
    /// The kinds of the states, as `Pending -> Running`.
    pub change: String,
    /// When it took place, by the simulation's clock.
    pub at: SystemTime,
}

/// A run of a flow on a clock that does not wait, one task after the other.
#[must_use = "a simulation starts with `run`"]
pub struct Simulation<T> {
    run: Run<T>,
    script: Script,
}

impl<T> Simulation<T> {
    /// A simulation of a flow.
    pub fn of(flow: &Flow<T>) -> Self {
        Self::of_run(flow.run())
    }

    /// A simulation of a run with parameters, secrets and the like.
    pub fn of_run(run: Run<T>) -> Self {
        Self {
            run,
            script: Script::default(),
        }
    }

    /// Gives attempt number `attempt` of a task, counted from 1, an outcome; the body is not called.
    pub fn attempt(mut self, task: impl Into<String>, attempt: u32, outcome: Outcome) -> Self {
        self.script.outcomes.insert((task.into(), attempt), outcome);
        self
    }

    /// Runs the flow to its end.
    ///
    /// # Errors
    ///
    /// [`RunError`] if the run cannot start.
    pub fn run(self) -> Result<Simulated<T>, RunError> {
        let start = SystemTime::UNIX_EPOCH;
        let changes = self.script.changes.clone();
        let (run, end) = self
            .run
            .simulated(start)
            .threads(1)
            .scripted(self.script)
            .wait_until()?;
        let changes = std::mem::take(&mut *changes.lock().unwrap_or_else(PoisonError::into_inner));
        let elapsed = end.duration_since(start).unwrap_or_default();
        Ok(Simulated {
            run,
            changes,
            elapsed,
        })
    }
}

impl<T> fmt::Debug for Simulation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation")
            .field("script", &self.script)
            .finish_non_exhaustive()
    }
}

/// What came of a simulation: a [`FlowRun`], and how it got there.
pub struct Simulated<T> {
    run: FlowRun<T>,
    changes: Vec<Change>,
    elapsed: Duration,
}

impl<T> Simulated<T> {
    /// Every change of state, in order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The changes of the task, or the flow, of this name, as `Pending -> Running`.
    pub fn changes_of(&self, name: &str) -> Vec<&str> {
        let named = self.changes.iter().filter(|change| change.name == name);
        named.map(|change| &*change.change).collect()
    }

    /// How long the run took, by its own clock.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

impl<T> Deref for Simulated<T> {
    type Target = FlowRun<T>;

    fn deref(&self) -> &FlowRun<T> {
        &self.run
    }
}

impl<T> fmt::Debug for Simulated<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulated")
            .field("run", &self.run)
            .field("elapsed", &self.elapsed)
            .finish_non_exhaustive()
    }
}
