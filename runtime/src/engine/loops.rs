//! Loops: how many children a parent gets, and what their elements are.

use super::cell::Flat;
use super::pipeline::{self, Move};
use super::readings::Reader;
use super::runs::Path;
use super::{Engine, RunId};
use crate::input::{Origin, Slot, Source};
use crate::plan::{Items, NodeId, Over, ScopeId, ScopeKind};
use crate::state::{State, StateKind, Text};

/// What is known of a list before a loop over it starts.
enum Length {
    Known(usize),
    /// Its upstream failed or was skipped, or gave no value.
    Absent,
    /// It is no list.
    NoList,
}

impl Engine {
    /// What becomes of the parent of a loop: as many children as its shortest list has elements.
    pub(super) fn map(&self, run: RunId) -> Move {
        let (lengths, _) = self.lengths(run);
        if !lengths
            .iter()
            .any(|length| !matches!(length, Length::Absent))
        {
            return pipeline::unmappable(Text::NothingToMap);
        }
        if lengths
            .iter()
            .any(|length| matches!(length, Length::NoList))
        {
            return pipeline::unmappable(Text::Unmappable);
        }
        pipeline::mapped(shortest(&lengths).unwrap_or(0))
    }

    /// Gives a parent that is `Mapped` its children.
    pub(super) fn expand(&mut self, run: RunId) {
        let parent = self.runs.is_parent(&self.plan, run);
        if parent && self.runs[run].state.is(StateKind::Mapped) {
            let (lengths, flats) = self.lengths(run);
            let known = shortest(&self.there(run, lengths, &flats));
            let count = match self.runs.given_children(run) {
                // An earlier run had so many: its list does not have to be there any more.
                Some(given) => known.map_or(given, |known| known.min(given)),
                None if self.lists_nothing(run) => 0,
                None => known.unwrap_or(0),
            };
            let state = &mut self.runs[run].state;
            // The state of an earlier run, or of a handler, does not say it.
            *state = std::mem::replace(state, State::new(StateKind::Mapped)).or_children(count);
            let flats = flats.into_iter().map(Option::unwrap_or_default).collect();
            self.runs
                .expand(&self.plan, run, count, flats, &mut self.ready);
        }
    }

    /// The lengths of lists that are there: less than was announced, or more where they are laid end to
    /// end.
    fn there(
        &self,
        run: RunId,
        mut lengths: Vec<Length>,
        flats: &[Option<Vec<Flat>>],
    ) -> Vec<Length> {
        let path = self.runs.path(run);
        let lists = self.plan.lists(self.runs.node(run), path.len());
        for ((length, flats), items) in lengths.iter_mut().zip(flats).zip(lists) {
            let parent = match items.over {
                Over::Source(source) => self.parent_of(source, path),
                Over::Constant(_) => None,
            };
            let children = parent.and_then(|parent| self.runs[parent].children());
            if let Some(count) = flats
                .as_ref()
                .map(Vec::len)
                .or(children.map(|all| all.runs.len()))
            {
                *length = Length::Known(count);
            }
        }
        lengths
    }

    /// The lengths of the lists that a parent goes over, and the elements of those that are flattened.
    fn lengths(&self, run: RunId) -> (Vec<Length>, Vec<Option<Vec<Flat>>>) {
        let node = self.runs.node(run);
        let path = self.runs.path(run);
        let lists = self.plan.lists(node, path.len());
        let flats: Vec<_> = lists
            .iter()
            .map(|items| self.flatten(items, path))
            .collect();
        // Lists of lists count as they are announced: before they are laid end to end.
        let own = lists.iter().map(|items| self.length(items, node, path));
        // What stands in the same loop is one list more: element by element.
        let beside = self
            .plan
            .edges(node)
            .iter()
            .filter(|edge| usize::from(edge.shared) > path.len());
        let beside = beside.map(|edge| {
            let up = self.runs.at(edge.up, path);
            match self.runs[up].child_runs() {
                Some(children) => Length::Known(children.len()),
                None => Length::Absent,
            }
        });
        let lengths = own.chain(beside).collect();
        (lengths, flats)
    }

    /// Whether one of the lists is that of a task which ended without a list, and without a reason that
    /// could stand in its place: then there are no elements.
    fn lists_nothing(&self, run: RunId) -> bool {
        let path = self.runs.path(run);
        let lists = self.plan.lists(self.runs.node(run), path.len());
        let nothing = |items: &Items| match items.over {
            Over::Constant(_) => None,
            Over::Source(source) => {
                let node = self.plan.run_node(source)?;
                let state = &self.runs[self.runs.at(node, path)].state;
                (!state.kind().is_successful() && state.is_empty()).then_some(())
            }
        };
        lists.iter().any(|items| nothing(items).is_some())
    }

    fn length(&self, items: &Items, node: NodeId, path: Path) -> Length {
        let len = items.of_value().len;
        let of = |value: Option<&dyn std::any::Any>| match value.and_then(len) {
            Some(length) => Length::Known(length),
            None => Length::NoList,
        };
        match &items.over {
            Over::Constant(value) => of(Some(value.as_any())),
            Over::Source(source) => match self.parent_of(*source, path) {
                // A loop counts as it was announced.
                Some(parent) => {
                    Length::Known(self.runs[parent].state.children().unwrap_or_default())
                }
                None if !self.succeeded(*source, path) => Length::Absent,
                None => match self.resolve(*source, Reader { node, path }) {
                    Ok(Slot::Value(reading)) => of(reading.any()),
                    Ok(Slot::Adapted(_) | Slot::Taken) => Length::NoList,
                    Err(absent) if absent.is_no_value_of_success() => Length::NoList,
                    Err(_) => Length::Absent,
                },
            },
        }
    }

    /// Whether what a list comes from went well; a skip did.
    pub(super) fn succeeded(&self, source: Source, path: Path) -> bool {
        let node = self.plan.run_node(source);
        node.is_none_or(|node| {
            let run = self.runs.at(node, path.to(self.plan.node(node).depth));
            self.runs[run].state.kind().is_successful()
        })
    }

    /// The runs that are the elements of a list which a loop gave.
    fn children_of(&self, source: Source, path: Path) -> Option<Vec<RunId>> {
        let parent = self.parent_of(source, path)?;
        self.runs[parent].child_runs().map(Iterator::collect)
    }

    /// The run that is expanded into those.
    fn parent_of(&self, source: Source, path: Path) -> Option<RunId> {
        let (node, path) = match source.origin {
            Origin::Gathered(at) => {
                let gather = self.plan.gather(at);
                (gather.node, path.to(gather.depth))
            }
            Origin::Item { scope, at } => {
                let (_, inner, path) = self.element_source(scope, at, path)?;
                return self.parent_of(inner, path);
            }
            Origin::Node(_) | Origin::Parameter(_) => return None,
        };
        let parent = self.runs.at(node, path);
        self.runs[parent].child_runs().map(|_| parent)
    }

    /// If a loop goes over what another loop gave: what one element of it is, and on which path.
    pub(super) fn element_source(
        &self,
        scope: ScopeId,
        at: u8,
        path: Path,
    ) -> Option<(NodeId, Source, Path)> {
        let scope = self.plan.scope(scope);
        let ScopeKind::Loop(lists) = &scope.kind else {
            return None;
        };
        let Over::Source(Source {
            origin: Origin::Gathered(gather),
            ..
        }) = lists.get(usize::from(at))?.over
        else {
            return None;
        };
        let gather = self.plan.gather(gather);
        let index = path.at(usize::from(scope.depth - 1));
        Some((gather.node, gather.inner, path.to(gather.depth).with(index)))
    }

    pub(super) fn flatten(&self, items: &Items, path: Path) -> Option<Vec<Flat>> {
        let Over::Source(source) = items.over else {
            return None;
        };
        let children = self
            .children_of(source, path)
            .filter(|_| items.flatten.is_some())?;
        let mut flats = Vec::new();
        for child in children {
            let value = self.runs[child].state.value();
            let good = self.runs[child].state.kind().is_successful();
            match value
                .filter(|_| good)
                .and_then(|value| (items.list.len)(value.as_any()))
            {
                Some(length) => flats.extend((0..length).map(|at| (child, Some(at)))),
                None => flats.push((child, None)),
            }
        }
        Some(flats)
    }
}

/// The length of the shortest list, if one is known.
fn shortest(lengths: &[Length]) -> Option<usize> {
    let known = lengths.iter().filter_map(|length| match length {
        Length::Known(length) => Some(*length),
        Length::Absent | Length::NoList => None,
    });
    known.min()
}
