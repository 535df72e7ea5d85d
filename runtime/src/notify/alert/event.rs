//! One change of state, as an alert keeps it: [`Event`].

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::handler::StateChange;
use crate::notify::excerpt::excerpt;
use crate::secret::Secrets;
use crate::state::{State, StateKind};

/// How much of an error is kept.
const LONGEST_TEXT: usize = 4000;
pub(super) const LONGEST_NAME: usize = 1000;

/// One change of state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    pub(super) name: String,
    pub(super) is_flow: bool,
    pub(super) index: Option<u32>,
    #[serde(with = "kind_by_name")]
    pub(super) kind: StateKind,
    pub(super) attempt: u32,
    pub(super) at: SystemTime,
    pub(super) duration: Option<Duration>,
    pub(super) text: Option<String>,
    pub(super) is_error: bool,
}

impl Event {
    /// The change into `new`, without the secrets that are known.
    pub(super) fn of(change: &StateChange, new: &State, secrets: &Secrets) -> Self {
        let text = explanation(new);
        let is_error = matches!(text, Some(Explanation::Error(_)));
        Self {
            name: kept(change.name(), LONGEST_NAME, secrets),
            is_flow: change.is_flow(),
            index: change.map_index(),
            kind: new.kind(),
            attempt: change.attempt(),
            at: change.at(),
            duration: change.elapsed().filter(|_| new.kind().is_finished()),
            text: text.map(|text| kept(text.as_str(), LONGEST_TEXT, secrets)),
            is_error,
        }
    }

    /// The name of the task or flow.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name, and for a task in a loop the index of the element: `name[index]`.
    pub fn full_name(&self) -> Cow<'_, str> {
        match self.index {
            Some(index) => format!("{}[{index}]", self.name).into(),
            None => Cow::Borrowed(&self.name),
        }
    }

    /// The index of the element, for a task in a loop.
    pub fn index(&self) -> Option<u32> {
        self.index
    }

    /// Tells whether the flow changed, and not one of its tasks.
    pub fn is_flow(&self) -> bool {
        self.is_flow
    }

    /// The kind of the new state.
    pub fn kind(&self) -> StateKind {
        self.kind
    }

    /// The number of the attempt, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When it changed.
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// How long it took, from the start of the first attempt, if it is over.
    pub fn duration(&self) -> Option<Duration> {
        self.duration
    }

    /// The error, or else the message of the new state.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Tells whether the [text](Self::text) is that of an error.
    pub fn is_error(&self) -> bool {
        self.is_error
    }

    pub(super) fn line(&self) -> String {
        let mut line = format!("{}: {}", self.full_name(), self.kind);
        if self.attempt > 1 {
            let _ = write!(line, " (attempt {})", self.attempt);
        }
        if let Some(text) = &self.text {
            let _ = write!(line, ": {}", excerpt(text, 200));
        }
        line.push('\n');
        line
    }
}

/// What is kept of a text.
pub(super) fn kept(text: &str, longest: usize, secrets: &Secrets) -> String {
    excerpt(&secrets.redact(text), longest).into_owned()
}

enum Explanation<'a> {
    Error(String),
    Message(&'a str),
}

impl Explanation<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Error(text) => text,
            Self::Message(text) => text,
        }
    }
}

/// What is said beyond the state: the error, or else the state's message.
fn explanation(state: &State) -> Option<Explanation<'_>> {
    // The state's message says how long the task was given; the error would only say that it was late.
    let error = state.error().filter(|error| !error.is_timeout());
    let error = error
        .map(ToString::to_string)
        .filter(|error| !error.is_empty());
    match error {
        Some(error) => Some(Explanation::Error(error)),
        None => state.message().map(Explanation::Message),
    }
}

/// A kind of state, written as its name.
pub(super) mod kind_by_name {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::state::StateKind;

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    pub(in crate::notify::alert) fn serialize<S: Serializer>(
        kind: &StateKind,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.name())
    }

    pub(in crate::notify::alert) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<StateKind, D::Error> {
        let name = String::deserialize(from)?;
        let known = StateKind::ALL.iter().find(|kind| kind.name() == name);
        known
            .copied()
            .ok_or_else(|| D::Error::custom("the name of a state is not known"))
    }
}
