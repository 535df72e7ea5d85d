//! `required()`: messages that are a part of the work, as they were in the original.

use std::sync::Arc;
use std::{fmt, thread};

use super::Notifier;
use crate::error::TaskError;
use crate::handler::StateChange;
use crate::notify::alert::Alert;
use crate::notify::channel::{Channel, Destination, Outcome};
use crate::state::State;

/// Why a [required](Notifier::required) message was not delivered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NotificationError {
    /// There is no way to the destination: its secret is missing, or is no address.
    Destination(String),
    /// There was no answer.
    Unreachable(String),
    /// The message was not taken.
    Refused {
        /// What the destination is called: `Slack`.
        destination: &'static str,
        /// What changed: `task` or `flow`, and its name.
        about: String,
        /// Why, in words.
        reason: String,
    },
}

impl fmt::Display for NotificationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destination(reason) | Self::Unreachable(reason) => f.write_str(reason),
            Self::Refused {
                destination,
                about,
                reason,
            } => write!(f, "{destination} notification for {about} failed: {reason}"),
        }
    }
}

impl std::error::Error for NotificationError {}

impl<D: Destination> Notifier<D> {
    /// Sends the message and waits for the answer. The secret comes first, even for a state that is
    /// filtered out: so it was.
    pub(super) fn send(&self, change: &StateChange, new: State) -> Result<State, TaskError> {
        let services = change.services();
        let opened = self.open(services);
        let opened = opened.map_err(NotificationError::Destination);
        let channel = opened.map_err(TaskError::new)?.channel;
        if !self.wants(new.kind()) {
            return Ok(new);
        }
        let mut alert = Alert::about(change, &new, services.secrets());
        self.destination.complete(&mut alert, change, &new);
        let reason = match send_and_wait(channel, alert) {
            Outcome::Delivered => return Ok(new),
            Outcome::Unreachable(reason) | Outcome::Uncertain(reason) => {
                return Err(TaskError::new(NotificationError::Unreachable(reason)));
            }
            other => other.into_reason(),
        };
        let what = if change.is_flow() { "flow" } else { "task" };
        Err(TaskError::new(NotificationError::Refused {
            destination: self.destination.title(),
            about: format!("{what} `{}`", change.name()),
            reason,
        }))
    }
}

/// Sends the alert from a thread of its own, because this one may be a part of a runtime.
fn send_and_wait(channel: Arc<dyn Channel>, alert: Alert) -> Outcome {
    let thread = thread::Builder::new().name("tribune-required".to_owned());
    match thread.spawn(move || channel.send_required(&alert)) {
        Ok(thread) => thread
            .join()
            .unwrap_or_else(|_| Outcome::Refused("its channel panicked".to_owned())),
        Err(error) => Outcome::Unreachable(error.to_string()),
    }
}
