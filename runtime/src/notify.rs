//! Telling people: what is sent about a change of state, and what became of it.
//!
//! [`slack`] decides what is worth a message and writes it, [`outbox`] queues it and sends it from a
//! thread of its own, [`webhook`] is the way to the server, [`answer`] says what its answer means and
//! when to try again. Nothing here can change a run: trouble ends up in a [`Notification`] and in the
//! log, and neither ever holds the URL of a webhook.

#[cfg(feature = "slack")]
mod answer;
#[cfg(feature = "slack")]
mod outbox;
#[cfg(feature = "slack")]
mod slack;
#[cfg(feature = "slack")]
mod webhook;

#[cfg(feature = "slack")]
pub(crate) use outbox::Outbox;
#[cfg(feature = "slack")]
pub use slack::{NotificationError, SlackNotifier, slack_notifier};

use std::fmt;
use std::time::SystemTime;

#[cfg(feature = "slack")]
use crate::handler::StateChange;
use crate::state::StateKind;

/// One message about one change of state, and what became of it.
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
    name: String,
    is_flow: bool,
    kind: StateKind,
    attempt: u32,
    at: SystemTime,
    destination: &'static str,
    delivery: Delivery,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// The receiver took it.
    Delivered,
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
    /// The name of the task or flow that changed.
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

    /// The name of the secret with the address that the message was for.
    pub fn destination(&self) -> &str {
        self.destination
    }

    /// What became of the message.
    pub fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// Tells whether the message arrived.
    pub fn is_delivered(&self) -> bool {
        self.delivery == Delivery::Delivered
    }
}

#[cfg(feature = "slack")]
impl Notification {
    /// A message about this change into a state of this kind. It is on its way, not there.
    fn about(change: &StateChange, kind: StateKind, destination: &'static str) -> Self {
        Self {
            name: change.name().to_owned(),
            is_flow: change.is_flow(),
            kind,
            attempt: change.attempt(),
            at: change.at(),
            destination,
            delivery: Delivery::Undelivered {
                reason: String::new(),
            },
        }
    }

    fn undelivered(self, reason: impl Into<String>) -> Self {
        Self {
            delivery: Delivery::Undelivered {
                reason: reason.into(),
            },
            ..self
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
        let destination = self.destination;
        match &self.delivery {
            Delivery::Delivered => write!(f, " was delivered to `{destination}`"),
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
pub(crate) mod tests;
