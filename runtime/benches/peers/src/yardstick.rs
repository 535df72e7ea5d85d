//! A scheduler of numbers that keeps the states of its tasks: what tribune is measured with.
//!
//! It can do nothing else, so what it costs is about the least that a task with a state and two timestamps
//! costs. The plan is shared by all runs. A task that ends lowers the counters of those that take its value; the first that becomes
//! ready is run next by the same thread, the others go to its deque. Another thread is called when a second
//! task is ready, and leaves when it finds nothing to do. The clock is read once between two tasks.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::Instant;

use crossbeam_deque::{Steal, Stealer, Worker};

use crate::{Graph, Prepared, runtime};

/// The most sources that a thread takes at once.
const CHUNK: usize = 64;
/// Inputs from which on the arrivals at a task are counted by each thread, and told together.
const MANY: usize = 64;

const RUNNING: u8 = 1;
const SUCCESS: u8 = 2;

/// What makes the value of a task from the cells and the numbers of its inputs.
type Body = fn(&[Cell], &[u32]) -> u64;

/// What all runs share.
struct Plan {
    graph: Graph,
    bodies: Vec<Body>,
    first_output: Vec<u32>,
    outputs: Vec<u32>,
    sources: Vec<u32>,
    threads: usize,
}

/// One task of one run.
struct Cell {
    missing: AtomicU32,
    state: AtomicU8,
    value: AtomicU64,
    started: AtomicU64,
    ended: AtomicU64,
}

impl Cell {
    fn is_right(&self) -> bool {
        let [started, ended] = [&self.started, &self.ended].map(|at| at.load(Ordering::Relaxed));
        self.state.load(Ordering::Relaxed) == SUCCESS && started <= ended
    }
}

struct Run {
    plan: Arc<Plan>,
    cells: Vec<Cell>,
    begun: Instant,
    sources: AtomicUsize,
    over: AtomicBool,
    caller: Thread,
    stealers: Vec<Stealer<u32>>,
    /// Deques that no thread works on, and how many.
    free: Mutex<Vec<Worker<u32>>>,
    idle: AtomicUsize,
}

pub(crate) fn prepare(graph: &Graph) -> Prepared {
    let plan = Arc::new(Plan::new(graph.clone()));
    Box::new(move || run(&plan))
}

fn run(plan: &Arc<Plan>) -> u64 {
    let run = Arc::new(Run::new(plan.clone()));
    if let Some(deque) = run.take_deque() {
        run.work(deque);
    }
    while !run.over.load(Ordering::Acquire) {
        std::thread::park();
    }
    debug_assert!(run.cells.iter().all(Cell::is_right));
    run.cells[plan.graph.len() - 1]
        .value
        .load(Ordering::Relaxed)
}

fn body(cells: &[Cell], inputs: &[u32]) -> u64 {
    let value = |input: &u32| cells[*input as usize].value.load(Ordering::Relaxed);
    crate::body(inputs.iter().map(value))
}

impl Plan {
    fn new(graph: Graph) -> Self {
        let (first_output, outputs) = graph.outputs();
        let has_none = |task: &u32| graph.inputs(*task as usize).is_empty();
        let all = 0..u32::try_from(graph.len()).expect("a graph has fewer tasks");
        Self {
            bodies: vec![body; graph.len()],
            first_output,
            outputs,
            sources: all.filter(has_none).collect(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            graph,
        }
    }

    fn outputs(&self, task: usize) -> &[u32] {
        &self.outputs[self.first_output[task] as usize..self.first_output[task + 1] as usize]
    }
}

impl Run {
    fn new(plan: Arc<Plan>) -> Self {
        let cell = |task| Cell {
            missing: AtomicU32::new(u32::try_from(plan.graph.inputs(task).len()).unwrap_or(0)),
            state: AtomicU8::new(0),
            value: AtomicU64::new(0),
            started: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        };
        let free: Vec<_> = (0..plan.threads).map(|_| Worker::new_lifo()).collect();
        Self {
            cells: (0..plan.graph.len()).map(cell).collect(),
            begun: Instant::now(),
            sources: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            caller: std::thread::current(),
            stealers: free.iter().map(Worker::stealer).collect(),
            idle: AtomicUsize::new(free.len()),
            free: Mutex::new(free),
            plan,
        }
    }

    fn take_deque(&self) -> Option<Worker<u32>> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let deque = free.pop()?;
        self.idle.fetch_sub(1, Ordering::SeqCst);
        Some(deque)
    }

    /// Calls another thread, if there is one that is not at work.
    fn help(self: &Arc<Self>) {
        if self.idle.load(Ordering::SeqCst) > 0
            && let Some(deque) = self.take_deque()
        {
            let run = self.clone();
            runtime().spawn(async move { run.work(deque) });
        }
    }

    /// Does what there is to do, and leaves.
    fn work(self: &Arc<Self>, deque: Worker<u32>) {
        let mut hand = Hand {
            run: self,
            deque,
            sources: 0..0,
            late: None,
            last: self.now(),
        };
        while let Some(task) = hand.next() {
            let mut task = Some(task);
            while let Some(this) = task {
                task = hand.perform(this);
            }
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(hand.deque);
        drop(free);
        self.idle.fetch_add(1, Ordering::SeqCst);
        // What came since the last look would find nobody.
        if self.stealers.iter().any(|stealer| !stealer.is_empty()) {
            self.help();
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Whether these are the last of the values that a task waits for.
    fn arrive(&self, task: u32, values: u32) -> bool {
        let missing = &self.cells[task as usize].missing;
        missing.load(Ordering::Acquire) == values
            || missing.fetch_sub(values, Ordering::AcqRel) == values
    }
}

/// What a thread has in hand.
struct Hand<'a> {
    run: &'a Arc<Run>,
    deque: Worker<u32>,
    sources: Range<usize>,
    /// A task that takes many values, and how many of them came here and are not told.
    late: Option<(u32, u32)>,
    /// The end of the task before.
    last: u64,
}

impl Hand<'_> {
    fn next(&mut self) -> Option<u32> {
        let own = self.deque.pop().or_else(|| self.source());
        let own = own.or_else(|| self.late.take().and_then(|late| self.tell(late)));
        own.or_else(|| self.steal())
    }

    fn source(&mut self) -> Option<u32> {
        let all = &self.run.plan.sources;
        if self.sources.is_empty() {
            let chunk = (all.len() / 8 / self.run.plan.threads).clamp(1, CHUNK);
            let at = self
                .run
                .sources
                .fetch_add(chunk, Ordering::Relaxed)
                .min(all.len());
            self.sources = at..(at + chunk).min(all.len());
            if self.sources.end < all.len() {
                self.run.help();
            }
        }
        self.sources.next().map(|at| all[at])
    }

    fn steal(&self) -> Option<u32> {
        self.run.stealers.iter().find_map(|stealer| {
            loop {
                match stealer.steal() {
                    Steal::Success(task) => return Some(task),
                    Steal::Empty => return None,
                    Steal::Retry => {}
                }
            }
        })
    }

    /// Runs a task, and says which one is next.
    fn perform(&mut self, task: u32) -> Option<u32> {
        let (plan, cells) = (&self.run.plan, &self.run.cells);
        let cell = &cells[task as usize];
        cell.started.store(self.last, Ordering::Relaxed);
        cell.state.store(RUNNING, Ordering::Relaxed);
        let value = plan.bodies[task as usize](cells, plan.graph.inputs(task as usize));
        cell.value.store(value, Ordering::Relaxed);
        self.last = self.run.now();
        cell.ended.store(self.last, Ordering::Relaxed);
        cell.state.store(SUCCESS, Ordering::Relaxed);
        let mut next = None;
        for output in plan.outputs(task as usize) {
            if let Some(ready) = self.count(*output) {
                match next {
                    None => next = Some(ready),
                    Some(_) => {
                        self.deque.push(ready);
                        self.run.help();
                    }
                }
            }
        }
        if plan.outputs(task as usize).is_empty() {
            self.run.over.store(true, Ordering::Release);
            self.run.caller.unpark();
        }
        next
    }

    /// Counts a value that a task waits for; a task that is ready by that is the answer.
    fn count(&mut self, task: u32) -> Option<u32> {
        if self.run.plan.graph.inputs(task as usize).len() < MANY {
            return self.tell((task, 1));
        }
        match &mut self.late {
            Some((late, values)) if *late == task => {
                *values += 1;
                None
            }
            late => late.replace((task, 1)).and_then(|late| self.tell(late)),
        }
    }

    fn tell(&self, (task, values): (u32, u32)) -> Option<u32> {
        self.run.arrive(task, values).then_some(task)
    }
}
