//! The local driver: plain tasks on threads, `async` ones on tokio, in this process.
//!
//! All workers share one engine. A worker takes an action, performs it without the lock, feeds the
//! event back and takes the next action: there is no dispatcher, and the links of a chain follow each
//! other on one thread. The caller is the first worker; others are started when a second thing is to
//! be done while every worker is busy.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tracing::{Instrument as _, Span};

use super::body;
use super::cancellation::Cancel;
use super::clock::Clock;
use super::{runtime, target};
use crate::context::{Context, Inner};
use crate::engine::{Action, Attempt, Change, Engine, Event, RunId, Runs, Setup};
use crate::error::TaskError;
use crate::flow::Definition;
use crate::handler::{Handlers, Reply, RunInfo, StateChange, TaskInfo};
use crate::plan::Plan;
#[cfg(feature = "progress")]
use crate::progress::Progress as Bar;
use crate::state::{State, StateKind};
use crate::task::{BodyFn, Outcome};
use crate::testing::Script;

/// What one run is given.
pub(crate) struct Settings {
    pub(crate) definition: Arc<Definition>,
    pub(crate) info: Arc<RunInfo>,
    pub(crate) setup: Setup,
    pub(crate) clock: Clock,
    /// What happens in place of the bodies, and who writes it down, in a simulation.
    pub(crate) script: Option<Script>,
    #[cfg(feature = "progress")]
    pub(crate) bar: Option<Bar>,
    /// Asked for every paused task when nothing else is left.
    pub(crate) resume: Option<Box<Resume>>,
    pub(crate) threads: usize,
    /// The caller's runtime, if it has one that this run may use.
    pub(crate) runtime: Option<Handle>,
}

/// What decides whether a paused task goes on.
pub(crate) type Resume = dyn Fn(&Paused) -> bool + Send + Sync;

/// A task run that waits for a person.
#[derive(Clone, Debug)]
pub struct Paused {
    name: String,
    index: Option<u32>,
    message: Option<String>,
}

impl Paused {
    fn new(plan: &Plan, runs: &Runs, run: RunId) -> Self {
        let cell = &runs[run];
        Self {
            name: plan.node(cell.node).name().to_owned(),
            index: runs.index_of(run),
            message: cell.state.message().map(str::to_owned),
        }
    }

    /// The name of the task.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The index of the element, for a task in a loop.
    pub fn map_index(&self) -> Option<u32> {
        self.index
    }

    /// Why it is paused, if that was said.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

/// One run in this process.
pub(crate) struct Local {
    definition: Arc<Definition>,
    info: Arc<RunInfo>,
    threads: usize,
    runtime: OnceLock<Handle>,
    span: Span,
    clock: Clock,
    script: Option<Script>,
    #[cfg(feature = "progress")]
    bar: Option<Bar>,
    resume: Option<Box<Resume>>,
    /// `None` when the run is over: whoever comes late has nothing left to do.
    progress: Mutex<Option<Progress>>,
    finished: Mutex<Option<Engine>>,
    wake: Condvar,
}

struct Progress {
    engine: Engine,
    timers: BinaryHeap<Reverse<(SystemTime, RunId)>>,
    in_flight: HashMap<RunId, AbortHandle>,
    workers: usize,
    idle: usize,
}

type Guard<'a> = MutexGuard<'a, Option<Progress>>;

impl Local {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        let Settings {
            definition,
            info,
            setup,
            clock,
            script,
            #[cfg(feature = "progress")]
            bar,
            resume,
            threads,
            runtime,
        } = settings;
        #[cfg(feature = "progress")]
        if let Some(bar) = &bar {
            bar.expect(info.plan.nodes.iter().filter(|node| !node.hidden).count());
        }
        let span = tracing::info_span!("flow_run", flow = info.plan.name(), run = %info.id);
        let watched = script.is_some();
        #[cfg(feature = "progress")]
        let watched = watched || bar.is_some();
        let announce_all = watched || tracing::enabled!(tracing::Level::ERROR);
        let progress = Progress {
            engine: Engine::new(Setup {
                announce_all,
                ..setup
            }),
            timers: BinaryHeap::new(),
            in_flight: HashMap::new(),
            workers: 1,
            idle: 0,
        };
        Arc::new(Self {
            definition,
            info,
            threads,
            runtime: runtime.map(OnceLock::from).unwrap_or_default(),
            span,
            clock,
            script,
            #[cfg(feature = "progress")]
            bar,
            resume,
            progress: Mutex::new(Some(progress)),
            finished: Mutex::new(None),
            wake: Condvar::new(),
        })
    }

    /// Runs the flow to its end, with the calling thread as the first worker.
    pub(crate) fn run(self: &Arc<Self>) -> Engine {
        self.feed(&mut self.lock(), Event::Start);
        self.work();
        let finished = self
            .finished
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        finished.expect("a worker stops only when the run is over")
    }

    /// Stops the run at the first Ctrl-C that comes before the answer is dropped.
    #[cfg(feature = "ctrl-c")]
    pub(crate) fn cancel_on_ctrl_c(self: &Arc<Self>) -> io::Result<super::OnCtrlC> {
        super::OnCtrlC::cancel(self.clone(), self.runtime()?)
    }

    /// The runtime of what is `async`: the caller's, else the program's own.
    pub(crate) fn runtime(&self) -> io::Result<&Handle> {
        match self.runtime.get() {
            Some(handle) => Ok(handle),
            None => runtime::own().map(|handle| self.runtime.get_or_init(|| handle)),
        }
    }

    fn lock(&self) -> Guard<'_> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    fn feed(&self, progress: &mut Option<Progress>, event: Event) {
        if let Some(progress) = progress {
            progress.engine.on(event, self.now());
        }
    }

    fn work(self: &Arc<Self>) {
        let mut guard = self.lock();
        while let Some(progress) = guard.as_mut() {
            guard = match progress.engine.next(self.now()) {
                Some(Action::Execute(attempt)) => self.execute(guard, attempt),
                Some(Action::Handle(change)) => self.handle(guard, *change),
                Some(Action::WakeAt { run, at }) => {
                    progress.timers.push(Reverse((at, run)));
                    guard
                }
                Some(Action::Rest) => self.rest(guard),
                Some(Action::Finish) => return self.finish(guard),
                None => self.wait(guard),
            };
        }
    }

    fn finish(&self, mut guard: Guard<'_>) {
        let engine = guard.take().map(|progress| progress.engine);
        *self.finished.lock().unwrap_or_else(PoisonError::into_inner) = engine;
        self.wake.notify_all();
    }

    /// Asks whether paused tasks are resumed; if none is, the run is left.
    fn rest<'a>(&'a self, guard: Guard<'a>) -> Guard<'a> {
        let paused: Vec<_> = guard.as_ref().map_or(Vec::new(), |progress| {
            let runs = progress.engine.runs();
            let paused = runs
                .ids()
                .filter(|run| runs[*run].state.is(StateKind::Paused));
            paused
                .map(|run| (run, Paused::new(&self.info.plan, runs, run)))
                .collect()
        });
        // The answer may take a person some time.
        drop(guard);
        let asked = paused
            .into_iter()
            .filter(|(_, paused)| self.resume.as_ref().is_some_and(|resume| resume(paused)));
        let resumed: Vec<_> = asked.map(|(run, _)| run).collect();
        let mut guard = self.lock();
        if resumed.is_empty() {
            self.feed(&mut guard, Event::Left);
        }
        for run in resumed {
            self.feed(&mut guard, Event::Resumed { run });
        }
        guard
    }

    /// Waits for a timer, or for somebody to leave something to do.
    fn wait<'a>(&self, mut guard: Guard<'a>) -> Guard<'a> {
        let Some(progress) = guard.as_mut() else {
            return guard;
        };
        let now = self.now();
        let next = progress.timers.peek().map(|Reverse(timer)| *timer);
        if let Some((at, run)) = next
            && at <= now
        {
            progress.timers.pop();
            progress.engine.on(Event::Woke { run }, now);
            return guard;
        }
        // Nothing happens before the timer: a virtual clock need not wait for it.
        let alone = progress.in_flight.is_empty() && progress.idle + 1 == progress.workers;
        if let Some((at, _)) = next
            && alone
            && self.clock.advance(at)
        {
            return guard;
        }
        progress.idle += 1;
        let mut guard = match next.and_then(|(at, _)| at.duration_since(now).ok()) {
            Some(time) => {
                let waited = self.wake.wait_timeout(guard, time);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self
                .wake
                .wait(guard)
                .unwrap_or_else(PoisonError::into_inner),
        };
        if let Some(progress) = guard.as_mut() {
            progress.idle -= 1;
        }
        guard
    }

    /// Called by a worker that will be busy: somebody else has to see to the rest.
    fn share(self: &Arc<Self>, progress: &mut Progress) {
        let rest = progress.engine.has_actions()
            || !progress.timers.is_empty()
            || !progress.in_flight.is_empty();
        if rest && progress.idle > 0 {
            self.wake.notify_one();
        } else if rest && progress.workers < self.threads {
            let local = self.clone();
            let worker = std::thread::Builder::new().name("tribune-worker".to_owned());
            // Without another thread the run is slower, not wrong.
            progress.workers += usize::from(worker.spawn(move || local.work()).is_ok());
        }
    }

    fn execute<'a>(self: &'a Arc<Self>, mut guard: Guard<'a>, attempt: Attempt) -> Guard<'a> {
        let Some(progress) = guard.as_mut() else {
            return guard;
        };
        let slots = match progress.engine.slots(attempt.run) {
            Ok(slots) => slots,
            Err(error) => {
                let outcome = Err(error);
                self.feed(&mut guard, Event::Returned { attempt, outcome });
                return guard;
            }
        };
        let context = self.context(&progress.engine, Some(attempt));
        let task = task_info(&progress.engine, attempt);
        let spec = self.info.plan.node(task.node).spec();
        let scripted = self.script.as_ref();
        if let Some(outcome) = scripted.and_then(|script| script.outcome(&spec.name, task.attempt))
        {
            self.feed(&mut guard, Event::Returned { attempt, outcome });
            return guard;
        }
        let span = self.task_span(task);
        match &spec.body {
            BodyFn::Async(body) => {
                let body = body::run(*body, slots, spec.timeout, context).instrument(span);
                match self.spawn(attempt, body) {
                    Ok(abort) => {
                        progress.in_flight.insert(attempt.run, abort);
                    }
                    Err(error) => {
                        let outcome = Err(TaskError::new(error));
                        self.feed(&mut guard, Event::Returned { attempt, outcome });
                    }
                }
                guard
            }
            body => {
                self.share(progress);
                drop(guard);
                let outcome = span.in_scope(|| body::call(body, slots, spec.timeout, &context));
                if let (Some(target), true) = (&spec.target, self.info.given.checkpointing) {
                    span.in_scope(|| target::write(target, &outcome));
                }
                let mut guard = self.lock();
                self.feed(&mut guard, Event::Returned { attempt, outcome });
                guard
            }
        }
    }

    fn spawn<F>(self: &Arc<Self>, attempt: Attempt, body: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let local = self.clone();
        let task = self.runtime()?.spawn(async move {
            let outcome = body.await;
            local.complete(attempt, outcome);
        });
        Ok(task.abort_handle())
    }

    /// Takes the outcome of an `async` body, on a thread of tokio.
    fn complete(self: &Arc<Self>, attempt: Attempt, outcome: Outcome) {
        let mut guard = self.lock();
        if let Some(progress) = guard.as_mut() {
            progress.in_flight.remove(&attempt.run);
            progress
                .engine
                .on(Event::Returned { attempt, outcome }, self.now());
            self.share(progress);
        }
    }

    fn handle<'a>(self: &'a Arc<Self>, mut guard: Guard<'a>, change: Change) -> Guard<'a> {
        let Some(progress) = guard.as_mut() else {
            return guard;
        };
        let task = change
            .task
            .map(|attempt| task_info(&progress.engine, attempt));
        let context = self.context(&progress.engine, change.task);
        let run_name = change
            .task
            .and_then(|attempt| progress.engine.runs()[attempt.run].name.clone());
        self.share(progress);
        drop(guard);
        let run = change.task.map(|attempt| attempt.run);
        let handlers = match task {
            Some(task) => &self.info.plan.node(task.node).spec().handlers,
            None => &self.definition.handlers,
        };
        let Change {
            old,
            new,
            will_retry,
            at,
            ..
        } = change;
        let change = StateChange {
            run: self.info.clone(),
            task,
            run_name,
            old,
            new,
            at,
            will_retry,
        };
        let ask = || context.enter(|| self.ask(handlers, &change));
        let answer = self.span.in_scope(ask);
        let mut guard = self.lock();
        self.feed(&mut guard, Event::Handled { run, answer });
        guard
    }

    /// Gives a change to its handlers, in order: each gets the state that the one before answered.
    fn ask(&self, handlers: &Handlers, change: &StateChange) -> Result<State, TaskError> {
        record(change);
        if let Some(script) = &self.script {
            script.record(change);
        }
        #[cfg(feature = "progress")]
        if let Some(bar) = &self.bar {
            bar.record(change);
        }
        let mut state = change.new.clone();
        for handler in handlers {
            state = body::catch(|| match handler.handle(change, state).0 {
                Reply::Now(answer) => answer,
                Reply::Later(answer) => self.runtime().map_err(TaskError::new)?.block_on(answer),
            })??;
        }
        Ok(state)
    }

    fn context(&self, engine: &Engine, attempt: Option<Attempt>) -> Context {
        let cell = attempt.map(|attempt| &engine.runs()[attempt.run]);
        Context::new(Inner {
            run: self.info.clone(),
            task: attempt.map(|attempt| task_info(engine, attempt)),
            run_name: cell.and_then(|cell| cell.name.clone()),
            carried: cell.and_then(|cell| cell.carried().cloned()),
            resumed: cell.is_some_and(|cell| cell.resumed),
            given_up: AtomicBool::new(false),
        })
    }

    fn task_span(&self, TaskInfo { node, attempt, .. }: TaskInfo) -> Span {
        let task = self.info.plan.node(node).name();
        tracing::info_span!(parent: &self.span, "task_run", task, attempt)
    }
}

fn task_info(engine: &Engine, attempt: Attempt) -> TaskInfo {
    let node = engine.runs()[attempt.run].node;
    TaskInfo {
        node,
        attempt: attempt.number,
        iteration: attempt.iteration,
        index: engine.runs().index_of(attempt.run),
    }
}

impl Cancel for Local {
    fn cancel(&self) {
        self.info.cancelled.store(true, Ordering::Relaxed);
        let mut guard = self.lock();
        if let Some(progress) = guard.as_mut() {
            progress.engine.on(Event::Cancelled, self.now());
            for (_, task) in progress.in_flight.drain() {
                task.abort();
            }
            self.wake.notify_all();
        }
    }
}

/// Writes a change to the log: failures that stay as errors, all else as information.
fn record(change: &StateChange) {
    let (name, old, new) = (change.name(), change.old().kind(), &change.new);
    let attempt = change.attempt();
    if new.kind().is_failed() && !change.will_retry() {
        tracing::error!(name, attempt, %old, %new, "state changed");
    } else {
        tracing::info!(name, attempt, %old, %new, "state changed");
    }
}
