//! The task runs of a flow run: one for each task, and below it a tree of children where it is mapped.
//!
//! A run of a task in a loop has a parent, the run of the task for the whole loop, and an index in it.
//! A parent has no body: it is expanded into children when the loop's lists are known, is `Mapped` then,
//! and complete when all its children are. Runs of different tasks that belong together have the same
//! path of indices.

use std::ops::{Index, IndexMut};

use super::cell::{Cell, Children, Flat, NO_GROUP};
use super::ready::Ready;
use super::wait::Wait;
use super::{Stage, Start};
use crate::plan::{Edge, EdgeKind, MAX_DEPTH, Node, NodeId, Plan};
use crate::state::{State, StateKind, Text};

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
            self.count_upstreams(plan, run, &mut |run| ready.push_last(run));
        }
    }

    fn count_upstreams(&mut self, plan: &Plan, run: RunId, ready: &mut impl FnMut(RunId)) {
        let path = self.path(run);
        let edges = plan.edges(self.node(run));
        let unmet = edges
            .iter()
            .filter(|edge| !self.is_met(**edge, path))
            .count();
        let wait = Wait::of(narrow(unmet));
        let cell = &self[run];
        let is_smooth = cell.group != NO_GROUP || unmet == edges.len();
        let is_ready = unmet == 0 && cell.stage == Stage::Waiting;
        self.waits[run.index()] = match is_smooth {
            true => wait,
            false => wait.roughly(),
        };
        if is_ready {
            ready(run);
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

    /// Lets the children of a run that waited for something go on from where it is.
    pub(super) fn children_start_as(&mut self, parent: RunId) {
        let cell = &mut self[parent];
        if cell.state.kind().is_scheduled() {
            cell.more().started_as = vec![cell.state.clone()];
        }
    }

    /// How many children an earlier run has left, if the run goes on from there.
    pub(super) fn given_children(&mut self, parent: RunId) -> Option<usize> {
        let states = &self[parent].more().started_as;
        let of_parent = states.len() == 1 && states[0].kind().is_scheduled();
        (!states.is_empty() && !of_parent).then_some(states.len())
    }

    /// Gives a parent its children. They wait for what is not over, or are `ready`.
    pub(super) fn expand(
        &mut self,
        plan: &Plan,
        parent: RunId,
        count: usize,
        flats: Vec<Vec<Flat>>,
        ready: &mut impl FnMut(RunId),
    ) {
        let node = self.node(parent);
        let first = self.cells.len();
        let children = narrow(first)..narrow(first + count);
        let mut open = narrow(count);
        let readers = plan.node(node).readers();
        let group = narrow(self.groups.len());
        let is_settled = self[parent].group == NO_GROUP && self.is_settled(plan, node);
        let is_smooth = is_settled && self.went_well(plan, node, 0);
        self.groups.push(Group {
            node,
            parent,
            first: RunId(children.start),
            is_smooth,
        });
        self.cells
            .extend((0..count).map(|_| Cell::new(readers, group)));
        self.waits.resize(first + count, Wait::of(0));
        let mut states = std::mem::take(&mut self[parent].more().started_as).into_iter();
        let all = states.as_slice().first().cloned();
        let all = all.filter(|state| states.len() == 1 && state.kind().is_scheduled());
        for child in children.clone().map(RunId) {
            let Some(state) = states.next().or_else(|| all.clone()) else {
                break;
            };
            open -= u32::from(self[child].start_from(state));
        }
        let runs = children.clone();
        self[parent].more().children = Some(Children { runs, open, flats });
        if is_settled {
            for child in children.map(RunId) {
                if self[child].stage == Stage::Waiting {
                    ready(child);
                }
            }
            return;
        }
        for child in children.map(RunId) {
            self.count_upstreams(plan, child, ready);
        }
    }

    /// Whether what the children of a task in one loop wait for is over when they are made: then no
    /// upstream of them stands in a loop.
    fn is_settled(&self, plan: &Plan, node: NodeId) -> bool {
        plan.edges(node).iter().all(|edge| {
            let of_element = edge.is_step() && self[RunId::root(edge.up)].children().is_some();
            edge.shared == 0 && !of_element
        })
    }

    /// What the elements of the flattened list number `at` of a loop are.
    pub(super) fn flats(&self, parent: RunId, at: u8) -> Option<&[Flat]> {
        let flats = &self[parent].children()?.flats;
        flats.get(usize::from(at)).map(|flats| &**flats)
    }

    /// Tells who waits that a run is over, and that it is complete, and with it perhaps its parents.
    pub(super) fn over(&mut self, plan: &Plan, run: RunId, ready: &mut impl FnMut(RunId)) {
        let cell = &self[run];
        match (self.group(run), cell.children()) {
            (None, None) => {
                let is_well = cell.has_result();
                return self.over_alone(plan, NodeId(run.0), is_well, ready);
            }
            // Nobody waits for this element alone.
            (Some(group), None) if !plan.node(group.node).followed => {
                return self.close_child(plan, group.parent, ready);
            }
            _ => {}
        }
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

    /// Outside of loops a run is over and complete at once, and each edge has one other end.
    #[expect(clippy::inline_always, reason = "counted: a call costs more than it")]
    #[inline(always)]
    pub(super) fn over_alone(
        &mut self,
        plan: &Plan,
        node: NodeId,
        is_well: bool,
        ready: &mut impl FnMut(RunId),
    ) {
        self.open -= 1;
        for downstream in plan.downstreams(node) {
            let run = RunId::root(*downstream);
            self.arrive(run, is_well, ready);
        }
    }

    /// An upstream of a run is over.
    #[inline]
    fn arrive(&mut self, run: RunId, is_well: bool, ready: &mut impl FnMut(RunId)) {
        if self.waits[run.index()].arrive(is_well) && self[run].stage == Stage::Waiting {
            ready(run);
        }
    }

    /// Whether all upstreams of the child with this index are one run each, and went well.
    fn went_well(&self, plan: &Plan, node: NodeId, index: u32) -> bool {
        let went_well = |edge: &Edge| {
            let up = self.upstream(*edge, index);
            up.is_some_and(|up| self[up].has_result())
        };
        plan.edges(node).iter().all(went_well)
    }

    /// Whether all upstreams of a run in no loop, or in one, are one run each, and went well.
    #[inline]
    pub(super) fn is_smooth(&self, plan: &Plan, run: RunId) -> bool {
        match self.group(run) {
            None => self.waits[run.index()].is_smooth(),
            Some(group) => {
                group.is_smooth || self.went_well(plan, group.node, run.0 - group.first.0)
            }
        }
    }

    fn complete(&mut self, plan: &Plan, run: RunId, path: Path, ready: &mut impl FnMut(RunId)) {
        let level = path.len();
        self.tell(plan, run, path, ready, |edge| {
            let shared = usize::from(edge.shared);
            if level == shared {
                !edge.is_step()
            } else {
                level == shared + 1 && edge.is_step()
            }
        });
        self.close(plan, run, ready);
    }

    /// Counts a run that is complete, and with the last of its kind the parent.
    fn close(&mut self, plan: &Plan, run: RunId, ready: &mut impl FnMut(RunId)) {
        match self.group(run).map(|group| group.parent) {
            Some(parent) => self.close_child(plan, parent, ready),
            None => self.open -= 1,
        }
    }

    /// Counts a child that is complete.
    #[inline]
    fn close_child(&mut self, plan: &Plan, parent: RunId, ready: &mut impl FnMut(RunId)) {
        let open = self[parent].children_mut().map_or(0, |children| {
            children.open -= 1;
            children.open
        });
        if open == 0 && self.is_complete(parent) {
            let path = self.path(parent);
            self.complete(plan, parent, path, ready);
        }
    }

    fn tell(
        &mut self,
        plan: &Plan,
        run: RunId,
        path: Path,
        ready: &mut impl FnMut(RunId),
        concerns: impl Fn(Edge) -> bool,
    ) {
        let node = self.node(run);
        for (downstream, edge) in plan.downstreams(node).iter().zip(plan.edges_from(node)) {
            if concerns(edge)
                && let Some(waits) = self.exactly_at(*downstream, path)
            {
                // What has to do with loops asks for itself how its upstreams went.
                self.arrive(waits, true, ready);
            }
        }
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

    /// A run, or in place of a parent its children.
    pub(crate) fn leaves(&self, run: RunId, leaves: &mut Vec<RunId>) {
        match self[run].child_runs() {
            None => leaves.push(run),
            Some(children) => children.for_each(|child| self.leaves(child, leaves)),
        }
    }
}
