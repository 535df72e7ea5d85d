//! Filters, which say of a time whether it stays, and adjustments, which move it.
//!
//! Each is a plain function of a time in the time zone of the schedule: a closure does as well.

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{ToSpan as _, ZonedDateTime};

/// A filter that holds on Monday to Friday.
pub fn is_weekday(at: &ZonedDateTime) -> bool {
    !is_weekend(at)
}

/// A filter that holds on Saturday and Sunday.
pub fn is_weekend(at: &ZonedDateTime) -> bool {
    is_free(at.date())
}

/// A filter that holds on the first day of a month.
pub fn is_month_start(at: &ZonedDateTime) -> bool {
    at.day() == 1
}

/// A filter that holds on the last day of a month.
pub fn is_month_end(at: &ZonedDateTime) -> bool {
    at.day() == at.days_in_month()
}

/// A filter that holds on one day of the week.
///
/// # Examples
///
/// ```
/// use jiff::civil::Weekday;
/// use tribune::schedule::{cron, is_day_of_week};
///
/// let schedule = cron("0 9 * * *").not_filter(is_day_of_week(Weekday::Wednesday));
/// ```
pub fn is_day_of_week(weekday: Weekday) -> impl Fn(&ZonedDateTime) -> bool + Copy {
    move |at| at.weekday() == weekday
}

/// A filter that holds at one local time of one day.
pub fn on_datetime(when: DateTime) -> impl Fn(&ZonedDateTime) -> bool + Copy {
    move |at| at.datetime() == when
}

/// A filter that holds on one day of every year: its month and its day.
pub fn on_date(month: i8, day: i8) -> impl Fn(&ZonedDateTime) -> bool + Copy {
    move |at| (at.month(), at.day()) == (month, day)
}

/// A filter that holds from one day of the year, as month and day, to another, both included.
///
/// The time may go over new year.
///
/// # Examples
///
/// ```
/// use tribune::schedule::{between_dates, cron};
///
/// let schedule = cron("0 9 * * *").not_filter(between_dates((12, 24), (1, 1)));
/// ```
pub fn between_dates(from: (i8, i8), to: (i8, i8)) -> impl Fn(&ZonedDateTime) -> bool + Copy {
    move |at| is_between((at.month(), at.day()), from, to)
}

/// A filter that holds from one local time of one day to another, both included.
pub fn between_datetimes(from: DateTime, to: DateTime) -> impl Fn(&ZonedDateTime) -> bool + Copy {
    move |at| (from..=to).contains(&at.datetime())
}

/// A filter that holds at one time of every day.
pub fn at_time(time: Time) -> impl Fn(&ZonedDateTime) -> bool + Copy {
    move |at| at.time() == time
}

/// A filter that holds from one time of the day to another, both included.
///
/// The time may go over midnight.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use jiff::civil::time;
/// use tribune::schedule::{between_times, interval};
///
/// let by_day = interval(Duration::from_secs(600)).not_filter(between_times(time(22, 0, 0, 0), time(6, 0, 0, 0)));
/// ```
pub fn between_times(from: Time, to: Time) -> impl Fn(&ZonedDateTime) -> bool + Copy {
    move |at| is_between(at.time(), from, to)
}

fn is_between<T: Ord + Copy>(value: T, from: T, to: T) -> bool {
    if from <= to {
        from <= value && value <= to
    } else {
        from <= value || value <= to
    }
}

fn is_free(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// An adjustment that puts every time off by this long.
pub fn add(duration: Duration) -> impl Fn(ZonedDateTime) -> ZonedDateTime + Copy {
    move |at| at.checked_add(duration).unwrap_or(at)
}

/// An adjustment that puts what is on a weekend off to the same time on Monday.
///
/// # Examples
///
/// ```
/// use tribune::schedule::{cron, next_weekday};
///
/// let pay_day = cron("0 9 L * *").adjust(next_weekday);
/// let mut runs = pay_day.runs_after("2026-10-10T00:00:00Z".parse::<jiff::Timestamp>()?)?;
/// assert_eq!(runs.next().unwrap().to_string(), "2026-11-02T09:00:00+00:00[UTC]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn next_weekday(at: ZonedDateTime) -> ZonedDateTime {
    let days = match at.weekday() {
        Weekday::Saturday => 2,
        Weekday::Sunday => 1,
        _ => return at,
    };
    at.checked_add(days.days()).unwrap_or(at)
}
