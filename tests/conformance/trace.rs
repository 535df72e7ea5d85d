//! What happened in one run, written down while it happens.
//!
//! Every task and the flow have a recording handler before all others and one after them. What lies
//! between the two calls is one change: what each handler saw and gave, and what became of the state.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value as Json, json};
use tribune::{Cancellation, Context, State, StateChange, StateKind, TaskError};

/// Who changes: a task, or one child of it, or the flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Who {
    /// The id of the task; none for the flow.
    pub(crate) id: Option<String>,
    pub(crate) index: Option<u32>,
}

/// What happened to one task, one child of it, or the flow.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    pub(crate) changes: Vec<Change>,
    pub(crate) calls: Vec<Json>,
}

/// One announced change.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) old: State,
    pub(crate) new: State,
    pub(crate) heard: Vec<Heard>,
    /// Whether a handler put another state in place of the new one.
    pub(crate) rewritten: bool,
    /// What the last handler left, unless one before it broke the chain.
    pub(crate) left: Option<State>,
}

/// One call of a handler.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) handler: Json,
    pub(crate) saw: StateKind,
    /// None if it did not come back.
    pub(crate) gave: Option<Gave>,
    pub(crate) fired: Option<bool>,
}

#[derive(Debug)]
pub(crate) enum Gave {
    Nothing,
    State(StateKind),
    Raised(TaskError),
    /// The name of the signal, and the state that it asks for.
    Signal(&'static str, State),
    EndRun(State),
}

/// All that happened in one run.
#[derive(Debug, Default)]
pub(crate) struct Story {
    pub(crate) lanes: BTreeMap<Who, Lane>,
    pub(crate) calls: Vec<String>,
    pub(crate) prompts: Vec<String>,
    /// After how many starts of a task the run is given up, and how.
    limit: Option<(usize, Cancellation)>,
    is_stuck: bool,
}

/// The story of the run that is under way.
#[derive(Debug, Default)]
pub(crate) struct Trace(Mutex<Story>);

impl Trace {
    fn lock(&self) -> MutexGuard<'_, Story> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the story; the next run starts another one.
    pub(crate) fn take(&self) -> Story {
        std::mem::take(&mut *self.lock())
    }

    /// Gives the run up when a task goes on after a wait for another time after so many starts.
    pub(crate) fn limit(&self, starts: Option<u32>, cancellation: &Cancellation) {
        let starts = starts.and_then(|starts| usize::try_from(starts).ok());
        self.lock().limit = starts.map(|starts| (starts, cancellation.clone()));
    }

    pub(crate) fn is_stuck(&self) -> bool {
        self.lock().is_stuck
    }

    /// A change is announced: no handler has heard of it.
    pub(crate) fn open(&self, who: Who, change: &StateChange) {
        let mut story = self.lock();
        let lane = story.lanes.entry(who).or_default();
        lane.changes.push(Change {
            old: change.old().clone(),
            new: change.proposed().clone(),
            heard: Vec::new(),
            rewritten: false,
            left: None,
        });
        let waits = lane.changes.iter();
        let waits = waits.filter(|change| change.old.kind().is_scheduled());
        let waits = waits.count();
        let limit = story.limit.clone();
        if let Some((_, cancellation)) = limit.filter(|(most, _)| waits >= *most) {
            story.is_stuck = true;
            drop(story);
            cancellation.cancel();
        }
    }

    /// All handlers have heard of the change.
    pub(crate) fn close(&self, who: &Who, left: &State) {
        self.last(who, |change| change.left = Some(left.clone()));
    }

    pub(crate) fn heard(&self, who: &Who, heard: Heard) {
        self.last(who, |change| {
            change.rewritten |=
                matches!(&heard.gave, Some(Gave::State(kind)) if *kind != heard.saw);
            change.heard.push(heard);
        });
    }

    /// A handler that was called has come back.
    pub(crate) fn came_back(&self, who: &Who, gave: StateKind) {
        self.last(who, |change| {
            if let Some(heard) = change.heard.last_mut() {
                heard.gave = Some(Gave::State(gave));
            }
        });
    }

    /// A handler answers another state, which may be of the same kind.
    pub(crate) fn rewritten(&self, who: &Who) {
        self.last(who, |change| change.rewritten = true);
    }

    fn last(&self, who: &Who, tell: impl FnOnce(&mut Change)) {
        let mut story = self.lock();
        if let Some(change) = story
            .lanes
            .get_mut(who)
            .and_then(|lane| lane.changes.last_mut())
        {
            tell(change);
        }
    }

    /// The body of a task is called.
    pub(crate) fn call(&self, id: &str, context: &Context) {
        let index = context.map_index();
        let call = match context.iteration() {
            1 => json!({ "run_count": context.attempt() }),
            iteration => json!({ "run_count": context.attempt(), "loop_count": iteration }),
        };
        let mut story = self.lock();
        story.calls.push(match index {
            Some(index) => format!("{id}[{index}]"),
            None => id.to_owned(),
        });
        let who = Who {
            id: Some(id.to_owned()),
            index,
        };
        story.lanes.entry(who).or_default().calls.push(call);
    }

    /// Whether the last that was heard of a task, or a child of it, is a pause.
    pub(crate) fn is_paused(&self, id: &str, index: Option<u32>) -> bool {
        let story = self.lock();
        let lane = story.lanes.get(&Who {
            id: Some(id.to_owned()),
            index,
        });
        let last = lane.and_then(|lane| lane.changes.last());
        last.is_none_or(|change| match (&change.left, change.heard.last()) {
            (Some(left), _) => left.is(StateKind::Paused),
            (
                None,
                Some(Heard {
                    gave: Some(Gave::Signal(_, state) | Gave::EndRun(state)),
                    ..
                }),
            ) => state.is(StateKind::Paused),
            (None, _) => false,
        })
    }

    /// A person is asked about a paused task.
    pub(crate) fn prompt(&self, id: &str) {
        self.lock().prompts.push(id.to_owned());
    }
}
