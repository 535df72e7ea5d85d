//! Running a flow: [`Run`], and what came of it, [`FlowRun`].

use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value as Json;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use uuid::Uuid;

#[cfg(feature = "ctrl-c")]
use crate::driver::OnCtrlC;
use crate::driver::{Cancel, Cancellation, Local, Settings};
use crate::engine::{Cell, Engine};
use crate::error::{BuildError, RunError, SetupError};
use crate::flow::Definition;
use crate::handler::RunInfo;
use crate::input::{Inputs, Reading};
use crate::notify::Notification;
use crate::plan::{NodeId, Parameter, Plan};
#[cfg(feature = "slack")]
use crate::secret::{Secret, Secrets};
use crate::services::Services;
use crate::state::State;
use crate::value::Value;

/// A run of a flow that has not started: [`wait`](Self::wait) for it, or `.await` it.
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
///
/// #[task]
/// async fn greet(name: String) -> String {
///     format!("Hello, {name}!")
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), RunError> {
/// let flow = flow!("greetings", |name: String| {
///     greet(name)
/// });
/// let run = flow.run().parameter("name", "Ann").await?;
/// assert_eq!(run.output().unwrap(), "Hello, Ann!");
/// # Ok(())
/// # }
/// ```
#[must_use = "a run starts with `wait` or `.await`"]
pub struct Run<T> {
    definition: Result<Arc<Definition>, BuildError>,
    parameters: BTreeMap<String, Result<Json, String>>,
    threads: Option<NonZero<usize>>,
    cancellation: Cancellation,
    #[cfg(feature = "ctrl-c")]
    ctrl_c: bool,
    #[cfg(feature = "slack")]
    secrets: Secrets,
    notification_deadline: Duration,
    output: PhantomData<fn() -> T>,
}

/// How long the end of a run waits for its messages, unless it is told otherwise.
const NOTIFICATION_DEADLINE: Duration = Duration::from_secs(30);

impl<T> Run<T> {
    pub(crate) fn new(definition: Result<Arc<Definition>, BuildError>) -> Self {
        Self {
            definition,
            parameters: BTreeMap::new(),
            threads: None,
            cancellation: Cancellation::new(),
            #[cfg(feature = "ctrl-c")]
            ctrl_c: false,
            #[cfg(feature = "slack")]
            secrets: Secrets::new(),
            notification_deadline: NOTIFICATION_DEADLINE,
            output: PhantomData,
        }
    }

    /// Gives a parameter of the flow its value, as anything that serialises to what it can read.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).map_err(|error| error.to_string());
        self.parameters.insert(name.into(), value);
        self
    }

    /// Gives a secret of this run, which then is looked for nowhere else.
    #[cfg(feature = "slack")]
    pub fn secret(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.secrets = self.secrets.with(name, value);
        self
    }

    /// Sets how long the end of the run waits for messages that are not out; 30 seconds by default.
    ///
    /// What is not out by then is in [`FlowRun::notifications`].
    pub fn notification_deadline(mut self, deadline: Duration) -> Self {
        self.notification_deadline = deadline;
        self
    }

    /// Sets how many plain tasks may run at the same time; by default one for each core.
    ///
    /// Zero counts as one. `async` tasks are not counted.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(NonZero::new(threads).unwrap_or(NonZero::<usize>::MIN));
        self
    }

    /// Lets `cancellation` stop the run.
    pub fn cancel_with(mut self, cancellation: &Cancellation) -> Self {
        self.cancellation = cancellation.clone();
        self
    }

    /// Lets Ctrl-C stop the run: the flow ends `Cancelled`, and its messages still go out.
    ///
    /// From then on Ctrl-C does not end the program, also after the run: that is why it has to be
    /// asked for.
    #[cfg(feature = "ctrl-c")]
    pub fn cancel_on_ctrl_c(mut self) -> Self {
        self.ctrl_c = true;
        self
    }

    /// Runs the flow to its end, on this thread and as many others as it can use.
    ///
    /// Inside `async` code use `.await` instead, which does not block the executor.
    ///
    /// # Errors
    ///
    /// [`RunError`] if the run cannot start. A task that fails is no error, but a state of the run.
    pub fn wait(self) -> Result<FlowRun<T>, RunError> {
        // The caller's own runtime is of no use here: this call may block its only thread.
        Ok(self.start(None)?.finish())
    }

    fn start(self, runtime: Option<Handle>) -> Result<Started<T>, RunError> {
        let definition = self.definition?;
        let parameters = parameters(&definition.plan.parameters, self.parameters)?;
        #[cfg(feature = "slack")]
        let services = Services::new(self.secrets);
        #[cfg(not(feature = "slack"))]
        let services = Services::default();
        prepare(&definition, &services)?;
        let info = Arc::new(RunInfo {
            plan: definition.plan.clone(),
            id: Uuid::new_v4(),
            services,
        });
        let threads = self
            .threads
            .or_else(|| std::thread::available_parallelism().ok());
        let local = Local::new(Settings {
            definition,
            info: info.clone(),
            parameters,
            threads: threads.map_or(1, NonZero::get),
            runtime,
        });
        let cancel: Arc<dyn Cancel> = local.clone();
        self.cancellation.add(&cancel);
        Ok(Started {
            #[cfg(feature = "ctrl-c")]
            ctrl_c: self
                .ctrl_c
                .then(|| local.cancel_on_ctrl_c())
                .transpose()
                .map_err(RunError::Thread)?,
            local,
            info,
            deadline: self.notification_deadline,
            output: PhantomData,
        })
    }
}

impl<T> fmt::Debug for Run<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("definition", &self.definition)
            .finish_non_exhaustive()
    }
}

/// Checks the given values and answers one for each parameter, in their order.
fn parameters(
    declared: &[Parameter],
    mut given: BTreeMap<String, Result<Json, String>>,
) -> Result<Vec<Value>, RunError> {
    let unknown = |name: &&String| !declared.iter().any(|parameter| parameter.name == **name);
    let unknown: Vec<String> = given.keys().filter(unknown).cloned().collect();
    if !unknown.is_empty() {
        return Err(RunError::UnknownParameters(unknown));
    }
    let missing = |parameter: &&Parameter| {
        parameter.default.is_none() && !given.contains_key(&*parameter.name)
    };
    let missing: Vec<_> = declared
        .iter()
        .filter(missing)
        .map(|p| p.name.to_string())
        .collect();
    if !missing.is_empty() {
        return Err(RunError::MissingParameters(missing));
    }
    declared
        .iter()
        .map(|parameter| decode(parameter, given.remove(&*parameter.name)))
        .collect()
}

fn decode(parameter: &Parameter, given: Option<Result<Json, String>>) -> Result<Value, RunError> {
    let invalid = |reason| RunError::InvalidParameter {
        name: parameter.name.to_string(),
        reason,
    };
    match (given, &parameter.default) {
        (Some(json), _) => {
            (parameter.decode)(json.map_err(invalid)?).map_err(|error| invalid(error.to_string()))
        }
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(RunError::MissingParameters(vec![
            parameter.name.to_string(),
        ])),
    }
}

/// Lets every handler say that it cannot work, before anything runs.
fn prepare(definition: &Definition, services: &Services) -> Result<(), RunError> {
    let plan = &definition.plan;
    let tasks = plan
        .ids()
        .map(|id| (plan.node(id).name(), &plan.node(id).spec().handlers));
    let mut broken: Option<SetupError> = None;
    for (user, handlers) in tasks.chain([(plan.name(), &definition.handlers)]) {
        for error in handlers
            .iter()
            .filter_map(|handler| handler.prepare(services).err())
        {
            let first = broken.get_or_insert_with(|| SetupError::new(error.reason()));
            if first.reason() == error.reason() {
                first.add_user(user);
            }
        }
    }
    broken.map_or(Ok(()), |error| Err(RunError::Handler(error)))
}

/// A run that is ready to go.
struct Started<T> {
    local: Arc<Local>,
    info: Arc<RunInfo>,
    #[cfg(feature = "ctrl-c")]
    ctrl_c: Option<OnCtrlC>,
    deadline: Duration,
    output: PhantomData<fn() -> T>,
}

impl<T> Started<T> {
    fn finish(self) -> FlowRun<T> {
        let mut engine = self.local.run();
        let output = engine.output().and_then(|slot| Inputs::new(vec![slot]));
        let output = output.ok().and_then(Inputs::into_first);
        let notifications = self.info.services.drain(self.deadline);
        #[cfg(feature = "ctrl-c")]
        drop(self.ctrl_c);
        FlowRun {
            info: self.info,
            engine,
            output,
            notifications,
            kind: PhantomData,
        }
    }
}

impl<T: 'static> IntoFuture for Run<T> {
    type Output = Result<FlowRun<T>, RunError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// Runs the flow on threads of its own and, where there is one, the current tokio runtime.
    ///
    /// Dropping the future stops the run.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async {
            let started = self.start(Handle::try_current().ok())?;
            let (sender, receiver) = oneshot::channel();
            let stop = StopOnDrop(started.local.clone());
            let work = move || {
                // Nobody listens any more when the future was dropped.
                let _ = sender.send(started.finish());
            };
            std::thread::Builder::new()
                .name("tribune-run".to_owned())
                .spawn(work)
                .map_err(RunError::Thread)?;
            let finished = receiver.await;
            drop(stop);
            Ok(finished.expect("the thread of a run ends with its result"))
        })
    }
}

struct StopOnDrop(Arc<Local>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// A flow run that is over, or all of which waits for a person.
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
///
/// #[task]
/// fn div(x: i64, y: i64) -> Result<i64, String> {
///     x.checked_div(y).ok_or_else(|| format!("cannot divide {x} by {y}"))
/// }
///
/// let flow = flow!("division", {
///     div(x = 1, y = 0)
/// });
/// let run = flow.run().wait()?;
/// assert_eq!(run.state().to_string(), r#"Failed("Some reference tasks failed.")"#);
/// assert_eq!(run.output(), None);
///
/// let div = run.task("div").unwrap();
/// assert_eq!(div.state().error().unwrap().to_string(), "cannot divide 1 by 0");
/// # Ok::<(), RunError>(())
/// ```
pub struct FlowRun<T = ()> {
    info: Arc<RunInfo>,
    engine: Engine,
    output: Option<Reading>,
    notifications: Vec<Notification>,
    kind: PhantomData<fn() -> T>,
}

impl<T: 'static> FlowRun<T> {
    /// The output of the flow, if the task that gives it succeeded.
    pub fn output(&self) -> Option<&T> {
        self.output.as_ref()?.get()
    }
}

impl<T> FlowRun<T> {
    /// The id of the run, different for every run.
    pub fn id(&self) -> Uuid {
        self.info.id
    }

    /// The state of the flow.
    pub const fn state(&self) -> &State {
        self.engine.flow()
    }

    /// What became of every message of the run, in the order of the changes they tell of.
    pub fn notifications(&self) -> &[Notification] {
        &self.notifications
    }

    /// The first task run whose name, or else whose slug, is `name`.
    pub fn task(&self, name: &str) -> Option<TaskRun<'_>> {
        let by_name = || self.task_runs().find(|run| run.name() == name);
        by_name().or_else(|| self.task_runs().find(|run| run.slug() == name))
    }

    /// All task runs, in the order in which the tasks are declared.
    pub fn task_runs(&self) -> impl Iterator<Item = TaskRun<'_>> {
        let plan = &*self.info.plan;
        plan.ids()
            .zip(self.engine.cells())
            .map(move |(node, cell)| TaskRun { plan, node, cell })
    }
}

impl<T> fmt::Debug for FlowRun<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlowRun")
            .field("id", &self.id())
            .field("flow", &self.info.plan.name())
            .field("state", self.state())
            .field("tasks", &self.task_runs().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// One run of a task, as it was at the end of its flow run.
#[derive(Clone, Copy)]
pub struct TaskRun<'a> {
    plan: &'a Plan,
    node: NodeId,
    cell: &'a Cell,
}

impl<'a> TaskRun<'a> {
    /// The name of the task.
    pub fn name(&self) -> &'a str {
        self.plan.node(self.node).name()
    }

    /// The text that identifies the task in its flow.
    pub fn slug(&self) -> String {
        self.plan.slug(self.node)
    }

    /// The state in which the task run ended.
    pub const fn state(&self) -> &'a State {
        &self.cell.state
    }

    /// The result of the task, if it is a `T` and nobody took it.
    ///
    /// A value that its last reader took by value is gone; one that was only borrowed is here.
    pub fn output<T: 'static>(&self) -> Option<&'a T> {
        self.cell.state.result()
    }

    /// How many times the task was started.
    pub const fn attempts(&self) -> u32 {
        self.cell.attempt
    }

    /// How long it took from the start of the first attempt to the end of the last.
    pub fn duration(&self) -> Option<Duration> {
        self.cell.ended?.duration_since(self.cell.started?).ok()
    }
}

impl fmt::Debug for TaskRun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.name(), self.state())
    }
}
