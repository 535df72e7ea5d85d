//! Running a flow on its schedule.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::policy::{Missed, Policy};
use super::{Schedule, ScheduledRun};
use crate::driver::{Cancellation, Desk};
use crate::error::{BuildError, RunError};
use crate::flow::{Definition, Flow};
use crate::flow_run::FlowRun;
use crate::run::Run;

impl<T> Flow<T> {
    /// The next runs that the schedule of the flow asks for, after the present time.
    ///
    /// # Errors
    ///
    /// [`RunError::NoSchedule`], or what is wrong with the flow.
    ///
    /// # Examples
    ///
    /// ```
    /// use tribune::prelude::*;
    /// use tribune::schedule::{cron, is_weekday};
    ///
    /// let mut flow = Flow::builder("report");
    /// flow.schedule(cron("0 9 * * *").filter(is_weekday));
    /// let flow = flow.build(())?;
    /// for run in flow.next_runs(3)? {
    ///     println!("{run}"); // 2026-07-03T09:00:00+00:00[UTC]
    ///     assert_eq!(run.at().hour(), 9);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_runs(&self, count: usize) -> Result<Vec<ScheduledRun>, RunError> {
        let definition = self.definition().clone()?;
        let schedule = definition.schedule.as_ref().ok_or(RunError::NoSchedule)?;
        let runs = schedule.runs_after(crate::driver::now());
        Ok(runs.map_err(BuildError::Schedule)?.take(count).collect())
    }

    /// Prepares to run the flow on its schedule; that starts with [`wait`](Serve::wait) or `.await`.
    pub fn serve(&self) -> Serve<T> {
        Serve {
            definition: self.definition().clone(),
            overlap: false,
            missed: Missed::default(),
            cancellation: Cancellation::new(),
            #[cfg(feature = "ctrl-c")]
            ctrl_c: false,
            each: Box::new(|run| run),
            on_run: Box::new(|_| ()),
        }
    }
}

/// A flow that is about to be run on its schedule: [`wait`](Self::wait) for the end, or `.await` it.
///
/// It ends when the schedule has no more runs, or when it is cancelled.
///
/// # Examples
///
/// ```no_run
/// use tribune::prelude::*;
/// use tribune::schedule::{Missed, cron};
///
/// #[task]
/// fn publish(limit: usize) {}
///
/// # fn main() -> Result<(), RunError> {
/// let flow = flow!(
///     name = "nightly",
///     schedule = cron("0 2 * * *").in_time_zone("Europe/Berlin"),
///     |#[default(100)] limit: usize| {
///         publish(limit);
///     }
/// );
/// let serve = flow.serve().missed(Missed::CatchUp).each(|run| run.parameter("limit", 500));
/// # #[cfg(feature = "ctrl-c")]
/// let serve = serve.cancel_on_ctrl_c();
/// serve.on_run(|run| println!("{}", run.state())).wait()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a flow is served with `wait` or `.await`"]
pub struct Serve<T> {
    definition: Result<Arc<Definition>, BuildError>,
    overlap: bool,
    missed: Missed,
    cancellation: Cancellation,
    #[cfg(feature = "ctrl-c")]
    ctrl_c: bool,
    each: Prepare<T>,
    on_run: OnRun<T>,
}

type Prepare<T> = Box<dyn FnMut(Run<T>) -> Run<T> + Send>;
type OnRun<T> = Box<dyn FnMut(&FlowRun<T>) + Send>;

impl<T> Serve<T> {
    /// Sets whether a run may start while another one is running; by default it may not.
    pub fn overlap(mut self, overlap: bool) -> Self {
        self.overlap = overlap;
        self
    }

    /// Sets what becomes of a run that could not start at its time; by default it is skipped.
    pub fn missed(mut self, missed: Missed) -> Self {
        self.missed = missed;
        self
    }

    /// Prepares every run before it starts: its parameters, secrets and whatever else [`Run`] has.
    ///
    /// Parameters of the schedule go over those that are given here, and so does what cancels the run.
    pub fn each(mut self, prepare: impl FnMut(Run<T>) -> Run<T> + Send + 'static) -> Self {
        self.each = Box::new(prepare);
        self
    }

    /// Calls a function with every run that has ended.
    ///
    /// It is called on the thread that serves: the next run starts when it has returned.
    pub fn on_run(mut self, ended: impl FnMut(&FlowRun<T>) + Send + 'static) -> Self {
        self.on_run = Box::new(ended);
        self
    }

    /// Lets `cancellation` end it: what is running is cancelled, and nothing is started any more.
    pub fn cancel_with(mut self, cancellation: &Cancellation) -> Self {
        self.cancellation = cancellation.clone();
        self
    }

    /// Lets Ctrl-C end it, as [`cancel_with`](Self::cancel_with) does.
    ///
    /// From then on Ctrl-C does not end the program, also afterwards: that is why it has to be asked
    /// for.
    #[cfg(feature = "ctrl-c")]
    pub fn cancel_on_ctrl_c(mut self) -> Self {
        self.ctrl_c = true;
        self
    }
}

impl<T: 'static> Serve<T> {
    /// Runs the flow on its schedule until there are no more runs, or it is cancelled.
    ///
    /// It answers the run that ended last. Inside `async` code use `.await` instead, which does not block
    /// the executor.
    ///
    /// # Errors
    ///
    /// [`RunError::NoSchedule`], [`RunError::NoMoreRuns`] if there is no run to come at all, or the error
    /// of a run that could not start, which ends it. A task that fails is no error, but a state of a run.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tribune::Cancellation;
    /// use tribune::prelude::*;
    /// use tribune::schedule::interval;
    ///
    /// let mut flow = Flow::builder("heartbeat");
    /// flow.schedule(interval(Duration::from_millis(10)));
    /// let flow = flow.build(())?;
    ///
    /// let cancellation = Cancellation::new();
    /// let stop = cancellation.clone();
    /// let mut beats = 0;
    /// let count = move |_: &_| {
    ///     beats += 1;
    ///     if beats == 3 {
    ///         stop.cancel();
    ///     }
    /// };
    /// let last = flow.serve().cancel_with(&cancellation).on_run(count).wait()?;
    /// assert!(last.unwrap().state().is(Success));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait(self) -> Result<Option<FlowRun<T>>, RunError> {
        let desk = self.desk();
        self.serve(&desk, None)
    }

    fn desk(&self) -> Arc<Desk<Ended<T>>> {
        let desk = Arc::new(Desk::default());
        desk.cancel_with(&self.cancellation);
        desk
    }

    /// Serves with the calling thread; `runtime` is what `async` tasks may run on.
    fn serve(
        self,
        desk: &Arc<Desk<Ended<T>>>,
        runtime: Option<&Handle>,
    ) -> Result<Option<FlowRun<T>>, RunError> {
        let Self {
            definition,
            mut each,
            mut on_run,
            ..
        } = self;
        let definition = definition?;
        let schedule = definition.schedule.as_ref().ok_or(RunError::NoSchedule)?;
        let mut policy = policy(schedule, self.overlap, self.missed)?;
        #[cfg(feature = "ctrl-c")]
        let _ctrl_c = self
            .ctrl_c
            .then(|| desk.cancel_on_ctrl_c())
            .transpose()
            .map_err(RunError::Thread)?;
        let mut last = None;
        let name = definition.plan.name();
        let start = |scheduled: ScheduledRun| {
            let run = each(Run::new(Ok(definition.clone())));
            let run = prepare(run, &scheduled).cancel_with(desk.cancellation());
            let runtime = runtime.cloned();
            move || match runtime {
                Some(runtime) => runtime.block_on(run.into_future()),
                None => run.wait(),
            }
        };
        let ended = |run: Ended<T>| {
            let run = run?;
            on_run(&run);
            last = Some(run);
            Ok(())
        };
        desk.serve(name, &mut policy, start, ended)?;
        Ok(last)
    }
}

type Ended<T> = Result<FlowRun<T>, RunError>;

fn policy(schedule: &Schedule, overlap: bool, missed: Missed) -> Result<Policy, RunError> {
    let runs = schedule.runs_after(crate::driver::now());
    let mut policy = Policy::new(runs.map_err(BuildError::Schedule)?, overlap, missed);
    if policy.is_empty() {
        return Err(RunError::NoMoreRuns);
    }
    Ok(policy)
}

fn prepare<T>(run: Run<T>, scheduled: &ScheduledRun) -> Run<T> {
    // A time that the system cannot tell has not come.
    let time = SystemTime::try_from(scheduled.at().timestamp());
    let run = time.into_iter().fold(run, Run::scheduled_at);
    let parameters = scheduled.parameters().iter();
    parameters.fold(run, |run, (name, value)| run.parameter(name, value))
}

impl<T: 'static> IntoFuture for Serve<T> {
    type Output = Result<Option<FlowRun<T>>, RunError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// Runs the flow on its schedule, on threads of its own and, where there is one, the current tokio
    /// runtime.
    ///
    /// Dropping the future cancels what is running, and starts nothing any more.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async {
            let runtime = Handle::try_current().ok();
            let (sender, receiver) = oneshot::channel();
            let desk = self.desk();
            let stop = StopOnDrop(desk.clone());
            let work = move || {
                // Nobody listens any more when the future was dropped.
                let _ = sender.send(self.serve(&desk, runtime.as_ref()));
            };
            std::thread::Builder::new()
                .name("tribune-serve".to_owned())
                .spawn(work)
                .map_err(RunError::Thread)?;
            let ended = receiver.await;
            drop(stop);
            ended.expect("the thread that serves a flow ends with its result")
        })
    }
}

struct StopOnDrop<R: Send + 'static>(Arc<Desk<R>>);

impl<R: Send + 'static> Drop for StopOnDrop<R> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl<T> fmt::Debug for Serve<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("definition", &self.definition)
            .field("overlap", &self.overlap)
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}
