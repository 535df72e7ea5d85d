//! `required()`: messages that are a part of the work, as they were in the original.

use std::fmt;

use super::SlackNotifier;
use super::message;
use crate::error::TaskError;
use crate::handler::StateChange;
use crate::notify::webhook::Webhook;
use crate::secret::SecretError;
use crate::state::State;

/// Why a [required](SlackNotifier::required) message was not delivered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NotificationError {
    /// The webhook's secret is missing.
    Secret(SecretError),
    /// The secret is no webhook.
    Webhook(String),
    /// The receiver answered with this HTTP status.
    Refused {
        /// What changed: `task` or `flow`, and its name.
        about: String,
        /// The HTTP status.
        status: u16,
    },
    /// There was no answer.
    Unreachable(String),
}

impl fmt::Display for NotificationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(error) => fmt::Display::fmt(error, f),
            Self::Webhook(reason) | Self::Unreachable(reason) => f.write_str(reason),
            Self::Refused { about, status } => {
                write!(f, "Slack notification for {about} failed: status {status}")
            }
        }
    }
}

impl std::error::Error for NotificationError {}

impl SlackNotifier {
    /// Sends the message and waits for the answer. The secret comes first, even for a state that is
    /// filtered out: so it was.
    pub(super) fn send(&self, change: &StateChange, new: State) -> Result<State, TaskError> {
        let secrets = change.services().secrets();
        let address = secrets.get(self.secret).map_err(NotificationError::Secret);
        let address = address.map_err(TaskError::new)?;
        let webhook = Webhook::parse(&address)
            .map_err(|problem| format!("the secret `{}` {problem}", self.secret))
            .map_err(|reason| TaskError::new(NotificationError::Webhook(reason)))?;
        if !self.wants(new.kind()) {
            return Ok(new);
        }
        let body = message::body(change.name(), &new, &webhook);
        let status = webhook.post_and_wait(self.route, body);
        match status
            .map_err(NotificationError::Unreachable)
            .map_err(TaskError::new)?
        {
            200..400 => Ok(new),
            status => {
                let what = if change.is_flow() { "flow" } else { "task" };
                let about = format!("{what} `{}`", change.name());
                Err(TaskError::new(NotificationError::Refused { about, status }))
            }
        }
    }
}
