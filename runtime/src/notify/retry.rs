//! What is done after a try: settle the message, send it again, or give the destination up.
//!
//! Pure decisions over plain data; nothing here waits or sends.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::channel::Outcome;
use super::notification::Delivery;

/// The longest wait that is taken from an answer.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
/// The longest wait between two tries that nobody asked for.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);
/// How many tries a message is given while the way to the receiver is broken.
const TRIES: usize = 5;
/// How long a busy receiver is left alone that does not say how long.
const USUAL_WAIT: Duration = Duration::from_secs(1);

/// The tries of one message so far.
#[derive(Debug)]
pub(super) struct Tries {
    first: Duration,
    count: u32,
    backoff: ExponentialBackoff,
    /// Why the message was refused in its full form.
    refusal: Option<String>,
    uncertain: bool,
}

/// What is done next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Settle(Delivery),
    /// Nothing more is sent to the destination.
    Close(String),
    /// The message is tried in its simple form.
    Simplify,
    /// The message is sent again, for this reason.
    Wait(Duration, String),
}

impl Tries {
    /// `first` is about how long to wait before the second try, twice as long before the third.
    pub(super) fn new(first: Duration) -> Self {
        let backoff = ExponentialBuilder::new()
            .with_min_delay(first)
            .with_max_delay(LONGEST_BACKOFF)
            .with_max_times(TRIES - 1)
            // Programs that lost the same server must not all come back at the same moment.
            .with_jitter()
            .build();
        Self {
            first,
            count: 0,
            backoff,
            refusal: None,
            uncertain: false,
        }
    }

    pub(super) fn have_begun(&self) -> bool {
        self.count > 0
    }

    pub(super) fn is_plain(&self) -> bool {
        self.refusal.is_some()
    }

    /// Tells whether the message may have arrived already.
    pub(super) fn is_uncertain(&self) -> bool {
        self.uncertain
    }

    pub(super) fn step(&mut self, outcome: Outcome) -> Step {
        self.count += 1;
        match outcome {
            Outcome::Delivered => Step::Settle(match self.refusal.take() {
                Some(reason) => Delivery::Simplified { reason },
                None => Delivery::Delivered,
            }),
            Outcome::Refused(reason) => match self.refusal.take() {
                Some(reason) => Step::Settle(Delivery::Refused { reason }),
                None => {
                    self.refusal = Some(reason);
                    Step::Simplify
                }
            },
            Outcome::Closed(reason) => Step::Close(reason),
            // Never at once, whatever it says, and as long as it asks for: nothing is lost.
            Outcome::Busy { reason, wait } => {
                let wait = wait.unwrap_or(USUAL_WAIT).max(self.first);
                Step::Wait(wait.min(LONGEST_WAIT), reason)
            }
            Outcome::Unreachable(reason) => self.again(reason),
            Outcome::Uncertain(reason) => {
                self.uncertain = true;
                self.again(reason)
            }
        }
    }

    /// Why the message was refused, for a channel that has no simple form.
    pub(super) fn refused(&mut self) -> Delivery {
        let reason = self.refusal.take().unwrap_or_default();
        Delivery::Refused { reason }
    }

    fn again(&mut self, reason: String) -> Step {
        match self.backoff.next() {
            Some(wait) => Step::Wait(wait.min(LONGEST_BACKOFF), reason),
            None => Step::Settle(Delivery::Undelivered {
                reason: format!("{reason} (tried {TRIES} times)"),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
