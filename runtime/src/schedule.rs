//! When a flow runs by itself: intervals, cron texts, dates, and what is left of them.
//!
//! A [`Schedule`] is plain data. It reads no clock and waits for nothing: given a time, it says which runs
//! come after it. `Flow::serve` is what waits and runs.
//!
//! ```
//! use tribune::schedule::{Schedule, cron, interval, is_weekend};
//! use std::time::Duration;
//!
//! let office_hours = cron("0 9-17 * * 1-5").in_time_zone("Europe/Berlin");
//! let weekends = interval(Duration::from_secs(12 * 60 * 60)).filter(is_weekend).parameter("limit", 5);
//! let schedule: Schedule = office_hours.or(weekends);
//!
//! let friday: jiff::Timestamp = "2026-07-03T14:30:00Z".parse()?;
//! let runs: Vec<String> = schedule.runs_after(friday)?.take(3).map(|run| run.to_string()).collect();
//! assert_eq!(runs, [
//!     "2026-07-03T17:00:00+02:00[Europe/Berlin]",
//!     "2026-07-04T00:00:00+00:00[UTC]",
//!     "2026-07-04T12:00:00+00:00[UTC]",
//! ]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Clocks go forward and back
//!
//! A local time that does not exist is moved on by the length of the gap, and of one that exists twice the
//! first is taken, as [`jiff`] does by default. So a daily run is one a day. Two kinds of schedule go by the
//! time that really passes instead, and lose no hour and gain none: intervals, except for their whole days;
//! and cron texts that run in every hour (`*/15 * * * *`).
//!
//! Time zones come from the system where it has them, else from a copy in the program.

mod clock;
mod cron;
mod error;
mod filter;
mod moment;
mod policy;
mod serve;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use serde::Serialize;
use serde_json::Value as Json;

pub use self::error::{CronError, ScheduleError};
pub use self::filter::{
    add, at_time, between_dates, between_datetimes, between_times, is_day_of_week, is_month_end,
    is_month_start, is_weekday, is_weekend, next_weekday, on_date, on_datetime,
};
pub use self::moment::Moment;
pub use self::policy::Missed;
pub(crate) use self::policy::{Policy, Step};
pub use self::serve::Serve;

use self::clock::{Clock, Source, Times};
use self::cron::Cron;

/// A schedule that runs every so often.
///
/// The first run is that of [`start`](Schedule::start), by default the midnight that began 2019. Whole days
/// of the interval are days of the calendar: a daily run keeps its hour when clocks change. The rest of it
/// is time that really passes.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tribune::schedule::interval;
///
/// let schedule = interval(Duration::from_secs(90 * 60)).start("2026-07-01T08:00");
/// let mut runs = schedule.runs_after("2026-07-01T10:00:00Z".parse::<jiff::Timestamp>()?)?;
/// assert_eq!(runs.next().unwrap().to_string(), "2026-07-01T11:00:00+00:00[UTC]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn interval(every: Duration) -> Schedule {
    let mistake = every.is_zero().then_some(ScheduleError::ZeroInterval);
    Schedule::new(Source::Interval(every), mistake)
}

/// A schedule that runs at the times that a cron text tells: minute, hour, day, month, weekday.
///
/// | field | values | |
/// |---|---|---|
/// | minute | `0-59` | |
/// | hour | `0-23` | |
/// | day of the month | `1-31` | `L` is the last day |
/// | month | `1-12`, `JAN-DEC` | |
/// | weekday | `0-7`, `SUN-SAT` | `0` and `7` are Sunday; `5#2` is the second Friday, `L5` or `5L` the last |
///
/// Each is `*`, a value, a range `9-17`, or a list of those; `/2` takes every second of what stands before
/// it. Ranges may wrap: `22-6`, `FRI-MON`. If both days are given, either is enough, as in every cron:
/// [`day_and_weekday`](Schedule::day_and_weekday) asks for both. `@hourly`, `@daily`, `@weekly`, `@monthly`
/// and `@yearly` are understood.
///
/// The times are in UTC, or [in a time zone](Schedule::in_time_zone). A mistake in the text is reported when
/// the schedule is [checked](Schedule::check) or used, or when its flow is built.
///
/// # Examples
///
/// ```
/// use tribune::schedule::cron;
///
/// let schedule = cron("30 9 * * MON-FRI").in_time_zone("America/New_York");
/// let mut runs = schedule.runs_after("2026-07-03T20:00:00Z".parse::<jiff::Timestamp>()?)?;
/// assert_eq!(runs.next().unwrap().to_string(), "2026-07-06T09:30:00-04:00[America/New_York]");
///
/// assert_eq!(
///     cron("0 25 * * *").check().unwrap_err().to_string(),
///     "`25` in the cron text `0 25 * * *` is not an hour: write one of 0-23"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cron(text: &str) -> Schedule {
    match Cron::parse(text) {
        Ok(cron) => Schedule::new(Source::Cron(cron), None),
        Err(reason) => Schedule::new(Source::Dates(Vec::new()), Some(reason)),
    }
}

/// A schedule that runs at these times, in whichever order they are given.
///
/// # Examples
///
/// ```
/// use tribune::schedule::dates;
///
/// let schedule = dates(["2026-12-24T08:00", "2026-12-31T08:00"]).in_time_zone("Europe/Berlin");
/// let runs = schedule.runs_after("2026-12-24T07:00:00Z".parse::<jiff::Timestamp>()?)?;
/// assert_eq!(runs.count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn dates<M: Into<Moment>>(dates: impl IntoIterator<Item = M>) -> Schedule {
    let dates: Vec<Moment> = dates.into_iter().map(Into::into).collect();
    let mistake = dates.iter().find_map(Moment::mistake);
    Schedule::new(Source::Dates(dates), mistake)
}

/// When a flow runs: one or more of [`interval`], [`cron`] and [`dates`].
///
/// Its methods change the whole schedule as it is so far, so that
/// `cron("0 9 * * *").filter(is_weekday).or(cron("0 12 * * *"))` filters the first cron text only.
///
/// Whatever order the methods are called in, the times of a clock are first bounded by
/// [`start`](Self::start) and [`end`](Self::end), then filtered, then adjusted.
#[derive(Clone)]
#[must_use = "a schedule does nothing until a flow is served with it"]
pub struct Schedule {
    clocks: Vec<Clock>,
    mistake: Option<ScheduleError>,
}

impl Schedule {
    fn new(source: Source, mistake: Option<ScheduleError>) -> Self {
        Self {
            clocks: vec![Clock::new(source)],
            mistake,
        }
    }

    /// Adds the runs of another schedule; runs of one time with equal parameters are one run.
    pub fn or(mut self, other: Self) -> Self {
        self.clocks.extend(other.clocks);
        self.or_mistake(other.mistake)
    }

    /// Sets the time zone by its name, such as `Europe/Berlin`; it is UTC by default.
    ///
    /// Times without an offset are read in it, and the filters look at the time in it.
    pub fn in_time_zone(self, name: &str) -> Self {
        match TimeZone::get(name) {
            Ok(zone) => self.each(|clock| clock.zone = Some(zone.clone())),
            Err(_) => self.or_mistake(Some(ScheduleError::UnknownTimeZone(name.to_owned()))),
        }
    }

    /// Leaves out what is before this time. For an [`interval`] it is also the time of the first run.
    pub fn start(self, start: impl Into<Moment>) -> Self {
        let start = start.into();
        let mistake = start.mistake();
        self.each(|clock| clock.start = Some(start.clone()))
            .or_mistake(mistake)
    }

    /// Leaves out what is after this time; a run at the time itself is the last.
    pub fn end(self, end: impl Into<Moment>) -> Self {
        let end = end.into();
        let mistake = end.mistake();
        self.each(|clock| clock.end = Some(end.clone()))
            .or_mistake(mistake)
    }

    /// Gives a parameter of the flow its value in these runs, over what the caller gives.
    pub fn parameter(self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match serde_json::to_value(value) {
            Ok(value) => self.each(|clock| {
                Arc::make_mut(&mut clock.parameters).insert(name.clone(), value.clone());
            }),
            Err(error) => self.or_mistake(Some(ScheduleError::InvalidParameter {
                name,
                reason: error.to_string(),
            })),
        }
    }

    /// Keeps only the times at which `filter` holds; every such filter must.
    pub fn filter(self, filter: impl Fn(&ZonedDateTime) -> bool + Send + Sync + 'static) -> Self {
        let filter: clock::Filter = Arc::new(filter);
        self.each(|clock| clock.filters.push(filter.clone()))
    }

    /// Keeps only the times at which at least one of the or-filters holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use jiff::civil::time;
    /// use tribune::schedule::{at_time, interval};
    ///
    /// let schedule = interval(Duration::from_secs(3600))
    ///     .or_filter(at_time(time(9, 0, 0, 0)))
    ///     .or_filter(at_time(time(17, 0, 0, 0)));
    /// ```
    pub fn or_filter(
        self,
        filter: impl Fn(&ZonedDateTime) -> bool + Send + Sync + 'static,
    ) -> Self {
        let filter: clock::Filter = Arc::new(filter);
        self.each(|clock| clock.or_filters.push(filter.clone()))
    }

    /// Leaves out the times at which `filter` holds.
    pub fn not_filter(
        self,
        filter: impl Fn(&ZonedDateTime) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.filter(move |at| !filter(at))
    }

    /// Moves every time that passed the filters; adjustments are made in their order.
    ///
    /// One that changes the order of the times loses those that come too late.
    pub fn adjust(
        self,
        adjustment: impl Fn(ZonedDateTime) -> ZonedDateTime + Send + Sync + 'static,
    ) -> Self {
        let adjustment: clock::Adjustment = Arc::new(adjustment);
        self.each(|clock| clock.adjustments.push(adjustment.clone()))
    }

    /// Lets a cron text with days of the month and weekdays run only on days that are both.
    ///
    /// # Examples
    ///
    /// ```
    /// use tribune::schedule::cron;
    ///
    /// let friday_13 = cron("0 0 13 * FRI").day_and_weekday();
    /// let mut runs = friday_13.runs_after("2026-01-01T00:00:00Z".parse::<jiff::Timestamp>()?)?;
    /// assert_eq!(runs.next().unwrap().to_string(), "2026-02-13T00:00:00+00:00[UTC]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn day_and_weekday(self) -> Self {
        self.each(|clock| {
            if let Source::Cron(cron) = &mut clock.source {
                cron.both_days = true;
            }
        })
    }

    /// Tells what is wrong with the schedule.
    ///
    /// # Errors
    ///
    /// The first mistake: see [`ScheduleError`].
    pub fn check(&self) -> Result<(), ScheduleError> {
        match &self.mistake {
            Some(mistake) => Err(mistake.clone()),
            None => self.clocks.iter().try_for_each(Clock::check),
        }
    }

    /// The runs after `after`, in the order of their times, which they are computed in one by one.
    ///
    /// It is the time before adjustments that is after `after`. A clock of which 10,000 times in a row do
    /// not pass the filters has no more runs.
    ///
    /// # Errors
    ///
    /// The first mistake of the schedule: see [`ScheduleError`].
    pub fn runs_after(&self, after: impl Into<Timestamp>) -> Result<ScheduledRuns, ScheduleError> {
        self.check()?;
        let after = after.into();
        let times = self.clocks.iter().map(|clock| clock.times(after));
        let times: Vec<Times> = times.collect::<Result<_, _>>()?;
        Ok(ScheduledRuns::new(times))
    }

    /// Refuses parameters that the flow does not have.
    pub(crate) fn check_parameters(
        &self,
        is_parameter: impl Fn(&str) -> bool,
    ) -> Result<(), ScheduleError> {
        let mut given = self.clocks.iter().flat_map(|clock| clock.parameters.keys());
        match given.find(|name| !is_parameter(name)) {
            Some(name) => Err(ScheduleError::UnknownParameter(name.clone())),
            None => Ok(()),
        }
    }

    fn each(mut self, change: impl FnMut(&mut Clock)) -> Self {
        self.clocks.iter_mut().for_each(change);
        self
    }

    /// Keeps the first mistake: later ones may follow from it.
    fn or_mistake(mut self, mistake: Option<ScheduleError>) -> Self {
        self.mistake = self.mistake.or(mistake);
        self
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.mistake {
            Some(mistake) => f.debug_tuple("Schedule").field(mistake).finish(),
            None => f.debug_list().entries(&self.clocks).finish(),
        }
    }
}

/// A run that a schedule asks for.
///
/// It prints as its time, with the offset and the time zone.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledRun {
    at: ZonedDateTime,
    parameters: Arc<BTreeMap<String, Json>>,
}

impl ScheduledRun {
    /// The time of the run, in the time zone of its schedule.
    pub const fn at(&self) -> &ZonedDateTime {
        &self.at
    }

    /// The parameters that the schedule gives, by name.
    pub fn parameters(&self) -> &BTreeMap<String, Json> {
        &self.parameters
    }
}

impl fmt::Display for ScheduledRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.at, f)
    }
}

/// The coming runs of a schedule: see [`Schedule::runs_after`].
///
/// It has a copy of the schedule and goes on where it stopped.
pub struct ScheduledRuns {
    clocks: Vec<Times>,
    /// The next time of each clock that has one, with the clock's place.
    heads: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The next time of each clock, in full.
    times: Vec<Option<ZonedDateTime>>,
    /// The clocks that gave a run of the latest time.
    latest: (Option<Timestamp>, Vec<usize>),
}

impl ScheduledRuns {
    fn new(clocks: Vec<Times>) -> Self {
        let mut runs = Self {
            times: vec![None; clocks.len()],
            heads: BinaryHeap::with_capacity(clocks.len()),
            latest: (None, Vec::new()),
            clocks,
        };
        for place in 0..runs.clocks.len() {
            runs.advance(place);
        }
        runs
    }

    /// Takes the next time of a clock, and computes the one after it.
    fn advance(&mut self, place: usize) -> Option<ZonedDateTime> {
        let next = self.clocks[place].next();
        if let Some(next) = &next {
            self.heads.push(Reverse((next.timestamp(), place)));
        }
        std::mem::replace(&mut self.times[place], next)
    }

    /// Tells whether a clock with the same parameters gave this time before.
    fn is_repeated(&self, at: Timestamp, place: usize) -> bool {
        let parameters = &self.clocks[place].parameters;
        let same = |other: &usize| self.clocks[*other].parameters == *parameters;
        self.latest.0 == Some(at) && self.latest.1.iter().any(same)
    }
}

impl Iterator for ScheduledRuns {
    type Item = ScheduledRun;

    fn next(&mut self) -> Option<ScheduledRun> {
        loop {
            let Reverse((timestamp, place)) = self.heads.pop()?;
            let at = self.advance(place)?;
            if self.is_repeated(timestamp, place) {
                continue;
            }
            if self.latest.0 != Some(timestamp) {
                self.latest = (Some(timestamp), Vec::new());
            }
            self.latest.1.push(place);
            let parameters = self.clocks[place].parameters.clone();
            return Some(ScheduledRun { at, parameters });
        }
    }
}

impl fmt::Debug for ScheduledRuns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = self.times.iter().flatten().min();
        f.debug_struct("ScheduledRuns")
            .field("next", &next)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
