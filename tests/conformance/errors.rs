//! The errors of a case: those that a scenario asks for, and those of the library in its terms.

use std::error::Error;
use std::fmt;

use serde_json::{Value as Json, json};
use tribune::{NotificationError, SecretError, TaskError};

/// An error with a kind, as scenarios speak of them.
#[derive(Clone, Debug)]
pub(crate) struct CaseError {
    pub(crate) kind: String,
    pub(crate) message: String,
}

impl CaseError {
    pub(crate) fn new(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            message: message.into(),
        }
    }

    pub(crate) fn to_json(&self) -> Json {
        json!({ "error": self.kind, "message": self.message })
    }
}

/// Prints what an error of Rust prints, its message.
impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for CaseError {}

/// The error of a task as the format writes it.
pub(crate) fn to_json(error: &TaskError) -> Json {
    if let Some(error) = error.downcast_ref::<CaseError>() {
        return error.to_json();
    }
    json!({ "error": kind(error), "message": error.to_string() })
}

fn kind(error: &TaskError) -> &'static str {
    if error.is_timeout() {
        return "TaskTimeout";
    }
    if error.is_panic() {
        return "Panic";
    }
    if error.downcast_ref::<SecretError>().is_some() {
        return "MissingSecret";
    }
    match error.downcast_ref() {
        Some(NotificationError::Destination(_)) => "MissingSecret",
        Some(NotificationError::Refused { .. }) => "NotificationFailed",
        Some(NotificationError::Unreachable(_)) => "ConnectionFailed",
        _ => "Other",
    }
}

/// Whether the message of an error of this kind is the library's own; those of computations with the
/// wrong values are the other language's.
pub(crate) fn has_own_words(kind: &str) -> bool {
    matches!(
        kind,
        "TaskTimeout"
            | "MissingSecret"
            | "NotificationFailed"
            | "ConnectionFailed"
            | "TypeError"
            | "KeyError"
    )
}
