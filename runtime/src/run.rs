//! Running a flow: everything that a run can be given, in [`Run`].

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::Value as Json;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::cache::{Cache, Prints};
use crate::context::Given;
#[cfg(feature = "ctrl-c")]
use crate::driver::OnCtrlC;
use crate::driver::{Cancel, Cancellation, Clock, Local, Paused, Resume, Settings, read_targets};
use crate::engine::{Setup, Start};
use crate::error::{BuildError, RunError, SetupError};
use crate::flow::Definition;
use crate::flow_run::{FlowRun, TaskRun};
use crate::handler::RunInfo;
use crate::input::Slot;
#[cfg(feature = "slack")]
use crate::notify::OutboxSource;
use crate::parameter::ParameterName;
use crate::plan::{NodeId, Parameter, Plan};
#[cfg(feature = "progress")]
use crate::progress::Progress;
#[cfg(feature = "slack")]
use crate::secret::{Secret, Secrets};
use crate::services::Services;
use crate::state::{State, StateKind};
use crate::testing::Script;
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
    parameters: Vec<(String, Result<Json, String>)>,
    threads: Option<NonZero<usize>>,
    cancellation: Cancellation,
    #[cfg(feature = "ctrl-c")]
    ctrl_c: bool,
    #[cfg(feature = "slack")]
    secrets: Secrets,
    #[cfg(feature = "slack")]
    outbox: OutboxSource,
    notification_deadline: Duration,
    given: Given,
    flow_state: State,
    starts: Vec<(String, Start)>,
    resume: Option<Box<Resume>>,
    waits: bool,
    cache: Cache,
    clock: Clock,
    script: Option<Script>,
    #[cfg(feature = "progress")]
    progress: Option<Progress>,
    output: PhantomData<fn() -> T>,
}

/// How long the end of a run waits for its messages, unless it is told otherwise.
const NOTIFICATION_DEADLINE: Duration = Duration::from_secs(30);

impl<T> Run<T> {
    pub(crate) fn new(definition: Result<Arc<Definition>, BuildError>) -> Self {
        Self {
            definition,
            parameters: Vec::new(),
            threads: None,
            cancellation: Cancellation::new(),
            #[cfg(feature = "ctrl-c")]
            ctrl_c: false,
            #[cfg(feature = "slack")]
            secrets: Secrets::new(),
            #[cfg(feature = "slack")]
            outbox: OutboxSource::default(),
            notification_deadline: NOTIFICATION_DEADLINE,
            given: Given::default(),
            flow_state: State::new(StateKind::Scheduled),
            starts: Vec::new(),
            resume: None,
            waits: true,
            cache: Cache::of_process(),
            clock: Clock::real(),
            script: None,
            #[cfg(feature = "progress")]
            progress: None,
            output: PhantomData,
        }
    }

    /// Gives a parameter of the flow its value.
    ///
    /// With a name as a text, that is anything which serialises to what the parameter can read; whether it
    /// does is known when the run starts. The names that [`#[flow]`](macro@crate::attr::flow) makes know
    /// their types, so that rustc checks both.
    ///
    /// # Examples
    ///
    /// ```
    /// use tribune::attr::flow;
    /// use tribune::prelude::*;
    ///
    /// #[task]
    /// fn double(x: i64) -> i64 {
    ///     2 * x
    /// }
    ///
    /// #[flow]
    /// fn doubled(#[default(1)] x: i64) -> i64 {
    ///     double(x)
    /// }
    ///
    /// assert_eq!(doubled().run().parameter(doubled::x, 4).wait()?.output(), Some(&8));
    /// assert_eq!(doubled().run().parameter("x", 4).wait()?.output(), Some(&8));
    /// # Ok::<(), RunError>(())
    /// ```
    pub fn parameter<V: Serialize>(mut self, name: impl ParameterName<V>, value: V) -> Self {
        let value = serde_json::to_value(value).map_err(|error| error.to_string());
        let name = name.into_name();
        self.parameters.retain(|(other, _)| *other != name);
        self.parameters.push((name, value));
        self
    }

    /// Gives a secret of this run, which then is looked for nowhere else.
    #[cfg(feature = "slack")]
    pub fn secret(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.secrets = self.secrets.with(name, value);
        self
    }

    /// Keeps messages in this file until they are settled: what is not, because the program ended in
    /// whatever way, is sent by the next run of any program with the same file.
    ///
    /// Without this call the configuration decides: `spool = true` under `[notifications]` in
    /// `$TRIBUNE_HOME/config.toml` is the file `$TRIBUNE_HOME/notifications.db`. The file holds the texts
    /// of messages and the *names* of secrets: a message waits until a program finds the secret under
    /// that name, and goes to what it finds there.
    #[cfg(feature = "spool")]
    pub fn spool(mut self, file: impl Into<std::path::PathBuf>) -> Self {
        self.outbox = OutboxSource(Some(file.into()));
        self
    }

    /// Sets how long the end of the run waits for messages that are not out; 30 seconds by default.
    ///
    /// What is not out by then is in [`FlowRun::notifications`].
    pub fn notification_deadline(mut self, deadline: Duration) -> Self {
        self.notification_deadline = deadline;
        self
    }

    /// Gives the run a value that its tasks find with [`Context::value`](crate::Context::value).
    pub fn context(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        self.given.values.insert(name.into(), value.into());
        self
    }

    /// Tells the run when it was to start, which its tasks find in their context.
    pub fn scheduled_at(mut self, time: SystemTime) -> Self {
        self.given.scheduled_at = Some(time);
        self
    }

    /// Starts a task, found by its slug or its name, from the state of an earlier run.
    ///
    /// One that is finished is not run again: what depends on it goes on from its result.
    pub fn task_state(self, task: impl Into<String>, state: State) -> Self {
        self.task_states_of_children(task, state, Vec::new())
    }

    /// Starts a task in a loop, and its runs for the elements, from the states of an earlier run.
    pub fn task_states_of_children(
        mut self,
        task: impl Into<String>,
        state: State,
        children: Vec<State>,
    ) -> Self {
        self.starts.push((task.into(), Start { state, children }));
        self
    }

    /// Goes on where an earlier run of the flow stopped.
    ///
    /// What succeeded or was skipped is not run again, and what is paused waits to be resumed. What
    /// failed is run again, and so is what gave its result away to the task that took it by value.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use tribune::prelude::*;
    ///
    /// static REPAIRED: AtomicBool = AtomicBool::new(false);
    ///
    /// #[task]
    /// fn build() -> String {
    ///     "app 1.2.0".to_owned()
    /// }
    ///
    /// #[task]
    /// fn publish(release: &str) -> Result<String, String> {
    ///     if REPAIRED.load(Ordering::Relaxed) {
    ///         Ok(format!("{release} is published"))
    ///     } else {
    ///         Err("the registry is down".to_owned())
    ///     }
    /// }
    ///
    /// let flow = flow!("release", {
    ///     publish(build())
    /// });
    /// let failed = flow.run().wait()?;
    /// REPAIRED.store(true, Ordering::Relaxed);
    /// let run = flow.run().task_states(&failed).wait()?;
    /// assert_eq!(run.output().unwrap(), "app 1.2.0 is published");
    /// assert_eq!(run.task("build").unwrap().attempts(), 0, "it was not built again");
    /// # Ok::<(), RunError>(())
    /// ```
    pub fn task_states<U>(mut self, earlier: &FlowRun<U>) -> Self {
        for task in earlier.task_runs() {
            let state = left(&task);
            let children = task.children().map(|child| left(&child)).collect();
            self.starts.push((task.slug(), Start { state, children }));
        }
        self
    }

    /// Starts the flow itself from this state; one that is finished is not run.
    pub fn flow_state(mut self, state: State) -> Self {
        self.flow_state = state;
        self
    }

    /// Asks `resume` about every paused task when nothing else is left to do: `true` lets it go on.
    ///
    /// Without it, and when it says no to all of them, the run ends `Running`, and can be taken up again
    /// with [`task_states`](Self::task_states).
    pub fn resume(mut self, resume: impl Fn(&Paused) -> bool + Send + Sync + 'static) -> Self {
        self.resume = Some(Box::new(resume));
        self
    }

    /// Ends the run when all that is left has to wait, for a time or for a person.
    ///
    /// Then it is `Running`, and can be taken up again with [`task_states`](Self::task_states).
    pub fn without_waiting(mut self) -> Self {
        self.waits = false;
        self
    }

    /// Writes the results of tasks that have a target to it, so that later runs find them there.
    pub fn checkpointing(mut self, write: bool) -> Self {
        self.given.checkpointing = write;
        self
    }

    /// Keeps results in `cache`, and looks for them there, instead of in that of the process.
    pub fn cache(mut self, cache: &Cache) -> Self {
        self.cache = cache.clone();
        self
    }

    /// Runs the flow on a clock of its own, which starts at `start` and goes on only when there is
    /// nothing else to do: a day of retries takes no time.
    pub fn simulated(mut self, start: SystemTime) -> Self {
        self.clock = Clock::starting_at(start);
        self
    }

    /// Shows how far the run is in the terminal.
    #[cfg(feature = "progress")]
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
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
        Ok(self.start(None)?.finish().0)
    }

    pub(crate) fn scripted(mut self, script: Script) -> Self {
        self.script = Some(script);
        self
    }

    /// Runs the flow to its end, and tells when that was by the clock of the run.
    pub(crate) fn wait_until(self) -> Result<(FlowRun<T>, SystemTime), RunError> {
        Ok(self.start(None)?.finish())
    }

    fn start(self, runtime: Option<Handle>) -> Result<Started<T>, RunError> {
        let definition = self.definition?;
        let parameters = parameters(&definition.plan.parameters, &self.parameters)?;
        let parameter_prints = prints(&definition.plan.parameters, &parameters);
        let parameters: Vec<_> = parameters.into_iter().map(|(value, _)| value).collect();
        #[cfg(feature = "slack")]
        let services = Services::new(self.secrets, self.outbox.open().map_err(RunError::Handler)?);
        #[cfg(not(feature = "slack"))]
        let services = Services::default();
        prepare(&definition, &services)?;
        #[cfg(feature = "spool")]
        services.outbox().recover(services.secrets());
        let info = Arc::new(RunInfo {
            plan: definition.plan.clone(),
            id: Uuid::new_v4(),
            parameters: parameters.clone(),
            given: self.given,
            started_at: self.clock.now().time(),
            cancelled: AtomicBool::new(false),
            services,
        });
        let mut kept = self.cache.load(definition.plan.cache_keys());
        kept.extend(read_targets(&definition.plan));
        let local = Local::new(Settings {
            info: info.clone(),
            setup: Setup {
                parameters,
                parameter_prints,
                kept,
                flow: self.flow_state,
                seed: info.id.as_u64_pair().0,
                waits: self.waits,
                checkpointing: info.given.checkpointing,
                starts: starts(&definition.plan, self.starts)?,
                ..Setup::new(definition.plan.clone())
            },
            definition,
            clock: self.clock,
            script: self.script,
            #[cfg(feature = "progress")]
            bar: self.progress,
            resume: self.resume,
            threads: self.threads.unwrap_or_else(cores).get(),
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
            cache: self.cache,
            keeps: self.waits,
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

/// How many threads the machine runs at the same time. Asking it takes ten times as long as a short run.
fn cores() -> NonZero<usize> {
    static CORES: LazyLock<NonZero<usize>> =
        LazyLock::new(|| std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN));
    *CORES
}

/// Checks the given values and answers one for each parameter, in their order.
fn parameters(
    declared: &[Parameter],
    given: &[(String, Result<Json, String>)],
) -> Result<Vec<(Value, Option<String>)>, RunError> {
    let unknown = |name: &&String| !declared.iter().any(|parameter| parameter.name == **name);
    let unknown: Vec<String> = given
        .iter()
        .map(|(name, _)| name)
        .filter(unknown)
        .cloned()
        .collect();
    if !unknown.is_empty() {
        return Err(RunError::UnknownParameters(unknown));
    }
    let missing = |parameter: &&Parameter| {
        parameter.default.is_none() && !given.iter().any(|(name, _)| *name == parameter.name)
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
        .map(|parameter| {
            let given = given.iter().find(|(name, _)| *name == parameter.name);
            decode(parameter, given.map(|(_, value)| value.clone()))
        })
        .collect()
}

/// The value of a parameter, and its text if it was given one.
fn decode(
    parameter: &Parameter,
    given: Option<Result<Json, String>>,
) -> Result<(Value, Option<String>), RunError> {
    let invalid = |reason| RunError::InvalidParameter {
        name: parameter.name.to_string(),
        reason,
    };
    match (given, &parameter.default) {
        (Some(json), _) => {
            let json = json.map_err(invalid)?;
            let text = json.to_string();
            let value = (parameter.decode)(json).map_err(|error| invalid(error.to_string()))?;
            Ok((value, Some(text)))
        }
        (None, Some(default)) => Ok((default.clone(), default.get::<Json>().map(Json::to_string))),
        (None, None) => Err(RunError::MissingParameters(vec![
            parameter.name.to_string(),
        ])),
    }
}

/// The parameters by name, each as a text; a default that is not JSON has one of its own.
fn prints(declared: &[Parameter], values: &[(Value, Option<String>)]) -> Prints {
    let print = |(parameter, (_, text)): (&Parameter, &(Value, Option<String>))| {
        let text = text.clone().unwrap_or_else(|| "the default".to_owned());
        (parameter.name.to_string(), Some(text))
    };
    declared.iter().zip(values).map(print).collect()
}

/// Finds the tasks that start from a given state.
fn starts(plan: &Plan, given: Vec<(String, Start)>) -> Result<Vec<(NodeId, Start)>, RunError> {
    let find = |name: &str| {
        let by_name = || plan.ids().find(|id| plan.task_name(*id) == name);
        plan.ids()
            .find(|id| plan.slug(*id) == name)
            .or_else(by_name)
    };
    let mut starts: Vec<(NodeId, Start)> = Vec::new();
    for (name, start) in given {
        let node = find(&name).ok_or(RunError::UnknownTask(name))?;
        // The last word counts.
        starts.retain(|(other, _)| *other != node);
        starts.push((node, start));
    }
    Ok(starts)
}

/// The state in which an earlier run left a task, for a run that goes on from there.
fn left(task: &TaskRun<'_>) -> State {
    let state = task.state();
    let kind = state.kind();
    let has_result = state.is(StateKind::Mapped) || kind.is_skipped() || state.value().is_some();
    let stays = (kind.is_successful() && has_result) || kind.is_scheduled();
    if stays {
        state.clone()
    } else {
        State::new(StateKind::Pending)
    }
}

/// Lets every handler say that it cannot work, before anything runs.
fn prepare(definition: &Definition, services: &Services) -> Result<(), RunError> {
    let plan = &definition.plan;
    let tasks = plan.specs().map(|spec| (&*spec.name, &spec.handlers));
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
    cache: Cache,
    /// A run that does not wait is no whole run, and keeps nothing.
    keeps: bool,
    deadline: Duration,
    output: PhantomData<fn() -> T>,
}

impl<T> Started<T> {
    fn finish(self) -> (FlowRun<T>, SystemTime) {
        let mut engine = self.local.run();
        let end = self.local.now();
        if self.keeps {
            self.cache.save(engine.take_kept(), end);
        }
        let output = engine.output().and_then(Slot::read).ok();
        let notifications = self.info.services.drain(self.deadline);
        #[cfg(feature = "ctrl-c")]
        drop(self.ctrl_c);
        let run = FlowRun {
            info: self.info,
            engine,
            output,
            notifications,
            kind: PhantomData,
        };
        (run, end.time())
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
                let _ = sender.send(started.finish().0);
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
