//! The local driver: plain tasks on threads, `async` ones on tokio, in this process.
//!
//! All workers share one engine. A worker takes what is to be done, does it without the lock, tells the
//! engine what came of it and takes the next: there is no dispatcher, and the links of a chain follow each
//! other on one thread. Where much is ready it takes several things at once. The caller is the first
//! worker; others are called when a second thing is to be done while every worker is busy. Where bodies
//! are tiny, one worker does them all, and another one looks now and then whether it has met a long one.

mod in_flight;
mod paused;
mod straight;
mod threads;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::runtime::Handle;
use tracing::Span;

use self::in_flight::InFlight;
pub use self::paused::Paused;
use super::cancellation::Cancel;
use super::clock::Clock;
use super::hand::{Done, Hand, Job};
use super::runtime;
use super::work::Worker;
use crate::context::Past;
use crate::engine::{Action, Attempt, Engine, Event, RunId, Setup, Straight};
use crate::flow::Definition;
use crate::handler::RunInfo;
#[cfg(feature = "progress")]
use crate::progress::Progress as Bar;
use crate::testing::Script;
use crate::timestamp::Timestamp;

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

/// The slowest pace that is told from others, in nanoseconds.
const SLOWEST: u64 = 1_000_000;

/// Bodies that take less, in nanoseconds, are left to one worker.
const TINY: u64 = 1_000;

/// The most things that a worker takes at once.
const MOST: usize = 64;

/// One run in this process.
pub(crate) struct Local {
    pub(super) definition: Arc<Definition>,
    pub(super) info: Arc<RunInfo>,
    pub(super) span: Span,
    pub(super) script: Option<Script>,
    #[cfg(feature = "progress")]
    pub(super) bar: Option<Bar>,
    threads: usize,
    runtime: OnceLock<Handle>,
    pub(super) clock: Clock,
    resume: Option<Box<Resume>>,
    /// `None` when the run is over: whoever comes late has nothing left to do.
    progress: Mutex<Option<Progress>>,
    finished: Mutex<Option<Engine>>,
    wake: Condvar,
    /// What each worker has in hand, once one of them has more than one thing.
    hands: OnceLock<Box<[Mutex<Hand>]>>,
    in_flight: Mutex<InFlight>,
}

struct Progress {
    engine: Engine,
    timers: BinaryHeap<Reverse<(Timestamp, RunId)>>,
    workers: usize,
    idle: usize,
    /// The timer that an idle worker waits for.
    watched: Option<Timestamp>,
    /// How many ends the workers have told, and how long a body or the handlers of a change take of late, in
    /// nanoseconds.
    told: u64,
    pace: u64,
    /// Whether a worker only looks, now and then, whether the others get on.
    is_watched: bool,
}

type Guard<'a> = MutexGuard<'a, Option<Progress>>;

/// What a worker finds to do.
enum Found {
    /// What goes the straight way, for itself alone.
    Straight(Straight),
    /// One thing, for itself alone.
    Job(Job),
    /// This many things, which others can take too.
    Hand(usize),
    Nothing,
    /// All that is left waits for a person.
    Rest,
    Finish,
}

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
            workers: 1,
            idle: 0,
            watched: None,
            told: 0,
            pace: SLOWEST,
            is_watched: false,
        };
        Arc::new(Self {
            definition,
            info,
            span,
            script,
            #[cfg(feature = "progress")]
            bar,
            threads,
            runtime: runtime.map(OnceLock::from).unwrap_or_default(),
            clock,
            resume,
            progress: Mutex::new(Some(progress)),
            finished: Mutex::new(None),
            wake: Condvar::new(),
            hands: OnceLock::new(),
            in_flight: Mutex::default(),
        })
    }

    /// Runs the flow to its end, with the calling thread as the first worker.
    pub(crate) fn run(self: &Arc<Self>) -> Engine {
        if let Some(progress) = self.lock().as_mut() {
            progress.engine.on(Event::Start, self.now());
        }
        self.work(0);
        let finished = lock(&self.finished).take();
        finished.expect("a worker stops only when the run is over")
    }

    /// Stops the run at the first Ctrl-C that comes before the answer is dropped.
    #[cfg(feature = "ctrl-c")]
    pub(crate) fn cancel_on_ctrl_c(self: &Arc<Self>) -> io::Result<super::OnCtrlC> {
        super::OnCtrlC::cancel(self.clone(), self.runtime()?)
    }

    /// The runtime of what is `async`: the caller's, else the program's own.
    pub(super) fn runtime(&self) -> io::Result<&Handle> {
        match self.runtime.get() {
            Some(handle) => Ok(handle),
            None => runtime::own().map(|handle| self.runtime.get_or_init(|| handle)),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn lock(&self) -> Guard<'_> {
        lock(&self.progress)
    }

    fn work(self: &Arc<Self>, number: usize) {
        let mut worker = Worker::new(self, number);
        let mut guard = self.lock();
        while let Some(progress) = guard.as_mut() {
            if number > 0 && worker.is_needless(progress) {
                guard = self.watch(guard);
                worker.forget_now();
                continue;
            }
            guard = match self.take(progress, &mut worker) {
                Found::Straight(first) => self.go_straight(guard, first, &mut worker),
                Found::Job(job) => {
                    self.share(progress, 1);
                    drop(guard);
                    let event = worker.perform(job);
                    let mut guard = self.lock();
                    if let (Some(progress), Some(event)) = (guard.as_mut(), event) {
                        let at = worker.now();
                        worker.told += 1;
                        progress.tell(event, at);
                    }
                    guard
                }
                Found::Hand(jobs) => {
                    self.share(progress, jobs);
                    drop(guard);
                    self.perform(&mut worker)
                }
                Found::Nothing => match self.take_over(progress, number) {
                    Some(jobs) => {
                        self.share(progress, jobs);
                        drop(guard);
                        self.perform(&mut worker)
                    }
                    None => {
                        let guard = self.wait(guard);
                        worker.forget_now();
                        guard
                    }
                },
                Found::Rest => {
                    let guard = self.rest(guard);
                    worker.forget_now();
                    guard
                }
                Found::Finish => return self.finish(guard),
            };
        }
    }

    /// Takes a share of what is ready: alone if it is one thing, where others can reach it if it is more.
    fn take(&self, progress: &mut Progress, worker: &mut Worker<'_>) -> Found {
        if !progress.timers.is_empty() {
            // What is ready may last long.
            progress.wake_due(worker.now());
        }
        let more = self.share_of(progress);
        if more == 0
            && let Some(straight) = progress
                .engine
                .next_straight(worker.now(), &mut worker.inputs)
        {
            return Found::Straight(straight);
        }
        let first = match Self::next(progress, worker) {
            Found::Job(job) if more > 0 => job,
            found => return found,
        };
        let mut hand = self.hand(worker.number);
        hand.take(first, &mut worker.inputs);
        for _ in 0..more {
            match Self::next(progress, worker) {
                Found::Job(job) => hand.take(job, &mut worker.inputs),
                _ => break,
            }
        }
        Found::Hand(hand.jobs.len())
    }

    /// How many things a worker takes beside the first.
    fn share_of(&self, progress: &Progress) -> usize {
        // One worker alone, or one that does all the tiny bodies, takes one thing at a time: the rest stays where
        // a worker that looks after it finds it.
        match self.threads {
            1 => 0,
            _ if progress.is_tiny() => 0,
            threads => (progress.engine.ready() / (2 * threads)).min(MOST),
        }
    }

    /// The next thing to do, with its inputs.
    fn next(progress: &mut Progress, worker: &mut Worker<'_>) -> Found {
        let Progress { engine, timers, .. } = progress;
        while let Some(action) = engine.next(worker.now(), &mut worker.inputs) {
            match action {
                Action::Execute(attempt) => {
                    let past = past(engine, attempt);
                    return Found::Job(Job::Execute { attempt, past });
                }
                Action::Handle(change) => {
                    let past = change.task.and_then(|attempt| past(engine, attempt));
                    return Found::Job(Job::Handle { change, past });
                }
                Action::WakeAt { run, at } => {
                    timers.push(Reverse((at, run)));
                }
                Action::Rest => return Found::Rest,
                Action::Finish => return Found::Finish,
            }
        }
        Found::Nothing
    }

    fn hand(&self, number: usize) -> MutexGuard<'_, Hand> {
        let hands = self
            .hands
            .get_or_init(|| (0..self.threads).map(|_| Mutex::default()).collect());
        lock(&hands[number])
    }

    /// Does what others can reach, as long as they leave something.
    fn perform(self: &Arc<Self>, worker: &mut Worker<'_>) -> Guard<'_> {
        let mut done = None;
        loop {
            let mut hand = self.hand(worker.number);
            hand.done.extend(done.take());
            let job = hand.next(&mut worker.inputs);
            let is_last = hand.jobs.is_empty();
            let ended = match is_last {
                // It may be a long one, and nobody may be there to tell the ends before it.
                true => std::mem::take(&mut hand.done),
                false => Vec::new(),
            };
            drop(hand);
            if is_last {
                let mut guard = self.lock();
                if let Some(progress) = guard.as_mut() {
                    worker.told += ended.len() as u64;
                    tell(progress, ended);
                    if job.is_some() {
                        self.share(progress, 1);
                    }
                }
                if job.is_none() {
                    return guard;
                }
            }
            let event = job.and_then(|job| worker.perform(job));
            let at = worker.now();
            done = event.map(|event| Done { event, at });
        }
    }

    fn finish(&self, mut guard: Guard<'_>) {
        let engine = guard.take().map(|progress| progress.engine);
        *lock(&self.finished) = engine;
        self.wake.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tell(progress: &mut Progress, done: impl IntoIterator<Item = Done>) {
    for Done { event, at } in done {
        progress.tell(event, at);
    }
}

impl Progress {
    fn tell(&mut self, event: Event, at: Timestamp) {
        match &event {
            Event::Returned { started, .. } => self.note(*started, at),
            _ => self.told += 1,
        }
        self.engine.on(event, at);
    }

    /// Whether bodies are done sooner than two workers have agreed who does them.
    fn is_tiny(&self) -> bool {
        self.pace < TINY
    }

    /// Lets go on whose time has come, and tells whether there was somebody.
    fn wake_due(&mut self, now: Timestamp) -> bool {
        let mut woke = false;
        while let Some(Reverse((at, run))) = self.timers.peek().copied()
            && at <= now
        {
            self.timers.pop();
            self.engine.on(Event::Woke { run }, now);
            woke = true;
        }
        woke
    }

    /// Takes note of how long a body, or the handlers of a change, took.
    fn note(&mut self, begun: Timestamp, ended: Timestamp) {
        let nanos = ended.nanos().saturating_sub(begun.nanos());
        self.pace = (7 * self.pace + nanos.min(SLOWEST)) / 8;
        self.told += 1;
    }
}

/// What came before an attempt, for the few that have it.
fn past(engine: &Engine, attempt: Attempt) -> Option<Box<Past>> {
    let cell = &engine.runs()[attempt.run];
    let (carried, run_name) = (cell.carried(), cell.name());
    (cell.resumed() || carried.is_some() || run_name.is_some()).then(|| {
        Box::new(Past {
            carried: carried.cloned(),
            resumed: cell.resumed(),
            run_name: run_name.cloned(),
        })
    })
}

impl Cancel for Local {
    fn cancel(&self) {
        self.info.cancelled.store(true, Ordering::Relaxed);
        let mut guard = self.lock();
        if let Some(progress) = guard.as_mut() {
            progress.engine.on(Event::Cancelled, self.now());
            lock(&self.in_flight).abort();
            self.wake.notify_all();
        }
    }
}
