//! What a running task, or a state handler, can ask about its run.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
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
    match CURRENT.with_borrow(Clone::clone) {
        Place::Nowhere => None,
        Place::Worker(current) => current.context(),
        Place::Context(context) => Some(context),
    }
}

thread_local! {
    static CURRENT: RefCell<Place> = const { RefCell::new(Place::Nowhere) };
}

/// Where a thread is.
#[derive(Clone)]
enum Place {
    Nowhere,
    /// On the way through the tasks of a run.
    Worker(Rc<Current>),
    /// In one of them.
    Context(Context),
}

impl Place {
    /// Goes to this place until the answer is dropped.
    fn enter(self) -> Left {
        Left(CURRENT.replace(self))
    }
}

/// The place that a thread was at before: it goes back there when this is dropped.
struct Left(Place);

impl Drop for Left {
    fn drop(&mut self) {
        CURRENT.set(std::mem::replace(&mut self.0, Place::Nowhere));
    }
}

/// What a thread is at.
struct Current {
    run: Arc<RunInfo>,
    doing: Cell<Doing>,
    /// What few attempts have.
    past: Cell<Option<Box<Past>>>,
    /// Made when it is asked for: most tasks never do.
    context: Cell<Option<Context>>,
}

#[derive(Clone, Copy)]
enum Doing {
    Nothing,
    /// A change of the flow.
    Flow,
    /// An attempt at a task, or a change of one.
    Task(TaskInfo),
}

impl Current {
    fn context(&self) -> Option<Context> {
        if let Some(context) = self.context.take() {
            self.context.set(Some(context.clone()));
            return Some(context);
        }
        let past = self.past.take();
        self.past.set(past.clone());
        let task = match self.doing.get() {
            Doing::Nothing => return None,
            Doing::Flow => None,
            Doing::Task(task) => Some(task),
        };
        let context = Context::new(self.run.clone(), At { task, past });
        self.context.set(Some(context.clone()));
        Some(context)
    }
}

/// The attempt, or the change of state, that a thread is at.
#[derive(Clone, Debug, Default)]
pub(crate) struct At {
    /// `None` for a change of the flow.
    pub(crate) task: Option<TaskInfo>,
    /// What few attempts have.
    pub(crate) past: Option<Box<Past>>,
}

/// What came before an attempt.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    /// What the iteration before gave, in a loop of the body.
    pub(crate) carried: Option<Value>,
    /// Whether a pause has ended.
    pub(crate) resumed: bool,
    /// What the task run is called, if its task says so.
    pub(crate) run_name: Option<Arc<str>>,
}

/// A thread of a run, until it is dropped: then the thread is at what it was at before.
pub(crate) struct Visit {
    current: Rc<Current>,
    _before: Left,
}

impl Visit {
    pub(crate) fn of(run: &Arc<RunInfo>) -> Self {
        let current = Rc::new(Current {
            run: run.clone(),
            doing: Cell::new(Doing::Nothing),
            past: Cell::new(None),
            context: Cell::new(None),
        });
        let before = Place::Worker(current.clone()).enter();
        Self {
            current,
            _before: before,
        }
    }

    /// Says what the thread does from now on.
    pub(crate) fn at(&self, At { task, past }: At) {
        self.current
            .doing
            .set(task.map_or(Doing::Flow, Doing::Task));
        self.current.past.set(past);
        self.current.context.set(None);
    }

    /// Says that the thread is at an attempt before which there was none.
    pub(crate) fn at_task(&self, task: TaskInfo) {
        self.current.doing.set(Doing::Task(task));
        // Almost never: to look first spares a call that drops nothing.
        if let Some(past) = self.current.past.take() {
            drop(past);
        }
        self.current.context.set(None);
    }

    /// The context of what the thread is at.
    pub(crate) fn context(&self) -> Context {
        let context = self.current.context();
        context.expect("the thread was told what it is at")
    }
}

/// What a running task can ask about its run.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

struct Inner {
    run: Arc<RunInfo>,
    at: At,
    /// Set when nobody waits for the attempt any more.
    given_up: AtomicBool,
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
    pub(crate) fn new(run: Arc<RunInfo>, at: At) -> Self {
        Self(Arc::new(Inner {
            run,
            at,
            given_up: AtomicBool::new(false),
        }))
    }

    /// Runs `code` in this context.
    pub(crate) fn enter<R>(&self, code: impl FnOnce() -> R) -> R {
        let _before = Place::Context(self.clone()).enter();
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
        match self.0.at.task {
            Some(task) => self.0.run.plan.task_name(task.node),
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
        let past = self.0.at.past.as_ref();
        match past.and_then(|past| past.run_name.as_ref()) {
            Some(name) => (**name).into(),
            None => self.task_full_name(),
        }
    }

    /// The text that identifies the task in its flow.
    pub fn task_slug(&self) -> Option<String> {
        self.0.at.task.map(|task| self.0.run.plan.slug(task.node))
    }

    /// The tags of the task.
    pub fn tags(&self) -> &[Cow<'static, str>] {
        self.0
            .at
            .task
            .map_or(&[], |task| &self.0.run.plan.spec(task.node).tags)
    }

    /// The number of the attempt, from 1.
    pub fn attempt(&self) -> u32 {
        self.0.at.task.map_or(1, |task| task.attempt)
    }

    /// The index of the element that the task is run for, in a loop of the flow.
    pub fn map_index(&self) -> Option<u32> {
        self.0.at.task?.index
    }

    /// The number of the iteration, from 1, of a task that asks to run
    /// [`again`](crate::signal::again).
    pub fn iteration(&self) -> u32 {
        self.0.at.task.map_or(1, |task| task.iteration)
    }

    /// What the iteration before gave, if there was one and it gave a `T`.
    pub fn carried<T: Clone + 'static>(&self) -> Option<T> {
        let past = self.0.at.past.as_ref()?;
        past.carried.as_ref()?.get().cloned()
    }

    /// Tells whether a person, or the time, ended a pause of the task.
    pub fn is_resumed(&self) -> bool {
        self.0.at.past.as_ref().is_some_and(|past| past.resumed)
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
