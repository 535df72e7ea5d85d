//! What came of a run: [`FlowRun`], with its task runs.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::draw::{Language, draw};
use crate::engine::{Cell, Engine, RunId};
use crate::explain::explain;
use crate::handler::RunInfo;
use crate::input::Reading;
use crate::notify::Notification;
use crate::plan::Plan;
use crate::state::State;

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
    pub(crate) info: Arc<RunInfo>,
    pub(crate) engine: Engine,
    pub(crate) output: Option<Reading>,
    pub(crate) notifications: Vec<Notification>,
    pub(crate) kind: PhantomData<fn() -> T>,
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

    /// Tells why a task ended as it did, by the chain of what led to it; `None` if there is none of this
    /// name.
    ///
    /// # Examples
    ///
    /// ```
    /// use tribune::prelude::*;
    ///
    /// #[task]
    /// fn load() -> Result<u32, String> {
    ///     Err("no such table".to_owned())
    /// }
    ///
    /// #[task]
    /// fn report(rows: u32) -> String {
    ///     format!("{rows} rows")
    /// }
    ///
    /// let flow = flow!("nightly", {
    ///     report(load())
    /// });
    /// let run = flow.run().wait()?;
    /// assert_eq!(
    ///     run.explain("report").unwrap(),
    ///     "`report` is TriggerFailed: Trigger was \"all_successful\" but some of the upstream tasks failed.\n  \
    ///      because `load` is Failed: Error during execution of task: no such table"
    /// );
    /// # Ok::<(), RunError>(())
    /// ```
    pub fn explain(&self, name: &str) -> Option<String> {
        let task = self.task(name)?;
        let node = self.engine.runs().node(task.run);
        Some(explain(&self.info.plan, &self.engine, node))
    }

    /// Draws the run in [Mermaid](https://mermaid.js.org), in the colours of its states.
    pub fn to_mermaid(&self) -> String {
        draw(&self.info.plan, Some(&self.engine), Language::Mermaid)
    }

    /// Draws the run in the language of Graphviz, in the colours of its states.
    pub fn to_dot(&self) -> String {
        draw(&self.info.plan, Some(&self.engine), Language::Dot)
    }

    /// All task runs, in the order in which the tasks are declared.
    ///
    /// A task in a loop has one for the whole loop: its [`children`](TaskRun::children) are the others.
    pub fn task_runs(&self) -> impl Iterator<Item = TaskRun<'_>> {
        let (plan, engine) = (&*self.info.plan, &self.engine);
        let seen = plan.ids().filter(|node| !plan.node(*node).hidden);
        seen.map(move |node| TaskRun {
            plan,
            engine,
            run: RunId::root(node),
        })
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
    engine: &'a Engine,
    run: RunId,
}

impl<'a> TaskRun<'a> {
    fn cell(&self) -> &'a Cell {
        &self.engine.runs()[self.run]
    }

    /// The name of the task.
    pub fn name(&self) -> &'a str {
        self.plan.task_name(self.engine.runs().node(self.run))
    }

    /// The text that identifies the task in its flow.
    pub fn slug(&self) -> String {
        self.plan.slug(self.engine.runs().node(self.run))
    }

    /// What the task run is called: what [`task_run_name`](crate::Call::task_run_name) says, else the
    /// name, and in a loop the index of the element.
    pub fn run_name(&self) -> Cow<'a, str> {
        match (self.cell().name(), self.engine.runs().index_of(self.run)) {
            (Some(name), _) => (**name).into(),
            (None, Some(index)) => format!("{}[{index}]", self.name()).into(),
            (None, None) => self.name().into(),
        }
    }

    /// The state in which the task run ended.
    pub fn state(&self) -> &'a State {
        &self.cell().state
    }

    /// The result of the task, if it is a `T` and nobody took it.
    ///
    /// A value that its last reader took by value is gone; one that was only borrowed is here.
    pub fn output<T: 'static>(&self) -> Option<&'a T> {
        self.cell().state.result()
    }

    /// How many times the task was started.
    pub fn attempts(&self) -> u32 {
        self.cell().number()
    }

    /// How long it took from the start of the first attempt to the end of the last.
    pub fn duration(&self) -> Option<Duration> {
        self.cell().duration()
    }

    /// The runs for the elements of a loop, if this is the run for the whole of it.
    pub fn children(&self) -> impl ExactSizeIterator<Item = Self> + use<'a> {
        let Self { plan, engine, .. } = *self;
        let children: Vec<_> = self.cell().child_runs().into_iter().flatten().collect();
        children
            .into_iter()
            .map(move |run| Self { plan, engine, run })
    }
}

impl fmt::Debug for TaskRun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.name(), self.state())
    }
}
