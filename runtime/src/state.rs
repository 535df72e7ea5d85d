//! Where a task run or a flow run stands.
//!
//! [`StateKind`] is the complete hierarchy of states with its colours, [`State`] one state with its
//! message and result, [`StateSet`] a set of kinds for filters. Nothing here knows a task, a flow or
//! a clock.

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use crate::error::TaskError;
use crate::timestamp::Timestamp;
use crate::value::{Plain, Value};

pub(crate) use text::Text;

mod text;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $(: $parent:ident)?, $color:literal;)*) => {
        /// The kind of a state, and its place in the hierarchy of states.
        ///
        /// A kind stands for its subkinds too: wherever states are filtered, `Failed` also means
        /// `TimedOut`, `TriggerFailed` and `ValidationFailed`.
        ///
        /// # Examples
        ///
        /// ```
        /// use tribune::StateKind;
        ///
        /// assert!(StateKind::TimedOut.is(StateKind::Failed));
        /// assert_eq!(StateKind::TimedOut.parent(), Some(StateKind::Failed));
        /// assert_eq!(StateKind::Failed.color(), "#eb0000");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum StateKind {
            $($(#[$doc])* $kind,)*
        }

        impl StateKind {
            /// Every kind, parents before their subkinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The name, as it is written in code and in messages.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($kind),)*
                }
            }

            /// The kind that this one is a subkind of, if there is one.
            pub const fn parent(self) -> Option<Self> {
                match self {
                    $($(Self::$kind => Some(Self::$parent),)?)*
                    _ => None,
                }
            }

            /// The colour that stands for the state in messages and drawings, as `#rrggbb`.
            pub const fn color(self) -> &'static str {
                match self {
                    $(Self::$kind => $color,)*
                }
            }
        }
    };
}

kinds! {
    /// Not started: it waits for its upstreams.
    Pending, "#7ebdff";
    /// Pending until a start time.
    Scheduled: Pending, "#ffab00";
    /// Scheduled without a time: a person has to resume it.
    Paused: Scheduled, "#99a8e8";
    /// Resumed by a person after a pause.
    Resume: Scheduled, "#f58c0c";
    /// Failed, and scheduled to be run again.
    Retrying: Scheduled, "#f66a0a";
    /// Handed to something that will run it.
    Submitted, "#ffdf5d";
    /// Submitted, and waiting for room.
    Queued, "#ffea7f";
    /// Failed outside the run itself.
    ClientFailed, "#eb0000";
    /// Being executed.
    Running, "#3d67ff";
    /// Still being executed, and asked to stop.
    Cancelling: Running, "#E8E8E8";
    /// Over.
    Finished, "#003ccb";
    /// Over, with a result.
    Success: Finished, "#28a745";
    /// Successful, with a result that later runs may use.
    Cached: Success, "#34d058";
    /// Successfully expanded into one run for each element.
    Mapped: Success, "#003ccb";
    /// Not run, on purpose; a success.
    Skipped: Success, "#62757f";
    /// One iteration of a loop is over.
    Looped: Finished, "#003ccb";
    /// Stopped from outside; neither a success nor a failure.
    Cancelled: Finished, "#bdbdbd";
    /// Over, with an error.
    Failed: Finished, "#eb0000";
    /// Failed because it took longer than its timeout.
    TimedOut: Failed, "#ff4e33";
    /// Failed because its trigger did not let it run.
    TriggerFailed: Failed, "#ff5131";
    /// Failed because its result is not valid.
    ValidationFailed: Failed, "#ff5131";
}

impl StateKind {
    /// Tells whether this kind is `kind` or one of its subkinds.
    pub const fn is(self, kind: Self) -> bool {
        /// For each kind the set of what it is.
        const LINES: [u32; StateKind::ALL.len()] = {
            let mut lines = [0; StateKind::ALL.len()];
            let mut at = 0;
            while at < lines.len() {
                let mut kind = Some(StateKind::ALL[at]);
                while let Some(of) = kind {
                    lines[at] |= 1 << of as u32;
                    kind = of.parent();
                }
                at += 1;
            }
            lines
        };
        LINES[self as usize] & (1 << kind as u32) != 0
    }

    /// Tells whether a run in this state has not started.
    pub const fn is_pending(self) -> bool {
        const { StateSet::new(&[Self::Pending]) }.contains(self)
    }

    /// Tells whether a run in this state is being executed.
    pub const fn is_running(self) -> bool {
        const { StateSet::new(&[Self::Running]) }.contains(self)
    }

    /// Tells whether a run in this state is over.
    pub const fn is_finished(self) -> bool {
        const { StateSet::new(&[Self::Finished]) }.contains(self)
    }

    /// Tells whether a run in this state is over and went well; a skip did.
    pub const fn is_successful(self) -> bool {
        const { StateSet::new(&[Self::Success]) }.contains(self)
    }

    /// Tells whether a run in this state is over and failed.
    pub const fn is_failed(self) -> bool {
        const { StateSet::new(&[Self::Failed]) }.contains(self)
    }

    /// Tells whether a run in this state was skipped.
    pub const fn is_skipped(self) -> bool {
        const { StateSet::new(&[Self::Skipped]) }.contains(self)
    }

    /// Tells whether a run in this state went well and was not skipped.
    pub(crate) const fn has_result(self) -> bool {
        const {
            let skipped = StateSet::new(&[Self::Skipped]);
            StateSet::new(&[Self::Success]).without(skipped)
        }
        .contains(self)
    }

    /// Tells whether a run in this state waits for a start time or for room.
    pub const fn is_scheduled(self) -> bool {
        const { StateSet::new(&[Self::Scheduled, Self::Queued]) }.contains(self)
    }
}

impl fmt::Display for StateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of state kinds, each with its subkinds.
///
/// # Examples
///
/// ```
/// use tribune::{StateKind, StateSet};
///
/// const ALARMING: StateSet = StateSet::new(&[StateKind::Failed, StateKind::Retrying]);
///
/// assert!(ALARMING.contains(StateKind::TriggerFailed));
/// assert!(!ALARMING.contains(StateKind::Success));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct StateSet(u32);

impl StateSet {
    /// The set without any kind.
    pub const EMPTY: Self = Self(0);

    /// The set of all kinds.
    pub const ALL: Self = Self::new(StateKind::ALL);

    /// The set of this kind, without its subkinds.
    pub(crate) const fn only(kind: StateKind) -> Self {
        Self(1 << kind as u32)
    }

    /// The set of what is in either of the two.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The set of what is in this one, and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The set of `kinds` and their subkinds.
    pub const fn new(kinds: &[StateKind]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < kinds.len() {
            bits |= 1 << kinds[at] as u32;
            at += 1;
        }
        // Parents stand before their subkinds, so one pass reaches every descendant.
        let mut at = 0;
        while at < StateKind::ALL.len() {
            let kind = StateKind::ALL[at];
            if let Some(parent) = kind.parent()
                && bits & (1 << parent as u32) != 0
            {
                bits |= 1 << kind as u32;
            }
            at += 1;
        }
        Self(bits)
    }

    /// Tells whether `kind` is in the set.
    pub const fn contains(self, kind: StateKind) -> bool {
        self.0 & (1 << kind as u32) != 0
    }

    /// Tells whether every kind of the set is in the other one too.
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Tells whether no kind is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Debug for StateSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = StateKind::ALL.iter().filter(|kind| self.contains(**kind));
        f.debug_set().entries(kinds).finish()
    }
}

/// One state of a task run or a flow run: its kind, a message, and what came of it.
///
/// # Examples
///
/// ```
/// use tribune::{State, StateKind};
///
/// let state = State::new(StateKind::Skipped).with_message("nothing new");
/// assert!(state.kind().is_successful());
/// assert_eq!(state.to_string(), r#"Skipped("nothing new")"#);
/// ```
#[derive(Clone, Debug)]
pub struct State {
    kind: StateKind,
    text: Option<Text>,
    content: Content,
}

/// What a state says beside its kind, in no more room than a value takes.
#[derive(Clone, Debug)]
enum Content {
    Nothing,
    Value(Value),
    Detail(Box<Detail>),
}

/// What only some states have.
#[derive(Clone, Debug, Default)]
struct Detail {
    value: Option<Value>,
    /// The message, if it is none of the engine's own.
    message: Option<Cow<'static, str>>,
    error: Option<TaskError>,
    /// Whether a signal asked for the state, and gave no value.
    of_signal: bool,
    start_time: Option<Timestamp>,
    attempts: Option<u32>,
    iteration: Option<u32>,
    children: Option<usize>,
    expires: Option<Timestamp>,
}

impl State {
    /// A state of this kind, without a message or a result.
    pub const fn new(kind: StateKind) -> Self {
        Self {
            kind,
            text: None,
            content: Content::Nothing,
        }
    }

    /// A state of this kind with a message of the engine's own.
    pub(crate) const fn saying(kind: StateKind, text: Text) -> Self {
        Self::new(kind).with_text(text)
    }

    /// The same state with this message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.text = None;
        self.detailed(|detail| detail.message = Some(message.into()))
    }

    /// The same state with a message of the engine's own.
    pub(crate) const fn with_text(mut self, text: Text) -> Self {
        self.text = Some(text);
        self
    }

    /// The same state with the message of `other`.
    #[must_use]
    pub(crate) fn with_message_of(mut self, other: &Self) -> Self {
        self.text = other.text;
        match other.detail().and_then(|detail| detail.message.clone()) {
            Some(message) => self.with_message(message),
            None => self,
        }
    }

    /// The same state with this result, which must have the type that the task returns.
    #[must_use]
    pub fn with_result<T: Send + Sync + 'static>(self, result: T) -> Self {
        self.with_value(Value::new(result))
    }

    /// The same state with this error as its result.
    #[must_use]
    pub fn with_error(self, error: impl Into<TaskError>) -> Self {
        self.detailed(|detail| {
            detail.value = None;
            detail.error = Some(error.into());
        })
    }

    /// The same state with the result or error of `other`.
    #[must_use]
    pub fn with_result_of(self, other: &Self) -> Self {
        match (other.value(), other.error()) {
            (Some(value), _) => self.with_value(value.clone()),
            (None, Some(error)) => self.with_error(error.clone()),
            (None, None) => self.without_result(),
        }
    }

    /// The same state, which a signal asked for.
    pub(crate) fn of_signal(self) -> Self {
        match self.is_empty() {
            true => self.detailed(|detail| detail.of_signal = true),
            false => self,
        }
    }

    /// Tells whether nothing led to the state: no result, no error, and no signal.
    pub(crate) fn is_empty(&self) -> bool {
        let led = |detail: &Detail| detail.of_signal || detail.error.is_some();
        self.value().is_none() && !self.detail().is_some_and(led)
    }

    pub(crate) fn with_value(self, value: Value) -> Self {
        let mut state = self.without_result();
        match &mut state.content {
            Content::Detail(detail) => detail.value = Some(value),
            content => *content = Content::Value(value),
        }
        state
    }

    /// Takes another kind and message, and stays what it is otherwise.
    pub(crate) const fn turn(&mut self, (kind, text): (StateKind, Text)) {
        self.kind = kind;
        self.text = Some(text);
    }

    /// A state with a message of the engine's own, and nothing else.
    pub(crate) const fn just((kind, text): (StateKind, Text)) -> Self {
        Self::saying(kind, text)
    }

    /// Tells whether the state is that, perhaps with a result.
    pub(crate) fn is_just(&self, (kind, text): (StateKind, Text)) -> bool {
        self.kind == kind && self.text == Some(text) && self.detail().is_none()
    }

    /// A state with a message of the engine's own, and a result.
    pub(crate) const fn with((kind, text): (StateKind, Text), value: Value) -> Self {
        Self {
            kind,
            text: Some(text),
            content: Content::Value(value),
        }
    }

    fn without_result(mut self) -> Self {
        match &mut self.content {
            Content::Detail(detail) => {
                (detail.value, detail.error, detail.of_signal) = (None, None, false);
            }
            content => *content = Content::Nothing,
        }
        self
    }

    /// A state of this kind that lasts until `start_time`.
    pub fn scheduled(kind: StateKind, start_time: SystemTime) -> Self {
        Self::due_at(kind, start_time.into())
    }

    pub(crate) fn due_at(kind: StateKind, start_time: Timestamp) -> Self {
        Self::new(kind).detailed(|detail| detail.start_time = Some(start_time))
    }

    /// The same state, of a run that was started `attempts` times and goes on at `start_time`.
    pub(crate) fn at(self, start_time: Option<Timestamp>, attempts: u32) -> Self {
        self.detailed(|detail| {
            detail.start_time = start_time;
            detail.attempts = Some(attempts);
        })
    }

    /// The same state, of a run that ended this iteration of a loop of its body.
    #[must_use]
    pub fn with_iteration(self, iteration: u32) -> Self {
        self.detailed(|detail| detail.iteration = Some(iteration))
    }

    /// The same state, of a run that goes on with this iteration of a loop of its body, and what the one
    /// before left.
    pub(crate) fn in_loop(mut self, iteration: u32, carried: Option<&Value>) -> Self {
        if let Some(carried) = carried {
            self = self.with_value(carried.clone());
        }
        self.with_iteration(iteration)
    }

    /// The state of a run that goes on in its children.
    pub(crate) fn mapped(children: usize) -> Self {
        Self::saying(StateKind::Mapped, Text::ReadyToMap)
            .detailed(|detail| detail.children = Some(children))
    }

    /// The state of a run whose result is kept until then; without a time, for ever.
    pub fn cached(expires: Option<SystemTime>) -> Self {
        Self::kept_until(expires.map(Timestamp::from))
    }

    pub(crate) fn kept_until(expires: Option<Timestamp>) -> Self {
        Self::new(StateKind::Cached).detailed(|detail| detail.expires = expires)
    }

    /// The same state, of a run that was started `attempts` times.
    #[must_use]
    pub fn with_attempts(self, attempts: u32) -> Self {
        self.detailed(|detail| detail.attempts = Some(attempts))
    }

    pub(crate) fn expires(&self) -> Option<Timestamp> {
        self.detail()?.expires
    }

    /// The same state, with this many children if it does not say how many.
    pub(crate) fn or_children(self, children: usize) -> Self {
        self.detailed(|detail| {
            detail.children.get_or_insert(children);
        })
    }

    const fn detail(&self) -> Option<&Detail> {
        match &self.content {
            Content::Detail(detail) => Some(detail),
            Content::Nothing | Content::Value(_) => None,
        }
    }

    fn detailed(self, set: impl FnOnce(&mut Detail)) -> Self {
        let mut detail = match self.content {
            Content::Detail(detail) => detail,
            Content::Value(value) => Box::new(Detail {
                value: Some(value),
                ..Detail::default()
            }),
            Content::Nothing => Box::default(),
        };
        set(&mut detail);
        Self {
            content: Content::Detail(detail),
            ..self
        }
    }

    /// The kind of the state.
    pub const fn kind(&self) -> StateKind {
        self.kind
    }

    /// Tells whether the state is of this kind or one of its subkinds.
    pub const fn is(&self, kind: StateKind) -> bool {
        self.kind.is(kind)
    }

    /// What the state says about itself, if it says anything.
    pub fn message(&self) -> Option<&str> {
        match self.text {
            Some(text) => Some(text.as_str()),
            None => self.detail()?.message.as_deref(),
        }
    }

    /// The result, if there is one and it is a `T`.
    pub fn result<T: 'static>(&self) -> Option<&T> {
        self.value()?.get()
    }

    /// The error that led to the state, if there is one.
    pub fn error(&self) -> Option<&TaskError> {
        self.detail()?.error.as_ref()
    }

    /// The time at which the run goes on, for a scheduled state that knows it.
    pub fn start_time(&self) -> Option<SystemTime> {
        self.due().map(Timestamp::time)
    }

    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.detail()?.start_time
    }

    /// The number of attempts made so far, for a state that waits for another one.
    pub fn attempts(&self) -> Option<u32> {
        self.detail()?.attempts
    }

    /// The number of the iteration that ended, for a state between two iterations of a loop.
    pub fn iteration(&self) -> Option<u32> {
        self.detail()?.iteration
    }

    /// The number of children, for the state of a task that runs once for each element.
    pub fn children(&self) -> Option<usize> {
        self.detail()?.children
    }

    pub(crate) const fn value(&self) -> Option<&Value> {
        match &self.content {
            Content::Value(value) => Some(value),
            Content::Detail(detail) => detail.value.as_ref(),
            Content::Nothing => None,
        }
    }

    /// The result, if it is plain and there is nothing else.
    #[inline]
    pub(crate) const fn plain(&self) -> Option<Plain> {
        match &self.content {
            Content::Value(value) => value.plain(),
            Content::Nothing | Content::Detail(_) => None,
        }
    }

    /// Takes the result out of the state, which stays without one.
    pub(crate) fn take_value(&mut self) -> Option<Value> {
        match &mut self.content {
            Content::Detail(detail) => detail.value.take(),
            content => match std::mem::replace(content, Content::Nothing) {
                Content::Value(value) => Some(value),
                _ => None,
            },
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(message) => write!(f, "{}({message:?})", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}

#[cfg(test)]
mod tests;
