//! The clock of a run: the machine's, or one that only goes on when there is nothing else to do.

use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use crate::timestamp::Timestamp;

#[derive(Debug)]
pub(crate) enum Clock {
    Real(Start),
    /// A time that stands still until [`advance`](Clock::advance).
    Virtual(Mutex<Timestamp>),
}

/// When a run started, by the wall and by a clock that is never put back.
#[derive(Debug)]
pub(crate) struct Start {
    wall: Timestamp,
    instant: Instant,
}

impl Start {
    pub(super) fn at(&self, instant: Instant) -> Timestamp {
        let since = instant.saturating_duration_since(self.instant);
        self.wall
            .after(since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos()))
    }
}

impl Clock {
    pub(crate) fn real() -> Self {
        Self::Real(Start {
            wall: SystemTime::now().into(),
            instant: Instant::now(),
        })
    }

    pub(crate) fn starting_at(time: SystemTime) -> Self {
        Self::Virtual(Mutex::new(time.into()))
    }

    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Real(start) => start.at(Instant::now()),
            Self::Virtual(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Puts a virtual clock forward, and tells whether it is one.
    pub(super) fn advance(&self, to: Timestamp) -> bool {
        match self {
            Self::Real(..) => false,
            Self::Virtual(now) => {
                let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
                *now = to.max(*now);
                true
            }
        }
    }
}
