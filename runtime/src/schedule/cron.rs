//! Cron texts: what they say, and which days they mean.

use jiff::civil::Date;

use super::error::{CronError, ScheduleError};

pub(super) use self::times::CronTimes;

mod times;

const EXAMPLE: &str = "0 9 * * 1-5";

/// A cron text that was read. Each field is a set of bits, one for each value.
#[derive(Clone, Debug)]
pub(super) struct Cron {
    text: String,
    minutes: u64,
    hours: u64,
    days: u64,
    last_day: bool,
    months: u64,
    weekdays: u64,
    /// For each weekday from Sunday on, the bits of the weeks of a month; bit 0 is the last of them.
    weeks: [u8; 7],
    /// Whether the days of the month, and the weekdays, are anything but a star.
    given: (bool, bool),
    /// Whether a day must be both of the given ones.
    pub(super) both_days: bool,
}

/// What is special about one of the five fields.
struct Field {
    /// With its article: it stands in messages.
    name: &'static str,
    first: u8,
    last: u8,
    names: &'static [&'static str],
}

const MINUTE: Field = Field {
    name: "a minute",
    first: 0,
    last: 59,
    names: &[],
};
const HOUR: Field = Field {
    name: "an hour",
    first: 0,
    last: 23,
    names: &[],
};
const DAY: Field = Field {
    name: "a day of the month",
    first: 1,
    last: 31,
    names: &[],
};
const MONTH: Field = Field {
    name: "a month",
    first: 1,
    last: 12,
    names: &[
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ],
};
const WEEKDAY: Field = Field {
    name: "a weekday",
    first: 0,
    // Sunday is 0 and 7: see `Reader::weekdays`.
    last: 7,
    names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
};

impl Cron {
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        Reader { text }.read().map_err(ScheduleError::Cron)
    }

    /// Refuses days that no month has, such as the 30th of February.
    pub(super) fn check(&self) -> Result<(), ScheduleError> {
        let longest = |month: u8| match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let by_weekday = self.given.1 && !(self.given.0 && self.both_days);
        let month_has_day = |month| (1..=longest(month)).any(|day| has(self.days, day));
        let months = || (1..=12).filter(|month| has(self.months, *month));
        if by_weekday || self.last_day || months().any(month_has_day) {
            return Ok(());
        }
        Err(ScheduleError::Cron(CronError {
            text: self.text.clone(),
            part: None,
            problem: "never comes: none of its months has one of its days".to_owned(),
        }))
    }

    fn matches_day(&self, date: Date) -> bool {
        let by_day =
            has(self.days, bit(date.day())) || self.last_day && date.day() == date.days_in_month();
        match self.given {
            (false, false) => true,
            (true, false) => by_day,
            (false, true) => self.matches_weekday(date),
            (true, true) if self.both_days => by_day && self.matches_weekday(date),
            (true, true) => by_day || self.matches_weekday(date),
        }
    }

    fn matches_weekday(&self, date: Date) -> bool {
        let weekday = bit(date.weekday().to_sunday_zero_offset());
        let weeks = u64::from(self.weeks[usize::from(weekday)]);
        let week = bit((date.day() - 1) / 7 + 1);
        let is_last = date.day() + 7 > date.days_in_month();
        has(self.weekdays, weekday) || has(weeks, week) || is_last && has(weeks, 0)
    }

    fn runs_every_hour(&self) -> bool {
        (HOUR.first..=HOUR.last).all(|hour| has(self.hours, hour))
    }
}

/// Turns a part of a date, which is never negative, into the number of a bit.
fn bit(part: i8) -> u8 {
    part.unsigned_abs()
}

fn has(bits: u64, value: u8) -> bool {
    bits >> value & 1 == 1
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn read(&self) -> Result<Cron, CronError> {
        let text = match self.text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            text if text.starts_with('@') => {
                return self.problem(
                    "is not known: write `@hourly`, `@daily`, `@weekly`, `@monthly` or `@yearly`",
                );
            }
            text => text,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let &[minute, hour, day, month, weekday] = &*fields else {
            return self.wrong_number(fields.len());
        };
        let (days, last_day) = self.days(day)?;
        let (weekdays, weeks) = self.weekdays(weekday)?;
        Ok(Cron {
            text: self.text.to_owned(),
            minutes: self.field(&MINUTE, minute)?,
            hours: self.field(&HOUR, hour)?,
            days,
            last_day,
            months: self.field(&MONTH, month)?,
            weekdays,
            weeks,
            given: (!is_any(day), !is_any(weekday)),
            both_days: false,
        })
    }

    fn problem<T>(&self, problem: impl Into<String>) -> Result<T, CronError> {
        Err(CronError {
            text: self.text.to_owned(),
            part: None,
            problem: problem.into(),
        })
    }

    fn problem_in<T>(&self, part: &str, problem: impl Into<String>) -> Result<T, CronError> {
        Err(CronError {
            text: self.text.to_owned(),
            part: Some(part.to_owned()),
            problem: problem.into(),
        })
    }

    fn wrong_number<T>(&self, count: usize) -> Result<T, CronError> {
        let fields = if count == 1 { "field" } else { "fields" };
        let seconds = if count == 6 {
            "; for seconds, use an interval"
        } else {
            ""
        };
        self.problem(format!(
            "has {count} {fields}: write minute, hour, day of the month, month and weekday, such as `{EXAMPLE}`{seconds}"
        ))
    }

    fn field(&self, field: &Field, text: &str) -> Result<u64, CronError> {
        let mut bits = 0;
        for part in text.split(',') {
            bits |= self.part(field, part)?;
        }
        Ok(bits)
    }

    /// Days of the month, and whether the last one is among them.
    fn days(&self, text: &str) -> Result<(u64, bool), CronError> {
        let (mut days, mut last) = (0, false);
        for part in text.split(',') {
            if part.eq_ignore_ascii_case("L") {
                last = true;
            } else {
                days |= self.part(&DAY, part)?;
            }
        }
        Ok((days, last))
    }

    /// Weekdays, and those that are only meant in some weeks of the month.
    fn weekdays(&self, text: &str) -> Result<(u64, [u8; 7]), CronError> {
        let (mut weekdays, mut weeks) = (0, [0; 7]);
        for part in text.split(',') {
            let (weekday, week) = self.week(part)?;
            match week {
                Some(week) => {
                    let weekday = self.value(&WEEKDAY, weekday, part)? % 7;
                    weeks[usize::from(weekday)] |= 1 << week;
                }
                None => weekdays |= self.part(&WEEKDAY, weekday)?,
            }
        }
        // Sunday is 0 and 7.
        Ok(((weekdays | weekdays >> 7) & 0b111_1111, weeks))
    }

    /// Takes `FRI#2` and `L5` apart: the weekday, and the week, which is 0 for the last.
    fn week<'b>(&self, part: &'b str) -> Result<(&'b str, Option<u8>), CronError> {
        if let Some((weekday, week)) = part.split_once('#') {
            return match week.parse() {
                Ok(week @ 1..=5) => Ok((weekday, Some(week))),
                _ => self.problem_in(part, "asks for no week of a month: write 1-5 after the `#`"),
            };
        }
        let last = part
            .strip_prefix(['L', 'l'])
            .or_else(|| part.strip_suffix(['L', 'l']));
        match last {
            Some("") => self.problem_in(
                part,
                "is not a weekday: write `L5` for the last Friday of a month",
            ),
            Some(weekday) => Ok((weekday, Some(0))),
            None => Ok((part, None)),
        }
    }

    /// One part of a list: values, and after a slash the step between them.
    fn part(&self, field: &Field, part: &str) -> Result<u64, CronError> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(self.step(field, step, part)?)),
            None => (part, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if is_any(range) => (field.first, field.last_of_all()),
            Some((first, last)) => (
                self.value(field, first, part)?,
                self.value(field, last, part)?,
            ),
            None => {
                let first = self.value(field, range, part)?;
                // `5/15` is every 15 from 5 on.
                (
                    first,
                    step.map_or(first, |_| field.last_of_all().max(first)),
                )
            }
        };
        let count = field.last_of_all() - field.first + 1;
        let length = if first <= last {
            last - first
        } else {
            last + count - first
        };
        let values = (0..=length).step_by(step.unwrap_or(1).into());
        let value = |offset| match first + offset {
            value if value > last && value >= field.first + count => value - count,
            value => value,
        };
        Ok(values.fold(0, |bits, offset| bits | 1 << value(offset)))
    }

    fn step(&self, field: &Field, step: &str, part: &str) -> Result<u8, CronError> {
        let most = field.last_of_all() - field.first + 1;
        match step.parse() {
            Ok(step) if (1..=most).contains(&step) => Ok(step),
            Ok(0) => self.problem_in(part, "has a step of zero: write 1 or more after the `/`"),
            _ => self.problem_in(
                part,
                format!("has a step that is not within 1-{most}: for longer ones, use an interval"),
            ),
        }
    }

    fn value(&self, field: &Field, value: &str, part: &str) -> Result<u8, CronError> {
        let named = field.names.iter().zip(field.first..);
        let named = named
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(value));
        if let Some((_, number)) = named {
            return Ok(number);
        }
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| value.parse().ok()).flatten();
        match number {
            Some(number) if (field.first..=field.last).contains(&number) => Ok(number),
            _ => self.problem_in(part, field.expected()),
        }
    }
}

impl Field {
    /// The last value of `*`: 7 is a second name of Sunday.
    fn last_of_all(&self) -> u8 {
        if self.names.len() == 7 { 6 } else { self.last }
    }

    fn expected(&self) -> String {
        let Self {
            name,
            first,
            last,
            names,
        } = self;
        match (names.first(), names.last()) {
            (Some(from), Some(to)) => {
                format!("is not {name}: write one of {first}-{last} or {from}-{to}")
            }
            _ => format!("is not {name}: write one of {first}-{last}"),
        }
    }
}

fn is_any(text: &str) -> bool {
    matches!(text, "*" | "?")
}

#[cfg(test)]
mod tests;
