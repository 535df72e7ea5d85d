//! How fast a destination takes messages.
//!
//! Pure arithmetic on times that are given; nothing here waits or reads a clock. It is ten lines of
//! the generic cell rate algorithm: a crate for it would bring two dozen others.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// How fast a destination takes messages: one in each period, and a few at once after a rest.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tribune::notify::Pace;
/// use tribune::prelude::*;
///
/// const SLOW: SlackNotifier = slack_notifier.pace(Pace::every(Duration::from_secs(5)).burst(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    period: Duration,
    burst: u32,
}

impl Pace {
    /// As fast as they come.
    pub const UNLIMITED: Self = Self::every(Duration::ZERO);

    /// One message in each period.
    pub const fn every(period: Duration) -> Self {
        Self { period, burst: 1 }
    }

    /// The same pace, with this many messages at once after a rest; at least one.
    #[must_use]
    pub const fn burst(self, messages: u32) -> Self {
        Self {
            burst: messages,
            ..self
        }
    }

    /// How far ahead of its pace the sender may be.
    fn slack(self) -> Duration {
        self.period.saturating_mul(self.burst.saturating_sub(1))
    }
}

/// When the next message of a destination may go.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meter {
    /// When the sender would be exactly on its pace again.
    due: Option<Instant>,
}

impl Meter {
    /// When the next message may go: `now`, or later.
    pub(super) fn ready(&self, pace: Pace, now: Instant) -> Instant {
        let early = self.due.and_then(|due| due.checked_sub(pace.slack()));
        early.map_or(now, |early| early.max(now))
    }

    /// Tells whether the next message has to wait until after this time.
    pub(super) fn is_ahead_of(&self, time: Instant) -> bool {
        self.due.is_some_and(|due| due > time)
    }

    /// Counts a message.
    pub(super) fn count(&mut self, pace: Pace, now: Instant) {
        let from = self.due.map_or(now, |due| due.max(now));
        self.due = Some(from + pace.period);
    }

    /// Lets no message go before `until`, and then one.
    pub(super) fn hold(&mut self, pace: Pace, until: Instant) {
        let due = until + pace.slack();
        self.due = Some(self.due.map_or(due, |earlier| earlier.max(due)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace::every(Duration::from_secs(1)).burst(3);

    fn at(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_keeps_the_pace() {
        let start = Instant::now();
        let (mut meter, mut now, mut times) = (Meter::default(), start, Vec::new());
        for _ in 0..6 {
            now = meter.ready(PACE, now);
            meter.count(PACE, now);
            times.push(now);
        }
        assert_eq!(times, [0, 0, 0, 1000, 2000, 3000].map(|t| at(start, t)));
    }

    #[test]
    fn a_rest_earns_another_burst_and_no_more() {
        let start = Instant::now();
        let mut meter = Meter::default();
        (0..3).for_each(|_| meter.count(PACE, start));
        let later = at(start, 60_000);
        (0..3).for_each(|_| {
            assert_eq!(meter.ready(PACE, later), later);
            meter.count(PACE, later);
        });
        assert_eq!(meter.ready(PACE, later), at(start, 61_000));
    }

    #[test]
    fn after_a_hold_there_is_no_burst() {
        let start = Instant::now();
        let mut meter = Meter::default();
        meter.count(PACE, start);
        let until = at(start, 30_000);
        meter.hold(PACE, until);
        assert_eq!(meter.ready(PACE, start), until);
        meter.count(PACE, until);
        assert_eq!(meter.ready(PACE, until), at(start, 31_000));
    }

    #[test]
    fn a_hold_never_brings_a_message_forward() {
        let start = Instant::now();
        let mut meter = Meter::default();
        meter.hold(PACE, at(start, 30_000));
        meter.hold(PACE, at(start, 10_000));
        assert_eq!(meter.ready(PACE, start), at(start, 30_000));
    }

    #[test]
    fn no_limit_is_no_wait() {
        let now = Instant::now();
        let mut meter = Meter::default();
        (0..100).for_each(|_| meter.count(Pace::UNLIMITED, now));
        assert_eq!(meter.ready(Pace::UNLIMITED, now), now);
    }
}
