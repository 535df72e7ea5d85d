//! The local driver: plain tasks on threads, `async` ones on tokio, in this process.
//!
//! All workers share one engine. A worker takes an action, performs it without the lock, feeds the
//! event back and takes the next action: there is no dispatcher, and the links of a chain follow each
//! other on one thread. The caller is the first worker; others are started when a second thing is to
//! be done while every worker is busy.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Instant, SystemTime};

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tracing::{Instrument as _, Span};

use super::body;
use super::cancellation::Cancel;
use super::runtime;
use crate::engine::{Action, Attempt, Change, Engine, Event};
use crate::error::TaskError;
use crate::flow::Definition;
use crate::handler::{Handlers, Reply, RunInfo, StateChange, TaskInfo};
use crate::plan::NodeId;
use crate::state::State;
use crate::task::{BodyFn, Outcome};
use crate::value::Value;

/// What one run is given.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) definition: Arc<Definition>,
    pub(crate) info: Arc<RunInfo>,
    pub(crate) parameters: Vec<Value>,
    pub(crate) threads: usize,
    /// The caller's runtime, if it has one that this run may use.
    pub(crate) runtime: Option<Handle>,
}

/// One run in this process.
pub(crate) struct Local {
    definition: Arc<Definition>,
    info: Arc<RunInfo>,
    threads: usize,
    runtime: OnceLock<Handle>,
    span: Span,
    /// The time when the run started, by the wall and by a clock that is never put back.
    started: (SystemTime, Instant),
    /// `None` when the run is over: whoever comes late has nothing left to do.
    progress: Mutex<Option<Progress>>,
    finished: Mutex<Option<Engine>>,
    wake: Condvar,
}

struct Progress {
    engine: Engine,
    timers: BinaryHeap<Reverse<(SystemTime, NodeId)>>,
    in_flight: HashMap<NodeId, AbortHandle>,
    workers: usize,
    idle: usize,
}

type Guard<'a> = MutexGuard<'a, Option<Progress>>;

impl Local {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        let Settings {
            definition,
            info,
            parameters,
            threads,
            runtime,
        } = settings;
        let span = tracing::info_span!("flow_run", flow = info.plan.name(), run = %info.id);
        let announce_all = tracing::enabled!(tracing::Level::ERROR);
        let progress = Progress {
            engine: Engine::new(info.plan.clone(), parameters, announce_all),
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
            started: (SystemTime::now(), Instant::now()),
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

    fn now(&self) -> SystemTime {
        self.started.0 + self.started.1.elapsed()
    }

    fn feed(&self, progress: &mut Option<Progress>, event: Event) {
        if let Some(progress) = progress {
            progress.engine.on(event, self.now());
        }
    }

    fn work(self: &Arc<Self>) {
        let mut guard = self.lock();
        while let Some(progress) = guard.as_mut() {
            guard = match progress.engine.next() {
                Some(Action::Execute(attempt)) => self.execute(guard, attempt),
                Some(Action::Handle(change)) => self.handle(guard, change),
                Some(Action::WakeAt { node, at }) => {
                    progress.timers.push(Reverse((at, node)));
                    guard
                }
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

    /// Waits for a timer, or for somebody to leave something to do.
    fn wait<'a>(&self, mut guard: Guard<'a>) -> Guard<'a> {
        let Some(progress) = guard.as_mut() else {
            return guard;
        };
        let now = self.now();
        let next = progress.timers.peek().map(|Reverse(timer)| *timer);
        if let Some((at, node)) = next
            && at <= now
        {
            progress.timers.pop();
            progress.engine.on(Event::Woke { node }, now);
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
        let slots = match progress.engine.slots(attempt.node) {
            Ok(slots) => slots,
            Err(error) => {
                self.feed(
                    &mut guard,
                    Event::Returned {
                        attempt,
                        outcome: Err(error),
                    },
                );
                return guard;
            }
        };
        let spec = self.info.plan.node(attempt.node).spec();
        match spec.body {
            BodyFn::Sync(body) => {
                self.share(progress);
                drop(guard);
                let span = self.task_span(attempt);
                let outcome = span.in_scope(|| body::call(body, slots, spec.timeout));
                let mut guard = self.lock();
                self.feed(&mut guard, Event::Returned { attempt, outcome });
                guard
            }
            BodyFn::Async(body) => {
                let future = body::run(body, slots, spec.timeout);
                match self.spawn(attempt, future) {
                    Ok(task) => {
                        progress.in_flight.insert(attempt.node, task);
                    }
                    Err(error) => {
                        let outcome = Err(TaskError::new(error));
                        self.feed(&mut guard, Event::Returned { attempt, outcome });
                    }
                }
                guard
            }
        }
    }

    fn spawn<F>(self: &Arc<Self>, attempt: Attempt, body: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let runtime = self.runtime()?;
        let local = self.clone();
        let body = body.instrument(self.task_span(attempt));
        let task = runtime.spawn(async move {
            let outcome = body.await;
            local.complete(attempt, outcome);
        });
        Ok(task.abort_handle())
    }

    /// Takes the outcome of an `async` body, on a thread of tokio.
    fn complete(self: &Arc<Self>, attempt: Attempt, outcome: Outcome) {
        let mut guard = self.lock();
        if let Some(progress) = guard.as_mut() {
            progress.in_flight.remove(&attempt.node);
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
        self.share(progress);
        drop(guard);
        let node = change.task.map(|attempt| attempt.node);
        let handlers = match node {
            Some(node) => &self.info.plan.node(node).spec().handlers,
            None => &self.definition.handlers,
        };
        let change = self.state_change(change);
        let answer = self.span.in_scope(|| self.ask(handlers, &change));
        let mut guard = self.lock();
        self.feed(&mut guard, Event::Handled { node, answer });
        guard
    }

    fn state_change(&self, change: Change) -> StateChange {
        let Change {
            task,
            old,
            new,
            will_retry,
            at,
        } = change;
        let task = task.map(|Attempt { node, number }| TaskInfo {
            node,
            attempt: number,
        });
        StateChange {
            run: self.info.clone(),
            task,
            old,
            new,
            at,
            will_retry,
        }
    }

    /// Gives a change to its handlers, in order: each gets the state that the one before answered.
    fn ask(&self, handlers: &Handlers, change: &StateChange) -> Result<State, TaskError> {
        record(change);
        let mut state = change.new.clone();
        for handler in handlers {
            state = body::catch(|| match handler.handle(change, state).0 {
                Reply::Now(answer) => answer,
                Reply::Later(answer) => self.runtime().map_err(TaskError::new)?.block_on(answer),
            })??;
        }
        Ok(state)
    }

    fn task_span(&self, attempt: Attempt) -> Span {
        let node = self.info.plan.node(attempt.node);
        let number = attempt.number;
        tracing::info_span!(parent: &self.span, "task_run", task = node.name(), attempt = number)
    }
}

impl Cancel for Local {
    fn cancel(&self) {
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
