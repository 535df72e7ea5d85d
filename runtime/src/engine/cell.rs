//! Where one task run stands, in few bytes: a run of a million tasks has a million of these.

use std::num::NonZero;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::Stage;
use super::runs::RunId;
use crate::cache::Origin;
use crate::state::{State, StateKind};
use crate::timestamp::Timestamp;
use crate::value::Value;

/// Where one task run stands: one line of the cache.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Cell {
    pub(crate) state: State,
    started: Stamp,
    ended: Stamp,
    more: Option<Box<More>>,
    /// The children of one parent that the run is one of, by their place; `NO_GROUP` if it has no parent.
    pub(super) group: u32,
    /// Inputs that have yet to read the result; `UNCOUNTED` if that is not known.
    readers: u8,
    /// The number of the attempt, 0 before the first; `MANY` if it is in `more`.
    number: u8,
    pub(super) stage: Stage,
    /// Whether it has neither begun nor been given a state.
    pub(super) is_new: bool,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Cell>() == 64);

/// What few runs have.
#[derive(Clone, Debug, Default)]
pub(super) struct More {
    pub(super) children: Option<Children>,
    /// What the last iteration of a loop left.
    carried: Option<Value>,
    /// The number of the attempt, from `MANY`.
    number: u32,
    /// Which iteration of a loop of the body it is, from 1, if it is in one.
    iteration: Option<u32>,
    /// The states that the children start from; the last one is that of all others too.
    pub(super) started_as: Vec<State>,
    /// What the result is made of, if it may be kept.
    pub(super) origin: Option<Origin>,
    /// What the run is called, if its task says so.
    pub(super) name: Option<Arc<str>>,
    /// Whether the attempt follows a pause that is over.
    resumed: bool,
}

/// The runs of a task for the elements of a loop.
#[derive(Clone, Debug)]
pub(super) struct Children {
    pub(super) runs: Range<u32>,
    pub(super) open: u32,
    /// Whether each of them that is complete went well.
    pub(super) are_well: bool,
    /// For each list of the loop that is flattened, what its elements are.
    pub(super) flats: Vec<Vec<Flat>>,
}

/// The element of a flattened list: a child run, and the number in its list unless it gave none.
pub(super) type Flat = (RunId, Option<usize>);

pub(super) const NO_GROUP: u32 = u32::MAX;
const UNCOUNTED: u8 = u8::MAX;
const MANY: u8 = u8::MAX;

impl Cell {
    pub(super) fn new(readers: Option<u8>, group: u32) -> Self {
        Self {
            state: State::new(StateKind::Pending),
            started: Stamp::NEVER,
            ended: Stamp::NEVER,
            more: None,
            group,
            readers: readers.unwrap_or(UNCOUNTED),
            number: 0,
            stage: Stage::Waiting,
            is_new: true,
        }
    }

    /// Whether the run went well and was not skipped.
    pub(super) const fn has_result(&self) -> bool {
        self.state.kind().has_result()
    }

    pub(super) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// The number of the attempt, from 1; 0 before the first.
    pub(crate) fn number(&self) -> u32 {
        match (self.number, &self.more) {
            (MANY, Some(more)) => more.number,
            (number, _) => number.into(),
        }
    }

    pub(super) fn set_number(&mut self, number: u32) {
        self.number = u8::try_from(number).unwrap_or(MANY);
        if self.number == MANY {
            self.more().number = number;
        }
    }

    pub(super) fn attempt(&self) -> (u32, u32) {
        (self.number(), self.iteration())
    }

    /// Which iteration of a loop of the body it is, from 1.
    pub(crate) const fn iteration(&self) -> u32 {
        match &self.more {
            Some(more) if let Some(iteration) = more.iteration => iteration,
            _ => 1,
        }
    }

    /// Takes the state of an earlier run, and tells whether the run is over with it.
    pub(super) fn start_from(&mut self, state: State) -> bool {
        let again = state.is(StateKind::Mapped) || state.is(StateKind::Cached);
        let over = state.kind().is_finished() && !again;
        if over {
            self.stage = Stage::Over;
        }
        self.set_number(state.attempts().unwrap_or(0));
        self.is_new = false;
        self.state = state;
        over
    }

    pub(crate) fn carried(&self) -> Option<&Value> {
        self.more.as_ref()?.carried.as_ref()
    }

    /// What the run is called, if its task says so.
    pub(crate) fn name(&self) -> Option<&Arc<str>> {
        self.more.as_ref()?.name.as_ref()
    }

    /// Counts an attempt that begins: a retry is another one, going on after a pause is not, and all
    /// else is the first.
    pub(super) fn count_attempt(&mut self, now: Timestamp) {
        self.is_new = false;
        // The iterations of a loop that go on without a wait belong to one attempt.
        let goes_on = self.state.iteration().is_some() && !self.state.kind().is_scheduled();
        let resumed = self.ends_pause(now) || (self.resumed() && goes_on);
        if resumed != self.resumed() {
            self.more().resumed = resumed;
        }
        self.set_number(match self.state.attempts() {
            Some(made) if self.state.is(StateKind::Retrying) => made + 1,
            _ if self.state.kind().is_scheduled() => self.number().max(1),
            _ => 1,
        });
        // What a loop of the body has come to lies in the state: one without it starts the loop again.
        let iteration = self.state.iteration();
        if iteration.is_some() || self.more.is_some() {
            let carried = iteration.and_then(|_| self.state.take_value());
            let more = self.more();
            more.carried = carried;
            more.iteration = iteration;
        }
    }

    /// Whether the attempt follows a pause that is over.
    pub(crate) fn resumed(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.resumed)
    }

    /// Whether a person, or the time, has ended a pause.
    fn ends_pause(&self, now: Timestamp) -> bool {
        let due = self.state.due().is_some_and(|at| at <= now);
        self.state.is(StateKind::Resume) || (self.state.is(StateKind::Paused) && due)
    }

    /// Starts another iteration of a loop of the body.
    pub(super) fn iterate(&mut self) {
        let carried = self.state.take_value();
        let next = self.iteration() + 1;
        self.state = State::new(StateKind::Pending).in_loop(next, carried.as_ref());
    }

    /// Notes when the body was called for the first time.
    pub(super) fn start_at(&mut self, now: Timestamp) {
        self.started = self.started.or(now);
    }

    pub(super) fn started(&self) -> Option<Timestamp> {
        Some(Timestamp::EPOCH.after(self.started.0?.get() - 1))
    }

    pub(super) fn end_at(&mut self, now: Timestamp) {
        self.ended = Stamp::NEVER.or(now);
    }

    /// How long it took from the start of the first attempt to the end of the last.
    pub(crate) fn duration(&self) -> Option<Duration> {
        Some(Duration::from_nanos(
            self.ended.0?.get().saturating_sub(self.started.0?.get()),
        ))
    }

    /// Counts a reader of the result, and tells whether it was the last.
    pub(super) const fn is_last_reader(&mut self, counts: bool) -> bool {
        if counts && self.readers != UNCOUNTED {
            self.readers = self.readers.saturating_sub(1);
        }
        self.readers == 0
    }

    pub(super) fn children(&self) -> Option<&Children> {
        self.more.as_ref()?.children.as_ref()
    }

    pub(super) fn children_mut(&mut self) -> Option<&mut Children> {
        self.more.as_mut()?.children.as_mut()
    }

    pub(super) fn origin(&self) -> Option<&Origin> {
        self.more.as_ref()?.origin.as_ref()
    }

    /// The children, if the run is expanded.
    pub(crate) fn child_runs(
        &self,
    ) -> Option<impl ExactSizeIterator<Item = RunId> + Clone + use<>> {
        self.children()
            .map(|children| children.runs.clone().map(RunId))
    }
}

/// A time in nanoseconds since 1970, plus one, in eight bytes.
#[derive(Clone, Copy, Debug)]
struct Stamp(Option<NonZero<u64>>);

impl Stamp {
    const NEVER: Self = Self(None);

    /// This time, or else that one.
    fn or(self, time: Timestamp) -> Self {
        if self.0.is_some() {
            return self;
        }
        Self(NonZero::new(time.nanos().saturating_add(1)))
    }
}
