//! What became of a message: [`Notification`].

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use uuid::Uuid;

use crate::state::StateKind;

/// One message about one change of state or about several, and what became of it.
///
/// # Examples
///
/// ```no_run
/// # use tribune::prelude::*;
/// # fn report(run: &[tribune::Notification]) {
/// for notification in run.iter().filter(|notification| !notification.is_delivered()) {
///     eprintln!("{notification}");
///     // the message about task `1/x task` in state Failed was refused by `SLACK_WEBHOOK_URL`:
///     // the webhook was removed or disabled, or its address is wrong (404 no_service)
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    pub(super) run: Uuid,
    pub(super) name: String,
    pub(super) is_flow: bool,
    pub(super) kind: StateKind,
    pub(super) attempt: u32,
    pub(super) at: SystemTime,
    pub(super) changes: u64,
    pub(super) destination: Cow<'static, str>,
    pub(super) delivery: Delivery,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// The receiver took it.
    Delivered,
    /// The receiver took its text, after it had refused the message in its full form.
    Simplified {
        /// Why it refused the full form, in words.
        reason: String,
    },
    /// The receiver does not want it, now or later.
    Refused {
        /// Why, in words.
        reason: String,
    },
    /// It did not get through, or not in time; it may still have arrived.
    Undelivered {
        /// What was in the way, in words.
        reason: String,
    },
}

impl Notification {
    /// The id of the flow run that the message tells of.
    ///
    /// It is another one than that of the run for what an earlier program left behind.
    pub fn run_id(&self) -> Uuid {
        self.run
    }

    /// The name of the task or flow that changed; of several changes, the first.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether the flow changed, and not one of its tasks.
    pub fn is_flow(&self) -> bool {
        self.is_flow
    }

    /// The kind of the state that the message is about.
    pub fn kind(&self) -> StateKind {
        self.kind
    }

    /// The number of the attempt that the change belongs to, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When the change took place.
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// How many changes share this fate: those that one message tells of, or messages beyond the
    /// first thousand of a run.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The name of the secret with the address that the message was for, or of the channel.
    pub fn destination(&self) -> &str {
        &self.destination
    }

    /// What became of the message.
    pub fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// Tells whether the message arrived, if only its text.
    pub fn is_delivered(&self) -> bool {
        matches!(
            self.delivery,
            Delivery::Delivered | Delivery::Simplified { .. }
        )
    }
}

#[cfg(feature = "slack")]
impl Notification {
    pub(super) fn with(self, delivery: Delivery) -> Self {
        Self { delivery, ..self }
    }

    /// Writes it to the log.
    pub(super) fn log(&self) {
        match self.delivery {
            Delivery::Delivered => tracing::debug!("{self}"),
            _ => tracing::warn!("{self}"),
        }
    }
}

impl fmt::Display for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_flow { "flow" } else { "task" };
        write!(
            f,
            "the message about {what} `{}` in state {}",
            self.name, self.kind
        )?;
        if self.attempt > 1 {
            write!(f, " (attempt {})", self.attempt)?;
        }
        match self.changes {
            0 | 1 => {}
            2 => f.write_str(" and 1 more change")?,
            changes => write!(f, " and {} more changes", changes - 1)?,
        }
        let destination = &self.destination;
        match &self.delivery {
            Delivery::Delivered => write!(f, " was delivered to `{destination}`"),
            Delivery::Simplified { reason } => write!(
                f,
                " was delivered to `{destination}` as plain text, \
                 because its full form was refused: {reason}"
            ),
            Delivery::Refused { reason } => {
                write!(f, " was refused by `{destination}`: {reason}")
            }
            Delivery::Undelivered { reason } => {
                write!(f, " did not reach `{destination}`: {reason}")
            }
        }
    }
}

// The log that it reads is written with the feature only.
#[cfg(all(test, feature = "slack"))]
mod tests;
