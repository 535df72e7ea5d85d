//! When changes are told of together: [`Digest`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When a notifier tells of several changes in one message.
///
/// Messages wait where a destination takes fewer than there are changes. When more than
/// [`after`](Self::after) of them wait, those that come later are merged: a few are listed one by one,
/// many are counted by task and state, with the first errors. A digest is about one run.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tribune::notify::Digest;
/// use tribune::prelude::*;
///
/// const CALM: SlackNotifier = slack_notifier.digest(Digest::after(2).every(Duration::from_secs(60)));
/// const EACH: SlackNotifier = slack_notifier.digest(Digest::off());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// How many messages wait one by one; none for all of them.
    pub(super) after: Option<usize>,
    pub(super) every: Duration,
}

impl Digest {
    /// Merges what comes while this many messages wait; at least one.
    pub const fn after(messages: usize) -> Self {
        Self {
            after: Some(if messages == 0 { 1 } else { messages }),
            every: Duration::from_secs(10),
        }
    }

    /// The same, with at most one digest in this time; without it, in ten seconds.
    ///
    /// The end of the run waits for no digest.
    #[must_use]
    pub const fn every(self, period: Duration) -> Self {
        Self {
            every: period,
            ..self
        }
    }

    /// Merges nothing: each change has its message.
    ///
    /// Beyond a thousand of them that wait, further ones are not sent, and reported so.
    pub const fn off() -> Self {
        Self {
            after: None,
            every: Duration::ZERO,
        }
    }
}
