//! The clock of a run: the machine's, or one that only goes on when there is nothing else to do.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

#[derive(Debug)]
pub(crate) enum Clock {
    /// The time when the run started, by the wall and by a clock that is never put back.
    Real(SystemTime, Instant),
    /// A time that stands still until [`advance`](Clock::advance).
    Virtual(Mutex<SystemTime>),
}

impl Clock {
    pub(crate) fn real() -> Self {
        Self::Real(SystemTime::now(), Instant::now())
    }

    pub(crate) fn starting_at(time: SystemTime) -> Self {
        Self::Virtual(Mutex::new(time))
    }

    pub(crate) fn now(&self) -> SystemTime {
        match self {
            Self::Real(start, since) => *start + since.elapsed(),
            Self::Virtual(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Puts a virtual clock forward, and tells whether it is one.
    pub(super) fn advance(&self, to: SystemTime) -> bool {
        match self {
            Self::Real(..) => false,
            Self::Virtual(now) => {
                let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
                *now = to.max(*now + Duration::ZERO);
                true
            }
        }
    }
}
