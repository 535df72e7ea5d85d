//! What can be wrong with a schedule.

use std::error::Error;
use std::fmt;

/// What is wrong with a [`Schedule`](super::Schedule).
///
/// # Examples
///
/// ```
/// use tribune::schedule::{ScheduleError, cron};
///
/// let error = cron("0 9 * * *").in_time_zone("Europe/Bonn").check().unwrap_err();
/// assert_eq!(error, ScheduleError::UnknownTimeZone("Europe/Bonn".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScheduleError {
    /// A cron text cannot be read.
    Cron(CronError),
    /// There is no time zone of this name.
    UnknownTimeZone(String),
    /// An interval is zero.
    ZeroInterval,
    /// This text is no time.
    InvalidTime(String),
    /// A time is further away than times can be.
    TimeOutOfRange(String),
    /// The flow has no parameter of this name.
    UnknownParameter(String),
    /// A parameter was given a value that cannot be written as JSON.
    InvalidParameter {
        /// The parameter's name.
        name: String,
        /// What is wrong with the value.
        reason: String,
    },
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cron(error) => fmt::Display::fmt(error, f),
            Self::UnknownTimeZone(name) => write!(
                f,
                "there is no time zone `{name}`: write an IANA name, such as `Europe/Berlin` or `UTC`"
            ),
            Self::ZeroInterval => write!(
                f,
                "an interval cannot be zero: write how long it is from one run to the next"
            ),
            Self::InvalidTime(text) => write!(
                f,
                "`{text}` is not a time: write `2026-07-31`, `2026-07-31T09:00`, `2026-07-31T09:00Z` \
                 or `2026-07-31T09:00[Europe/Berlin]`"
            ),
            Self::TimeOutOfRange(text) => write!(f, "the time {text} is too far away"),
            Self::UnknownParameter(name) => {
                write!(
                    f,
                    "the schedule gives the parameter `{name}`, which the flow does not have"
                )
            }
            Self::InvalidParameter { name, reason } => {
                write!(
                    f,
                    "parameter `{name}` of a schedule cannot take its value: {reason}"
                )
            }
        }
    }
}

impl Error for ScheduleError {}

/// What is wrong with a cron text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronError {
    pub(super) text: String,
    pub(super) part: Option<String>,
    pub(super) problem: String,
}

impl CronError {
    /// The whole cron text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            text,
            part,
            problem,
        } = self;
        match part {
            Some(part) => write!(f, "`{part}` in the cron text `{text}` {problem}"),
            None => write!(f, "the cron text `{text}` {problem}"),
        }
    }
}
