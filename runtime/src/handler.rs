//! What hears of every change of state: [`StateHandler`] and the [`StateChange`] it is given.
//!
//! Which handler is called when, and what its answer does, is decided by the engine; here is only
//! how it is called.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::context::Given;
use crate::error::{SetupError, TaskError};
use crate::plan::{NodeId, Plan};
use crate::services::Services;
use crate::state::{State, StateKind, StateSet};
use crate::timestamp::Timestamp;
use crate::value::Value;

/// Hears of every change of state of the task or flow that lists it, and answers the state to take.
///
/// Plain functions and closures from `(&StateChange, State)` to [`State`] or `Result<State, E>` are
/// handlers, and so are `async` functions and functions that pass on the [`Answer`] of another
/// handler. Implement this trait for handlers with options.
///
/// Handlers run in the order in which they are listed, before anything else sees the new state;
/// each is given the state that the one before it answered. One that fails or panics fails its task
/// or flow with that error.
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
/// use tribune::handler::{Answer, StateChange, StateHandler};
///
/// struct Forgive(StateKind);
///
/// impl StateHandler for Forgive {
///     fn handle<'a>(&'a self, _change: &'a StateChange, new: State) -> Answer<'a> {
///         let new = if new.is(self.0) { State::new(Success) } else { new };
///         new.into()
///     }
/// }
///
/// #[task(state_handlers = [Forgive(TimedOut)])]
/// fn ping() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state handler",
    label = "this cannot hear of changes of state",
    note = "a handler is `slack_notifier`, a function from `(&StateChange, State)` to `State`, or a type that implements `StateHandler`"
)]
pub trait StateHandler: Send + Sync + 'static {
    /// Sees a change and answers the state that the run takes: `new` to leave it as it is.
    fn handle<'a>(&'a self, change: &'a StateChange, new: State) -> Answer<'a>;

    /// The states that the handler wants to hear of; by default all of them.
    ///
    /// It is asked once. A change of state of which no handler of a task wants to hear costs the task
    /// nothing; of any other one all of them hear.
    fn hears(&self) -> StateSet {
        StateSet::ALL
    }

    /// Called once for every task or flow that lists the handler, before a run starts.
    ///
    /// # Errors
    ///
    /// A handler that could not do its work says why; the run then does not start.
    fn prepare(&self, services: &Services) -> Result<(), SetupError> {
        let _ = services;
        Ok(())
    }
}

impl fmt::Debug for dyn StateHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateHandler(..)")
    }
}

/// What a handler answers: the state to take, or an error, now or later.
#[must_use = "the run takes the state that its handler answers"]
pub struct Answer<'a>(pub(crate) Reply<'a>);

pub(crate) enum Reply<'a> {
    Now(Result<State, TaskError>),
    Later(Pin<Box<dyn Future<Output = Result<State, TaskError>> + Send + 'a>>),
}

impl<'a> Answer<'a> {
    /// The answer that `future` comes to.
    pub fn later<R: HandlerReturn>(future: impl Future<Output = R> + Send + 'a) -> Self {
        Self(Reply::Later(Box::pin(async { future.await.into_result() })))
    }
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reply::Now(result) => f.debug_tuple("Now").field(result).finish(),
            Reply::Later(_) => f.write_str("Later(..)"),
        }
    }
}

impl<R: HandlerReturn> From<R> for Answer<'_> {
    fn from(returned: R) -> Self {
        Self(Reply::Now(returned.into_result()))
    }
}

/// What a handler function may return: a [`State`], or a `Result` with one.
#[diagnostic::on_unimplemented(
    message = "a state handler cannot return `{Self}`",
    note = "return the `State` that the run takes, or a `Result<State, E>`"
)]
pub trait HandlerReturn {
    /// The state to take, or the error that fails the task or flow.
    ///
    /// # Errors
    ///
    /// The error that the handler returned.
    fn into_result(self) -> Result<State, TaskError>;
}

impl HandlerReturn for State {
    fn into_result(self) -> Result<State, TaskError> {
        Ok(self)
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> HandlerReturn for Result<State, E> {
    fn into_result(self) -> Result<State, TaskError> {
        self.map_err(TaskError::new)
    }
}

/// Everything that can stand in a list of state handlers.
///
/// `Kind` only tells the compiler which of the forms it is; it is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state handler",
    label = "this cannot hear of changes of state",
    note = "a handler is `slack_notifier`, a function from `(&StateChange, State)` to `State`, or a type that implements `StateHandler`"
)]
pub trait IntoHandler<Kind> {
    /// The handler, ready to be shared by the runs of a flow.
    fn into_handler(self) -> Arc<dyn StateHandler>;
}

/// Marks a type that implements [`StateHandler`].
#[derive(Debug)]
pub struct Direct;

/// Marks a function.
#[derive(Debug)]
pub struct Function;

/// Marks a function that returns an [`Answer`], such as that of another handler.
#[derive(Debug)]
pub struct Answering;

/// Marks an `async` function.
#[derive(Debug)]
pub struct AsyncFunction;

impl<H: StateHandler> IntoHandler<Direct> for H {
    fn into_handler(self) -> Arc<dyn StateHandler> {
        Arc::new(self)
    }
}

/// A function as a handler; `R` is what the function returns.
struct Plain<F, R>(F, PhantomData<fn() -> R>);

impl<F, R> StateHandler for Plain<F, R>
where
    F: Fn(&StateChange, State) -> R + Send + Sync + 'static,
    R: HandlerReturn + 'static,
{
    fn handle<'a>(&'a self, change: &'a StateChange, new: State) -> Answer<'a> {
        (self.0)(change, new).into()
    }
}

impl<F, R> IntoHandler<(Function, R)> for F
where
    F: Fn(&StateChange, State) -> R + Send + Sync + 'static,
    R: HandlerReturn + 'static,
{
    fn into_handler(self) -> Arc<dyn StateHandler> {
        Arc::new(Plain(self, PhantomData))
    }
}

struct Passing<F>(F);

impl<F> StateHandler for Passing<F>
where
    F: for<'a> Fn(&'a StateChange, State) -> Answer<'a> + Send + Sync + 'static,
{
    fn handle<'a>(&'a self, change: &'a StateChange, new: State) -> Answer<'a> {
        (self.0)(change, new)
    }
}

impl<F> IntoHandler<Answering> for F
where
    F: for<'a> Fn(&'a StateChange, State) -> Answer<'a> + Send + Sync + 'static,
{
    fn into_handler(self) -> Arc<dyn StateHandler> {
        Arc::new(Passing(self))
    }
}

/// An `async` function called with a change that it may borrow while it runs.
///
/// It names the future, which `AsyncFn` cannot: only so can it be asked to be `Send`.
pub trait AsyncHandler<'a>: Send + Sync + 'static {
    /// What the function returns at once.
    type Future: Future<Output: HandlerReturn> + Send + 'a;

    /// Calls the function.
    fn call(&self, change: &'a StateChange, new: State) -> Self::Future;
}

impl<'a, F, U> AsyncHandler<'a> for F
where
    F: Fn(&'a StateChange, State) -> U + Send + Sync + 'static,
    U: Future<Output: HandlerReturn> + Send + 'a,
{
    type Future = U;

    fn call(&self, change: &'a StateChange, new: State) -> U {
        self(change, new)
    }
}

struct Async<F>(F);

impl<F: for<'a> AsyncHandler<'a>> StateHandler for Async<F> {
    fn handle<'a>(&'a self, change: &'a StateChange, new: State) -> Answer<'a> {
        Answer::later(self.0.call(change, new))
    }
}

impl<F: for<'a> AsyncHandler<'a>> IntoHandler<AsyncFunction> for F {
    fn into_handler(self) -> Arc<dyn StateHandler> {
        Arc::new(Async(self))
    }
}

/// A handler that calls `action` whenever `check` is true of the new state.
///
/// It leaves the state as it is. A panic in either fails the task or flow, as in any handler.
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
///
/// fn page(change: &StateChange, state: &State) {
///     eprintln!("{} is {state}", change.name());
/// }
///
/// #[task(state_handlers = [callback(|state| state.is(Failed), page)])]
/// fn load() {}
/// ```
pub fn callback<C, A>(check: C, action: A) -> impl StateHandler
where
    C: Fn(&State) -> bool + Send + Sync + 'static,
    A: Fn(&StateChange, &State) + Send + Sync + 'static,
{
    Callback { check, action }
}

struct Callback<C, A> {
    check: C,
    action: A,
}

impl<C, A> StateHandler for Callback<C, A>
where
    C: Fn(&State) -> bool + Send + Sync + 'static,
    A: Fn(&StateChange, &State) + Send + Sync + 'static,
{
    fn handle<'a>(&'a self, change: &'a StateChange, new: State) -> Answer<'a> {
        if (self.check)(&new) {
            (self.action)(change, &new);
        }
        new.into()
    }
}

/// The handler behind `on_failure`.
pub(crate) fn on_failure<A>(action: A) -> Arc<dyn StateHandler>
where
    A: Fn(&StateChange, &State) + Send + Sync + 'static,
{
    Arc::new(OnFailure(action))
}

struct OnFailure<A>(A);

impl<A> StateHandler for OnFailure<A>
where
    A: Fn(&StateChange, &State) + Send + Sync + 'static,
{
    fn handle<'a>(&'a self, change: &'a StateChange, new: State) -> Answer<'a> {
        if new.kind().is_failed() {
            (self.0)(change, &new);
        }
        new.into()
    }

    fn hears(&self) -> StateSet {
        const { StateSet::new(&[StateKind::Failed]) }
    }
}

/// The handlers of one task or flow, in the order in which they are called.
pub(crate) type Handlers = Vec<Arc<dyn StateHandler>>;

/// One change of state of a task run or of the flow run, as its handlers see it.
#[derive(Clone, Debug)]
pub struct StateChange {
    pub(crate) run: Arc<RunInfo>,
    pub(crate) task: Option<TaskInfo>,
    /// What the task run is called, if its task says so.
    pub(crate) run_name: Option<Arc<str>>,
    pub(crate) old: State,
    pub(crate) new: State,
    pub(crate) at: Timestamp,
    /// When the task was started for the first time.
    pub(crate) started: Option<Timestamp>,
    pub(crate) will_retry: bool,
}

/// What is the same for every change of one flow run.
#[derive(Debug)]
pub(crate) struct RunInfo {
    pub(crate) plan: Arc<Plan>,
    pub(crate) id: Uuid,
    pub(crate) parameters: Vec<Value>,
    pub(crate) given: Given,
    pub(crate) started_at: SystemTime,
    pub(crate) cancelled: AtomicBool,
    pub(crate) services: Services,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskInfo {
    pub(crate) node: NodeId,
    pub(crate) attempt: u32,
    pub(crate) iteration: u32,
    pub(crate) index: Option<u32>,
}

impl StateChange {
    /// The name of the task or flow that changes.
    pub fn name(&self) -> &str {
        match self.task {
            Some(task) => self.run.plan.task_name(task.node),
            None => self.flow_name(),
        }
    }

    /// Tells whether it is the flow that changes, and not one of its tasks.
    pub fn is_flow(&self) -> bool {
        self.task.is_none()
    }

    /// The name of the flow.
    pub fn flow_name(&self) -> &str {
        self.run.plan.name()
    }

    /// The id of the flow run, different for every run.
    pub fn run_id(&self) -> Uuid {
        self.run.id
    }

    /// The tags of the task; a flow has none.
    pub fn tags(&self) -> &[Cow<'static, str>] {
        self.task
            .map_or(&[], |task| &self.run.plan.spec(task.node).tags)
    }

    /// The number of the attempt that the change belongs to, from 1.
    pub fn attempt(&self) -> u32 {
        self.task.map_or(1, |task| task.attempt)
    }

    /// The index of the element that the change belongs to, for a task in a loop.
    pub fn map_index(&self) -> Option<u32> {
        self.task?.index
    }

    /// The name, and for a task in a loop the index of the element: `name[index]`.
    pub fn full_name(&self) -> Cow<'_, str> {
        match self.map_index() {
            Some(index) => format!("{}[{index}]", self.name()).into(),
            None => self.name().into(),
        }
    }

    /// What the task run is called: what [`task_run_name`](crate::Call::task_run_name) says, else the
    /// [full name](Self::full_name).
    pub fn run_name(&self) -> Cow<'_, str> {
        match &self.run_name {
            Some(name) => (**name).into(),
            None => self.full_name(),
        }
    }

    /// The state before the change.
    pub fn old(&self) -> &State {
        &self.old
    }

    /// The state that the engine proposed, before any handler saw it.
    pub fn proposed(&self) -> &State {
        &self.new
    }

    /// When the change took place.
    pub fn at(&self) -> SystemTime {
        self.at.time()
    }

    /// How long the task or flow has been at it, from the start of its first attempt to this change; `None`
    /// for a task that was not started.
    pub fn elapsed(&self) -> Option<Duration> {
        match self.task {
            Some(_) => Some(self.at.duration_since(self.started?)),
            None => self.at().duration_since(self.run.started_at).ok(),
        }
    }

    /// Tells whether this is a failure after which the task will be run again.
    pub fn will_retry(&self) -> bool {
        self.will_retry
    }

    /// What the run lends to its handlers.
    pub fn services(&self) -> &Services {
        &self.run.services
    }
}
