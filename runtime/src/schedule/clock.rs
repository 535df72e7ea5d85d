//! One source of times, what is left of them, and the parameters of their runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ZonedDateTime};
use serde_json::Value as Json;

use super::cron::{Cron, CronTimes};
use super::error::ScheduleError;
use super::moment::Moment;

pub(super) type Filter = Arc<dyn Fn(&ZonedDateTime) -> bool + Send + Sync>;
pub(super) type Adjustment = Arc<dyn Fn(ZonedDateTime) -> ZonedDateTime + Send + Sync>;

/// How many times in a row may fail the filters before a clock is taken to have no more.
const MOST_REFUSED: usize = 10_000;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where the times of a clock come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Interval(Duration),
    Cron(Cron),
    Dates(Vec<Moment>),
}

#[derive(Clone)]
pub(super) struct Clock {
    pub(super) source: Source,
    pub(super) zone: Option<TimeZone>,
    pub(super) start: Option<Moment>,
    pub(super) end: Option<Moment>,
    pub(super) filters: Vec<Filter>,
    /// One of these must hold, if there are any.
    pub(super) or_filters: Vec<Filter>,
    pub(super) adjustments: Vec<Adjustment>,
    pub(super) parameters: Arc<BTreeMap<String, Json>>,
}

impl Clock {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            zone: None,
            start: None,
            end: None,
            filters: Vec::new(),
            or_filters: Vec::new(),
            adjustments: Vec::new(),
            parameters: Arc::default(),
        }
    }

    pub(super) fn check(&self) -> Result<(), ScheduleError> {
        if let Source::Cron(cron) = &self.source {
            cron.check()?;
        }
        Ok(())
    }

    /// The times that are left, of those after `after`.
    pub(super) fn times(&self, after: Timestamp) -> Result<Times, ScheduleError> {
        let zone = self.zone();
        let start = self
            .start
            .as_ref()
            .map(|start| start.resolve(&zone))
            .transpose()?;
        let end = self
            .end
            .as_ref()
            .map(|end| end.resolve(&zone))
            .transpose()?;
        Ok(Times {
            source: self.source(after, start, zone)?,
            end: end.map_or(Timestamp::MAX, |end| end.timestamp()),
            filters: self.filters.clone(),
            or_filters: self.or_filters.clone(),
            adjustments: self.adjustments.clone(),
            parameters: self.parameters.clone(),
            latest: None,
        })
    }

    fn zone(&self) -> TimeZone {
        let zone = self.zone.as_ref();
        let zone = zone.or_else(|| self.start.as_ref()?.zone());
        zone.cloned().unwrap_or(TimeZone::UTC)
    }

    /// The unfiltered times that are after `after` and not before `start`.
    fn source(
        &self,
        after: Timestamp,
        start: Option<ZonedDateTime>,
        zone: TimeZone,
    ) -> Result<SourceTimes, ScheduleError> {
        let first = start
            .as_ref()
            .map_or(Timestamp::MIN, ZonedDateTime::timestamp);
        Ok(match &self.source {
            Source::Interval(every) => {
                let start = match start {
                    Some(start) => start,
                    None => Moment::from(date(2019, 1, 1)).resolve(&zone)?,
                };
                Box::new(interval_times(*every, start, after))
            }
            Source::Cron(cron) => {
                // The start itself may be a time of the clock.
                let before_first = first.checked_sub(SignedDuration::from_nanos(1));
                let after = before_first.map_or(after, |before_first| after.max(before_first));
                Box::new(CronTimes::new(cron.clone(), zone, after))
            }
            Source::Dates(dates) => {
                let resolve = |date: &Moment| {
                    let own = self.zone.is_none().then(|| date.zone()).flatten();
                    date.resolve(own.unwrap_or(&zone))
                };
                let mut dates: Vec<_> = dates.iter().map(resolve).collect::<Result<_, _>>()?;
                dates.sort();
                let is_left =
                    move |at: &ZonedDateTime| at.timestamp() > after && at.timestamp() >= first;
                Box::new(dates.into_iter().filter(is_left))
            }
        })
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("source", &self.source)
            .field("zone", &self.zone)
            .field("start", &self.start)
            .field("end", &self.end)
            .field("filters", &(self.filters.len() + self.or_filters.len()))
            .field("adjustments", &self.adjustments.len())
            .field("parameters", &self.parameters)
            .finish()
    }
}

/// The times `start + n * every` that are after `after`.
fn interval_times(
    every: Duration,
    start: ZonedDateTime,
    after: Timestamp,
) -> impl Iterator<Item = ZonedDateTime> + Send {
    // The days of the calendar shift the times by hours at most: two steps back is enough.
    let passed = after.as_nanosecond() - start.timestamp().as_nanosecond();
    let every_nanos = i128::try_from(every.as_nanos()).unwrap_or(i128::MAX);
    let first = passed.checked_div(every_nanos).unwrap_or(0) - 2;
    let first = i64::try_from(first.max(0)).unwrap_or(i64::MAX);
    (first..)
        .map_while(move |count| interval_time(every, &start, count))
        .skip_while(move |at| at.timestamp() <= after)
}

/// `start + count * every`, unless that is further away than times can be.
fn interval_time(every: Duration, start: &ZonedDateTime, count: i64) -> Option<ZonedDateTime> {
    let days = i64::try_from(every.as_secs() / DAY.as_secs()).ok()?;
    let days = Span::new().try_days(days.checked_mul(count)?).ok()?;
    let rest = Duration::new(every.as_secs() % DAY.as_secs(), every.subsec_nanos());
    let rest = i128::try_from(rest.as_nanos())
        .ok()?
        .checked_mul(count.into())?;
    let rest = SignedDuration::try_from_nanos_i128(rest)?;
    start.checked_add(days).ok()?.checked_add(rest).ok()
}

type SourceTimes = Box<dyn Iterator<Item = ZonedDateTime> + Send>;

/// The times of a clock, one by one, each later than the one before.
pub(super) struct Times {
    source: SourceTimes,
    end: Timestamp,
    filters: Vec<Filter>,
    or_filters: Vec<Filter>,
    adjustments: Vec<Adjustment>,
    pub(super) parameters: Arc<BTreeMap<String, Json>>,
    latest: Option<Timestamp>,
}

impl Times {
    fn passes(&self, at: &ZonedDateTime) -> bool {
        let any = self.or_filters.is_empty() || self.or_filters.iter().any(|filter| filter(at));
        any && self.filters.iter().all(|filter| filter(at))
    }
}

impl Iterator for Times {
    type Item = ZonedDateTime;

    fn next(&mut self) -> Option<ZonedDateTime> {
        for _ in 0..MOST_REFUSED {
            let at = self.source.next()?;
            if at.timestamp() > self.end {
                return None;
            }
            if !self.passes(&at) {
                continue;
            }
            let at = self.adjustments.iter().fold(at, |at, adjust| adjust(at));
            // A Saturday and a Sunday that were put off to Monday are one time.
            if self.latest.is_none_or(|latest| latest < at.timestamp()) {
                self.latest = Some(at.timestamp());
                return Some(at);
            }
        }
        None
    }
}
