//! The pace that Slack asks for: one message a second and channel, with a small burst.

use std::time::{Duration, Instant};

/// How many messages may come at once. Slack does not say; this is what it was seen to take.
const BURST: f64 = 5.0;

/// What is left of a channel's burst.
#[derive(Debug)]
pub(crate) struct Pace {
    left: f64,
    counted: Instant,
    /// Who was told to wait is refused until then.
    closed_until: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            left: BURST,
            counted: now,
            closed_until: None,
        }
    }

    /// Takes one message, or tells how many seconds to wait.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), u64> {
        if let Some(until) = self.closed_until.filter(|until| now < *until) {
            return Err(seconds(until.duration_since(now)));
        }
        let passed = now.duration_since(self.counted).as_secs_f64();
        self.left = (self.left + passed).min(BURST);
        self.counted = now;
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        let wait = seconds(Duration::from_secs_f64(1.0 - self.left));
        self.closed_until = now.checked_add(Duration::from_secs(wait));
        Err(wait)
    }
}

/// Whole seconds, at least one.
fn seconds(duration: Duration) -> u64 {
    let begun = u64::from(duration.subsec_nanos() > 0);
    (duration.as_secs() + begun).max(1)
}

#[cfg(test)]
mod tests;
