//! What the rules share: where they are in a message, and what they found.

use std::collections::HashMap;
use std::fmt;
use std::ops::RangeInclusive;

use serde_json::Value;

use super::{Refusal, Warning};

/// A place in a message, printed as a JSON pointer.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    parent: Option<&'a Self>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl At<'_> {
    /// The message as a whole.
    pub(super) const ROOT: Self = Self {
        parent: None,
        step: Step::Root,
    };

    pub(super) fn key<'b>(&'b self, key: &'b str) -> At<'b> {
        At {
            parent: Some(self),
            step: Step::Key(key),
        }
    }

    pub(super) fn index(&self, index: usize) -> At<'_> {
        At {
            parent: Some(self),
            step: Step::Index(index),
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}")?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Key(key) => write!(f, "/{}", key.replace('~', "~0").replace('/', "~1")),
            Step::Index(index) => write!(f, "/{index}"),
        }
    }
}

/// Everything that was found in one message.
#[derive(Default)]
pub(super) struct Review {
    pub(super) refusals: Vec<Refusal>,
    pub(super) warnings: Vec<Warning>,
    /// The `block_id`s so far, and where they were.
    pub(super) block_ids: HashMap<String, String>,
    /// The characters of all markdown blocks so far.
    pub(super) markdown: usize,
    pub(super) tables: usize,
}

impl Review {
    pub(super) fn refuse(&mut self, word: &'static str, at: At<'_>, reason: impl Into<String>) {
        self.refusals.push(Refusal {
            word,
            pointer: at.to_string(),
            reason: reason.into(),
        });
    }

    /// Slack says `invalid_blocks` of most mistakes, and nothing more.
    pub(super) fn bad(&mut self, at: At<'_>, reason: impl Into<String>) {
        self.refuse("invalid_blocks", at, reason);
    }

    pub(super) fn warn(&mut self, name: &'static str, at: At<'_>, reason: impl Into<String>) {
        self.warnings.push(Warning {
            name,
            pointer: at.to_string(),
            reason: reason.into(),
        });
    }

    /// The text of a value that has to be one of such a length, in characters.
    pub(super) fn string<'v>(
        &mut self,
        value: &'v Value,
        at: At<'_>,
        length: RangeInclusive<usize>,
    ) -> Option<&'v str> {
        let Some(text) = value.as_str() else {
            self.bad(at, format!("a text is needed, not {}", kind(value)));
            return None;
        };
        let count = text.chars().count();
        if length.contains(&count) {
            return Some(text);
        }
        let (least, most) = length.into_inner();
        self.bad(
            at,
            if count < least {
                format!("the text has {count} characters, and needs {least}")
            } else {
                format!("the text has {count} characters, and may have {most}")
            },
        );
        None
    }

    /// The elements of an array that has to have so many.
    pub(super) fn array<'v>(
        &mut self,
        value: &'v Value,
        at: At<'_>,
        length: RangeInclusive<usize>,
    ) -> &'v [Value] {
        match value.as_array() {
            Some(elements) if length.contains(&elements.len()) => elements,
            Some(elements) => {
                let (least, most) = length.into_inner();
                let count = elements.len();
                self.bad(at, format!("{count} elements, not {least} to {most}"));
                &[]
            }
            None => {
                self.bad(at, format!("an array is needed, not {}", kind(value)));
                &[]
            }
        }
    }

    /// Refuses a value that is there and none of these.
    pub(super) fn one_of(&mut self, value: &Value, at: At<'_>, allowed: &[&str]) {
        let fits = value.as_str().is_some_and(|value| allowed.contains(&value));
        if !value.is_null() && !fits {
            self.bad(at, format!("{value} is none of {}", allowed.join(", ")));
        }
    }

    /// Refuses the keys that are none of these.
    pub(super) fn keys(&mut self, object: &Value, at: At<'_>, allowed: &[&str]) {
        for key in object.as_object().into_iter().flat_map(|map| map.keys()) {
            if !allowed.contains(&key.as_str()) {
                self.bad(at.key(key), "an unknown key here");
            }
        }
    }
}

/// What a value is, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
