//! The task runs of a flow run: one for each task, and below it a tree of children where it is mapped.
//!
//! A run of a task in a loop has a parent, the run of the task for the whole loop, and an index in it.
//! A parent has no body: it is expanded into children when the loop's lists are known, is `Mapped` then,
//! and complete when all its children are. Runs of different tasks that belong together have the same
//! path of indices.

mod children;
mod ends;
mod path;

use std::ops::{Index, IndexMut};

pub(super) use self::path::Path;
use super::cell::{Cell, NO_GROUP};
use super::ready::Ready;
use super::wait::Wait;
use super::{Stage, Start};
use crate::plan::{Edge, EdgeKind, Node, NodeId, Plan};
use crate::state::{State, StateKind, StateSet, Text};

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

/// All task runs.
#[derive(Clone, Debug)]
pub(crate) struct Runs {
    cells: Vec<Cell>,
    /// What each of them waits for.
    waits: Vec<Wait>,
    groups: Vec<Group>,
    /// Runs of tasks that are not complete.
    open: usize,
    /// Whether no run started from a given state.
    is_new: bool,
}

/// The children of one parent.
#[derive(Clone, Copy, Debug)]
struct Group {
    node: NodeId,
    parent: RunId,
    first: RunId,
    /// Whether all that the children wait for was over when they were made, and went well.
    is_smooth: bool,
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

fn narrow(at: usize) -> u32 {
    u32::try_from(at).expect("a flow has fewer than 2^32 task runs")
}

impl Runs {
    pub(super) fn new(plan: &Plan, starts: Vec<(NodeId, Start)>) -> Self {
        let cell = |node: &Node| Cell::new(node.readers(), NO_GROUP);
        let (mut cells, mut waits): (Vec<Cell>, Vec<Wait>) = plan.take_spare().unwrap_or_default();
        cells.extend(plan.nodes.iter().map(cell));
        waits.extend(plan.edge_counts().map(Wait::of));
        let mut runs = Self {
            open: cells.len(),
            cells,
            waits,
            groups: Vec::new(),
            is_new: starts.is_empty(),
        };
        for (node, start) in starts {
            let cell = &mut runs[RunId::root(node)];
            cell.more().started_as = start.children;
            if cell.start_from(start.state) {
                runs.open -= 1;
            }
        }
        runs
    }

    /// Leaves the memory for the next run of the plan.
    pub(super) fn leave(&mut self, plan: &Plan) {
        let mut cells = std::mem::take(&mut self.cells);
        cells.clear();
        let mut waits = std::mem::take(&mut self.waits);
        waits.clear();
        plan.leave_spare(Box::new((cells, waits)));
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = RunId> + use<> {
        (0..self.cells.len()).map(|at| RunId(u32::try_from(at).unwrap_or(u32::MAX)))
    }

    /// Says of every task that has nothing to say that it was not run.
    pub(super) fn never_run(&mut self) {
        for cell in &mut self.cells {
            if cell.state.is(StateKind::Pending) && cell.state.message().is_none() {
                cell.state = State::saying(StateKind::Pending, Text::NotRun);
            }
        }
    }

    pub(super) const fn all_complete(&self) -> bool {
        self.open == 0
    }

    /// Finds what the first runs wait for; those that wait for nothing are ready.
    pub(super) fn start(&mut self, plan: &Plan, ready: &mut Ready) {
        if self.is_new {
            // Nothing is over: every run waits for all its upstreams.
            let sources = plan.sources.iter().rev().copied();
            sources
                .map(RunId::root)
                .for_each(|run| ready.push_first(run));
            return;
        }
        for run in plan.ids().map(RunId::root) {
            self.count_upstreams(plan, run, ready);
        }
    }

    fn group(&self, run: RunId) -> Option<&Group> {
        self.groups.get(self[run].group as usize)
    }

    /// The task and the index of a child; of any other run no index.
    #[inline]
    pub(super) fn place(&self, run: RunId) -> (NodeId, Option<u32>) {
        match self.group(run) {
            None => (NodeId(run.0), None),
            Some(group) => (group.node, Some(run.0 - group.first.0)),
        }
    }

    /// The task that a run is one of.
    pub(crate) fn node(&self, run: RunId) -> NodeId {
        self.place(run).0
    }

    /// The index of the element that a run belongs to, for a task in a loop.
    pub(crate) fn index_of(&self, run: RunId) -> Option<u32> {
        self.place(run).1
    }

    pub(super) fn path(&self, mut run: RunId) -> Path {
        let mut path = Path::EMPTY;
        while let Some(group) = self.group(run) {
            path.indices[path.len()] = run.0 - group.first.0;
            path.len += 1;
            run = group.parent;
        }
        let len = path.len();
        path.indices[..len].reverse();
        path
    }

    /// The run of `node` on this path, or the last one on the way there that has no children.
    pub(super) fn at(&self, node: NodeId, path: Path) -> RunId {
        let mut run = RunId::root(node);
        for &index in path.as_slice() {
            match self.child(run, index) {
                Some(child) => run = child,
                None => break,
            }
        }
        run
    }

    /// The run of `node` on this path, if it is there.
    fn exactly_at(&self, node: NodeId, path: Path) -> Option<RunId> {
        path.as_slice()
            .iter()
            .try_fold(RunId::root(node), |run, &index| self.child(run, index))
    }

    pub(super) fn child(&self, run: RunId, index: u32) -> Option<RunId> {
        let children = self[run].children()?;
        children.runs.clone().nth(index as usize).map(RunId)
    }

    /// Whether the run stands for a whole loop.
    pub(super) fn is_parent(&self, plan: &Plan, run: RunId) -> bool {
        let depth = plan.node(self.node(run)).depth;
        depth > 0 && self.path(run).len() < usize::from(depth)
    }

    /// The only run that an edge stands for, as the child with this index sees it; `None` where it is not that
    /// simple.
    pub(super) fn upstream(&self, edge: Edge, index: u32) -> Option<RunId> {
        let up = RunId::root(edge.up);
        match self[up].children() {
            None => Some(up),
            // The same element of the same loop, or of the list that the loop goes over.
            Some(_) if edge.shared == 1 || edge.is_step() => self
                .child(up, index)
                .filter(|up| self[*up].children().is_none()),
            Some(_) => None,
        }
    }

    pub(super) fn is_complete(&self, run: RunId) -> bool {
        let cell = &self[run];
        cell.stage == Stage::Over && cell.children().is_none_or(|children| children.open == 0)
    }

    /// Whether a run with this path need not wait for an edge.
    ///
    /// What a run waited for, its children need not wait for again: so each edge is looked at on one
    /// level, and for a loop's element on the next one too.
    fn is_met(&self, edge: Edge, path: Path) -> bool {
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
            return self[up].children().is_none() || self.is_complete(self.at(edge.up, path));
        }
        true
    }

    /// The runs that an edge stands for, as the run of `node` with this path sees them.
    pub(super) fn along(&self, edge: Edge, node: NodeId, path: Path, ups: &mut Vec<RunId>) {
        let level = path.len();
        let up = self.at(edge.up, path.to(edge.shared));
        match edge.kind {
            // The parent of a loop looks at the parents of what stands in the same loop.
            _ if level < usize::from(edge.shared) => ups.push(up),
            EdgeKind::Element { level: of, .. } | EdgeKind::Flattened { level: of, .. }
                if level <= usize::from(of) =>
            {
                ups.push(up);
            }
            EdgeKind::Flattened { level: of, at } => {
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

    /// What the states of a run are; in place of a parent, of its children.
    pub(super) fn kinds(&self, run: RunId) -> StateSet {
        let cell = &self[run];
        match cell.child_runs() {
            None => StateSet::only(cell.state.kind()),
            Some(children) => children.fold(StateSet::EMPTY, |kinds, child| {
                kinds.union(self.kinds(child))
            }),
        }
    }

    /// A run, or in place of a parent its children.
    pub(crate) fn leaves(&self, run: RunId, leaves: &mut Vec<RunId>) {
        match self[run].child_runs() {
            None => leaves.push(run),
            Some(children) => children.for_each(|child| self.leaves(child, leaves)),
        }
    }
}
