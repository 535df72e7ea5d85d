//! Points in time as users write them.

use std::time::SystemTime;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

use super::error::ScheduleError;

/// A point in time of a schedule: a local time, or one that says where it is local.
///
/// It is made from a text, or from any of the types of [`jiff`] that hold a date, or from a
/// [`SystemTime`]. A local time is read in
/// the time zone of the schedule. A text is a local time (`2026-07-31`, `2026-07-31T09:00`), or has an
/// offset (`2026-07-31T09:00Z`) or a time zone (`2026-07-31T09:00[Europe/Berlin]`).
///
/// # Examples
///
/// ```
/// use jiff::civil::date;
/// use tribune::schedule::cron;
///
/// let july = cron("0 9 * * *").start("2026-07-01").end(date(2026, 7, 31).at(23, 59, 59, 0));
/// let mistake = july.end("tomorrow").check().unwrap_err();
/// assert!(mistake.to_string().starts_with("`tomorrow` is not a time: write `2026-07-31`"));
/// ```
#[derive(Clone, Debug)]
pub struct Moment(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Local(DateTime),
    Exact(ZonedDateTime),
    Mistake(String),
}

impl Moment {
    pub(super) fn mistake(&self) -> Option<ScheduleError> {
        match &self.0 {
            Kind::Mistake(text) => Some(ScheduleError::InvalidTime(text.clone())),
            Kind::Local(_) | Kind::Exact(_) => None,
        }
    }

    /// The time zone, if the moment names one.
    pub(super) fn zone(&self) -> Option<&TimeZone> {
        match &self.0 {
            Kind::Exact(at) => Some(at.time_zone()),
            Kind::Local(_) | Kind::Mistake(_) => None,
        }
    }

    /// The moment in a time zone: that in which it is local, or that in which it is to be shown.
    pub(super) fn resolve(&self, zone: &TimeZone) -> Result<ZonedDateTime, ScheduleError> {
        match &self.0 {
            Kind::Local(local) => zone
                .to_zoned_datetime(*local)
                .map_err(|_| ScheduleError::TimeOutOfRange(local.to_string())),
            Kind::Exact(at) => Ok(at.with_time_zone(zone.clone())),
            Kind::Mistake(text) => Err(ScheduleError::InvalidTime(text.clone())),
        }
    }
}

impl From<&str> for Moment {
    fn from(text: &str) -> Self {
        if let Ok(zoned) = text.parse::<ZonedDateTime>() {
            zoned.into()
        } else if let Ok(timestamp) = text.parse::<Timestamp>() {
            timestamp.into()
        } else if let Ok(local) = text.parse::<DateTime>() {
            local.into()
        } else {
            Self(Kind::Mistake(text.to_owned()))
        }
    }
}

impl From<String> for Moment {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Date> for Moment {
    fn from(date: Date) -> Self {
        date.at(0, 0, 0, 0).into()
    }
}

impl From<DateTime> for Moment {
    fn from(local: DateTime) -> Self {
        Self(Kind::Local(local))
    }
}

impl From<Timestamp> for Moment {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_zoned_datetime(TimeZone::UTC).into()
    }
}

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Self {
        match Timestamp::try_from(time) {
            Ok(timestamp) => timestamp.into(),
            Err(error) => Self(Kind::Mistake(error.to_string())),
        }
    }
}

impl From<ZonedDateTime> for Moment {
    fn from(at: ZonedDateTime) -> Self {
        Self(Kind::Exact(at))
    }
}
