//! The task runs of a flow run: one for each task, and below it a tree of children where it is mapped.
//!
//! A run of a task in a loop has a parent, the run of the task for the whole loop, and an index in it.
//! A parent has no body: it is expanded into children when the loop's lists are known, is `Mapped` then,
//! and complete when all its children are. Runs of different tasks that belong together have the same
//! path of indices.

use std::ops::{Index, IndexMut, Range};
use std::sync::Arc;
use std::time::SystemTime;

use super::{Stage, Start};
use crate::cache::Origin;
use crate::plan::{Edge, EdgeKind, MAX_DEPTH, NodeId, Plan};
use crate::state::{State, StateKind};
use crate::value::Value;

/// A task run, by its place in the flow run. The first ones are those of the tasks, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RunId(pub(crate) u32);

impl RunId {
    /// The run of a task for the whole flow.
    pub(crate) const fn root(node: NodeId) -> Self {
        Self(node.0)
    }

    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The element of a flattened list: a child run, and the number in its list unless it gave none.
pub(super) type Flat = (RunId, Option<usize>);

/// Where one task run stands.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) state: State,
    pub(crate) node: NodeId,
    parent: Option<RunId>,
    pub(crate) index: u32,
    pub(crate) attempt: u32,
    /// Which iteration of a loop of the body it is, from 1; 0 before the first attempt.
    pub(crate) iteration: u32,
    pub(crate) started: Option<SystemTime>,
    pub(crate) ended: Option<SystemTime>,
    pub(super) stage: Stage,
    /// Upstreams that are not over.
    waiting: u32,
    /// Inputs that have yet to read the result, if they can be counted.
    pub(super) readers: Option<u32>,
    children: Option<Box<Children>>,
    /// What the last iteration of a loop left.
    carried: Option<Value>,
    /// Whether the attempt follows a pause that is over.
    pub(crate) resumed: bool,
    /// The states that the children start from; the last one is that of all others too.
    started_as: Vec<State>,
    /// What the result is made of, if it may be kept.
    pub(super) origin: Option<Box<Origin>>,
    /// What the run is called, if its task says so.
    pub(crate) name: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
struct Children {
    runs: Range<u32>,
    open: u32,
    /// For each list of the loop that is flattened, what its elements are.
    flats: Vec<Vec<Flat>>,
}

impl Cell {
    fn new(plan: &Plan, node: NodeId, parent: Option<RunId>, index: u32) -> Self {
        Self {
            state: State::new(StateKind::Pending),
            node,
            parent,
            index,
            attempt: 0,
            iteration: 1,
            started: None,
            ended: None,
            stage: Stage::Waiting,
            waiting: 0,
            readers: plan.node(node).readers,
            children: None,
            carried: None,
            resumed: false,
            started_as: Vec::new(),
            origin: None,
            name: None,
        }
    }

    pub(super) const fn attempt(&self) -> (u32, u32) {
        (self.attempt, self.iteration)
    }

    /// Takes the state of an earlier run, and tells whether the run is over with it.
    fn start_from(&mut self, state: State) -> bool {
        let again = state.is(StateKind::Mapped) || state.is(StateKind::Cached);
        let over = state.kind().is_finished() && !again;
        if over {
            self.stage = Stage::Over;
        }
        self.attempt = state.attempts().unwrap_or(0);
        self.state = state;
        over
    }

    pub(crate) const fn carried(&self) -> Option<&Value> {
        self.carried.as_ref()
    }

    /// Counts an attempt that begins: a retry is another one, going on after a pause is not, and all
    /// else is the first.
    pub(super) fn count_attempt(&mut self, now: SystemTime) {
        // The iterations of a loop that go on without a wait belong to one attempt.
        let goes_on = self.state.iteration().is_some() && !self.state.kind().is_scheduled();
        self.resumed = self.is_resumed(now) || (self.resumed && goes_on);
        self.attempt = match self.state.attempts() {
            Some(made) if self.state.is(StateKind::Retrying) => made + 1,
            _ if self.state.kind().is_scheduled() => self.attempt.max(1),
            _ => 1,
        };
        // What a loop of the body has come to lies in the state: one without it starts the loop again.
        let iteration = self.state.iteration();
        self.carried = iteration.and_then(|_| self.state.take_value());
        self.iteration = iteration.unwrap_or(1);
    }

    /// Whether a person, or the time, has ended a pause.
    fn is_resumed(&self, now: SystemTime) -> bool {
        let due = self.state.start_time().is_some_and(|at| at <= now);
        self.state.is(StateKind::Resume) || (self.state.is(StateKind::Paused) && due)
    }

    /// Starts another iteration of a loop of the body.
    pub(super) fn iterate(&mut self) {
        let carried = self.state.take_value();
        self.state = State::new(StateKind::Pending).in_loop(self.iteration + 1, carried.as_ref());
    }

    /// The indices of the children, if the run is expanded.
    pub(crate) fn children(&self) -> Option<impl ExactSizeIterator<Item = RunId> + Clone + use<>> {
        self.children
            .as_ref()
            .map(|children| children.runs.clone().map(RunId))
    }
}

/// All task runs.
#[derive(Clone, Debug)]
pub(crate) struct Runs {
    cells: Vec<Cell>,
    /// Runs of tasks that are not complete.
    open: usize,
}

impl Index<RunId> for Runs {
    type Output = Cell;

    fn index(&self, run: RunId) -> &Cell {
        &self.cells[run.index()]
    }
}

impl IndexMut<RunId> for Runs {
    fn index_mut(&mut self, run: RunId) -> &mut Cell {
        &mut self.cells[run.index()]
    }
}

/// The indices of a run, from the outermost loop inwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    indices: [u32; MAX_DEPTH],
    len: u8,
}

impl Path {
    pub(super) const EMPTY: Self = Self {
        indices: [0; MAX_DEPTH],
        len: 0,
    };

    pub(super) const fn len(&self) -> usize {
        self.len as usize
    }

    /// The first `len` indices.
    pub(super) fn to(&self, len: u8) -> Self {
        Self {
            len: len.min(self.len),
            ..*self
        }
    }

    pub(super) fn at(&self, level: usize) -> u32 {
        self.indices[level]
    }

    pub(super) fn with(mut self, index: u32) -> Self {
        self.indices[self.len()] = index;
        self.len += 1;
        self
    }

    fn as_slice(&self) -> &[u32] {
        &self.indices[..self.len()]
    }
}

impl Runs {
    pub(super) fn new(plan: &Plan, starts: Vec<(NodeId, Start)>) -> Self {
        let cells: Vec<_> = plan
            .ids()
            .map(|node| Cell::new(plan, node, None, 0))
            .collect();
        let mut runs = Self {
            open: cells.len(),
            cells,
        };
        for (node, start) in starts {
            let cell = &mut runs[RunId::root(node)];
            cell.started_as = start.children;
            if cell.start_from(start.state) {
                runs.open -= 1;
            }
        }
        runs
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = RunId> + use<> {
        (0..self.cells.len()).map(|at| RunId(u32::try_from(at).unwrap_or(u32::MAX)))
    }

    /// Says of every task that has nothing to say that it was not run.
    pub(super) fn never_run(&mut self) {
        for cell in &mut self.cells {
            if cell.state.is(StateKind::Pending) && cell.state.message().is_none() {
                cell.state = State::new(StateKind::Pending).with_message("Task not run.");
            }
        }
    }

    pub(super) const fn all_complete(&self) -> bool {
        self.open == 0
    }

    /// Finds what the first runs wait for, and gives those that wait for nothing to `ready`.
    pub(super) fn start(&mut self, plan: &Plan, ready: &mut dyn FnMut(RunId)) {
        for run in plan.ids().map(RunId::root) {
            self.count_upstreams(plan, run, ready);
        }
    }

    fn count_upstreams(&mut self, plan: &Plan, run: RunId, ready: &mut dyn FnMut(RunId)) {
        let path = self.path(run);
        let edges = plan.edges(self[run].node);
        let unmet = edges.iter().filter(|edge| !self.is_met(edge, path)).count();
        let cell = &mut self[run];
        cell.waiting = unmet.try_into().unwrap_or(u32::MAX);
        if unmet == 0 && cell.stage == Stage::Waiting {
            ready(run);
        }
    }

    /// The index of the element that a run belongs to, for a task in a loop.
    pub(crate) fn index_of(&self, run: RunId) -> Option<u32> {
        let cell = &self[run];
        cell.parent.map(|_| cell.index)
    }

    pub(super) fn path(&self, mut run: RunId) -> Path {
        let mut indices = [0; MAX_DEPTH];
        let mut len: u8 = 0;
        while let Some(parent) = self[run].parent {
            indices[usize::from(len)] = self[run].index;
            len += 1;
            run = parent;
        }
        indices[..usize::from(len)].reverse();
        Path { indices, len }
    }

    /// The run of `node` on this path, or the last one on the way there that has no children.
    pub(super) fn at(&self, node: NodeId, path: Path) -> RunId {
        let mut run = RunId::root(node);
        for &index in path.as_slice() {
            match self[run]
                .children
                .as_ref()
                .and_then(|children| children.runs.clone().nth(index as usize))
            {
                Some(child) => run = RunId(child),
                None => break,
            }
        }
        run
    }

    /// The run of `node` on this path, if it is there.
    fn exactly_at(&self, node: NodeId, path: Path) -> Option<RunId> {
        path.as_slice()
            .iter()
            .try_fold(RunId::root(node), |run, &index| {
                let children = self[run].children.as_ref()?;
                children.runs.clone().nth(index as usize).map(RunId)
            })
    }

    /// Whether the run stands for a whole loop.
    pub(super) fn is_parent(&self, plan: &Plan, run: RunId) -> bool {
        self.path(run).len() < usize::from(plan.node(self[run].node).depth)
    }

    pub(super) fn is_complete(&self, run: RunId) -> bool {
        let cell = &self[run];
        cell.stage == Stage::Over
            && cell
                .children
                .as_ref()
                .is_none_or(|children| children.open == 0)
    }

    /// Whether a run with this path need not wait for an edge.
    ///
    /// What a run waited for, its children need not wait for again: so each edge is looked at on one
    /// level, and for a loop's element on the next one too.
    fn is_met(&self, edge: &Edge, path: Path) -> bool {
        let level = path.len();
        let shared = usize::from(edge.shared);
        let up = self.at(edge.up, path.to(edge.shared));
        if level < shared {
            return self[up].stage == Stage::Over;
        }
        if level == shared {
            return match edge.is_step() {
                true => self[up].stage == Stage::Over,
                false => self.is_complete(up),
            };
        }
        if level == shared + 1 && edge.is_step() {
            return self[up].children.is_none() || self.is_complete(self.at(edge.up, path));
        }
        true
    }

    /// Lets the children of a run that waited for something go on from where it is.
    pub(super) fn children_start_as(&mut self, parent: RunId) {
        let cell = &mut self[parent];
        if cell.state.kind().is_scheduled() {
            cell.started_as = vec![cell.state.clone()];
        }
    }

    /// Gives a parent its children. They wait for what is not over, or are `ready`.
    pub(super) fn expand(
        &mut self,
        plan: &Plan,
        parent: RunId,
        count: usize,
        flats: Vec<Vec<Flat>>,
        ready: &mut dyn FnMut(RunId),
    ) {
        let node = self[parent].node;
        let narrow = |at: usize| u32::try_from(at).expect("a flow has fewer than 2^32 task runs");
        let first = self.cells.len();
        let children = narrow(first)..narrow(first + count);
        let mut open = narrow(count);
        self.cells
            .extend((0..open).map(|index| Cell::new(plan, node, Some(parent), index)));
        let mut states = std::mem::take(&mut self[parent].started_as).into_iter();
        let all = states.as_slice().first().cloned();
        let all = all.filter(|state| states.len() == 1 && state.kind().is_scheduled());
        for child in children.clone().map(RunId) {
            let Some(state) = states.next().or_else(|| all.clone()) else {
                break;
            };
            open -= u32::from(self[child].start_from(state));
        }
        let runs = children.clone();
        self[parent].children = Some(Box::new(Children { runs, open, flats }));
        for child in children.map(RunId) {
            self.count_upstreams(plan, child, ready);
        }
    }

    /// What the elements of the flattened list number `at` of a loop are.
    pub(super) fn flats(&self, parent: RunId, at: u8) -> Option<&[Flat]> {
        let flats = &self[parent].children.as_ref()?.flats;
        flats.get(usize::from(at)).map(|flats| &**flats)
    }

    /// Tells who waits that a run is over, and that it is complete, and with it perhaps its parents.
    pub(super) fn over(&mut self, plan: &Plan, run: RunId, ready: &mut dyn FnMut(RunId)) {
        let path = self.path(run);
        let level = path.len();
        self.tell(plan, run, path, ready, |edge| {
            level < usize::from(edge.shared)
                || (level == usize::from(edge.shared) && edge.is_step())
        });
        if self.is_complete(run) {
            self.complete(plan, run, path, ready);
        }
    }

    fn complete(&mut self, plan: &Plan, run: RunId, path: Path, ready: &mut dyn FnMut(RunId)) {
        let level = path.len();
        self.tell(plan, run, path, ready, |edge| {
            let shared = usize::from(edge.shared);
            if level == shared {
                !edge.is_step()
            } else {
                level == shared + 1 && edge.is_step()
            }
        });
        match self[run].parent {
            None => self.open -= 1,
            Some(parent) => {
                let children = self[parent].children.as_mut();
                let open = children.map_or(0, |children| {
                    children.open -= 1;
                    children.open
                });
                if open == 0 && self.is_complete(parent) {
                    let path = path.to(u8::try_from(level - 1).unwrap_or(0));
                    self.complete(plan, parent, path, ready);
                }
            }
        }
    }

    fn tell(
        &mut self,
        plan: &Plan,
        run: RunId,
        path: Path,
        ready: &mut dyn FnMut(RunId),
        concerns: impl Fn(&Edge) -> bool,
    ) {
        for downstream in plan.downstreams(self[run].node) {
            if !concerns(&downstream.edge) {
                continue;
            }
            let Some(waits) = self.exactly_at(downstream.node, path) else {
                continue;
            };
            let cell = &mut self[waits];
            cell.waiting = cell.waiting.saturating_sub(1);
            if cell.waiting == 0 && cell.stage == Stage::Waiting {
                ready(waits);
            }
        }
    }

    /// The runs that an edge stands for, as the run of `node` with this path sees them.
    pub(super) fn along(&self, edge: &Edge, node: NodeId, path: Path, ups: &mut Vec<RunId>) {
        let level = path.len();
        let up = self.at(edge.up, path.to(edge.shared));
        match edge.kind {
            // The parent of a loop looks at the parents of what stands in the same loop.
            _ if level < usize::from(edge.shared) => ups.push(up),
            EdgeKind::Element { level: of, .. } if level <= usize::from(of) => ups.push(up),
            EdgeKind::Element {
                level: of,
                at,
                flatten: true,
            } => {
                let index = path.at(usize::from(of));
                let flats = self.flats(self.at(node, path.to(of)), at);
                ups.push(
                    flats
                        .and_then(|flats| flats.get(index as usize))
                        .map_or(up, |flat| flat.0),
                );
            }
            EdgeKind::Element { level: of, .. } => {
                let element = path.to(edge.shared).with(path.at(usize::from(of)));
                self.leaves(self.at(edge.up, element), ups);
            }
            EdgeKind::Whole | EdgeKind::Gate { .. } | EdgeKind::Choice { .. } => {
                self.leaves(up, ups);
            }
        }
    }

    /// A run, or in place of a parent its children.
    pub(crate) fn leaves(&self, run: RunId, leaves: &mut Vec<RunId>) {
        match self[run].children() {
            None => leaves.push(run),
            Some(children) => children.for_each(|child| self.leaves(child, leaves)),
        }
    }
}
