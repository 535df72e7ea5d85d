//! What a running task, or a state handler, can ask about its run.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use serde_json::Value as Json;
use uuid::Uuid;

use crate::handler::{RunInfo, TaskInfo};
use crate::services::Services;
use crate::value::Value;

/// What the task that is running on this thread, or the handler, can know of its run.
///
/// # Panics
///
/// If it is called outside of a task and a state handler: see [`try_context`].
///
/// # Examples
///
/// ```
/// use tribune::context;
/// use tribune::prelude::*;
///
/// #[task(max_retries = 1, retry_delay = "1ms")]
/// fn second_time_lucky() -> Result<u32, String> {
///     match context().attempt() {
///         1 => Err("not yet".to_owned()),
///         attempt => Ok(attempt),
///     }
/// }
///
/// let flow = flow!("luck", {
///     second_time_lucky()
/// });
/// assert_eq!(flow.run().wait()?.output(), Some(&2));
/// # Ok::<(), RunError>(())
/// ```
pub fn context() -> Context {
    try_context().expect("`context()` is called in a task or a state handler")
}

/// The context, if this is code of a task or a state handler.
pub fn try_context() -> Option<Context> {
    CURRENT.with_borrow(Clone::clone)
}

thread_local! {
    static CURRENT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// What a running task can ask about its run.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) run: Arc<RunInfo>,
    pub(crate) task: Option<TaskInfo>,
    /// What the task run is called, if its task says so.
    pub(crate) run_name: Option<Arc<str>>,
    /// What the iteration before gave, in a loop of the body.
    pub(crate) carried: Option<Value>,
    pub(crate) resumed: bool,
    /// Set when nobody waits for the attempt any more.
    pub(crate) given_up: AtomicBool,
}

/// What the caller of a run gave it beside its parameters.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) values: BTreeMap<String, Json>,
    pub(crate) scheduled_at: Option<SystemTime>,
    /// Whether results are written to the targets of tasks.
    pub(crate) checkpointing: bool,
}

impl Context {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Runs `code` in this context.
    pub(crate) fn enter<R>(&self, code: impl FnOnce() -> R) -> R {
        /// Puts back what was there, also after a panic.
        struct Leave(Option<Context>);
        impl Drop for Leave {
            fn drop(&mut self) {
                CURRENT.set(self.0.take());
            }
        }
        let _leave = Leave(CURRENT.replace(Some(self.clone())));
        code()
    }

    pub(crate) fn give_up(&self) {
        self.0.given_up.store(true, Ordering::Relaxed);
    }

    /// The name of the flow.
    pub fn flow_name(&self) -> &str {
        self.0.run.plan.name()
    }

    /// The id of the flow run, different for every run.
    pub fn run_id(&self) -> Uuid {
        self.0.run.id
    }

    /// The name of the task; in a handler of the flow, that of the flow.
    pub fn task_name(&self) -> &str {
        match self.0.task {
            Some(task) => self.0.run.plan.node(task.node).name(),
            None => self.flow_name(),
        }
    }

    /// The name of the task, and in a loop the index of the element: `name[index]`.
    pub fn task_full_name(&self) -> Cow<'_, str> {
        match self.map_index() {
            Some(index) => format!("{}[{index}]", self.task_name()).into(),
            None => self.task_name().into(),
        }
    }

    /// What the task run is called: what [`task_run_name`](crate::Call::task_run_name) says, else the
    /// [full name](Self::task_full_name).
    pub fn task_run_name(&self) -> Cow<'_, str> {
        match &self.0.run_name {
            Some(name) => (**name).into(),
            None => self.task_full_name(),
        }
    }

    /// The text that identifies the task in its flow.
    pub fn task_slug(&self) -> Option<String> {
        self.0.task.map(|task| self.0.run.plan.slug(task.node))
    }

    /// The tags of the task.
    pub fn tags(&self) -> &[Cow<'static, str>] {
        self.0
            .task
            .map_or(&[], |task| self.0.run.plan.node(task.node).tags())
    }

    /// The number of the attempt, from 1.
    pub fn attempt(&self) -> u32 {
        self.0.task.map_or(1, |task| task.attempt)
    }

    /// The index of the element that the task is run for, in a loop of the flow.
    pub fn map_index(&self) -> Option<u32> {
        self.0.task?.index
    }

    /// The number of the iteration, from 1, of a task that asks to run
    /// [`again`](crate::signal::again).
    pub fn iteration(&self) -> u32 {
        self.0.task.map_or(1, |task| task.iteration)
    }

    /// What the iteration before gave, if there was one and it gave a `T`.
    pub fn carried<T: Clone + 'static>(&self) -> Option<T> {
        self.0.carried.as_ref()?.get().cloned()
    }

    /// Tells whether a person, or the time, ended a pause of the task.
    pub fn is_resumed(&self) -> bool {
        self.0.resumed
    }

    /// Tells whether the run was cancelled, or the task has taken too long: nobody waits for it.
    pub fn is_cancelled(&self) -> bool {
        self.0.given_up.load(Ordering::Relaxed) || self.0.run.cancelled.load(Ordering::Relaxed)
    }

    /// The value of a parameter of the flow, if it has one of this name and it is a `T`.
    pub fn parameter<T: Clone + 'static>(&self, name: &str) -> Option<T> {
        let declared = &self.0.run.plan.parameters;
        let at = declared
            .iter()
            .position(|parameter| parameter.name == name)?;
        self.0.run.parameters.get(at)?.get().cloned()
    }

    /// What the run was given under this name by [`Run::context`](crate::Run::context).
    pub fn value(&self, name: &str) -> Option<&Json> {
        self.0.run.given.values.get(name)
    }

    /// When the run was to start; without a schedule, when it did.
    pub fn scheduled_at(&self) -> SystemTime {
        self.0
            .run
            .given
            .scheduled_at
            .unwrap_or(self.0.run.started_at)
    }

    /// What the run lends to its tasks: its secrets.
    pub fn services(&self) -> &Services {
        &self.0.run.services
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("flow", &self.flow_name())
            .field("task", &self.task_full_name())
            .field("attempt", &self.attempt())
            .finish_non_exhaustive()
    }
}
