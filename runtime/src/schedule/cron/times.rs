//! The times that a cron text tells.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ZonedDateTime};

use super::{Cron, bit, has};

/// How far ahead to look for a day: the 29th of February is a given weekday every 40 years at worst.
const MOST_YEARS: i16 = 50;

/// The times of a cron text in a time zone, one by one.
///
/// They are computed day by day, because on a day when clocks change the order of the local times is not
/// that of the times.
pub(in crate::schedule) struct CronTimes {
    cron: Cron,
    zone: TimeZone,
    after: Timestamp,
    /// The day to look at next, unless there is none.
    day: Option<Date>,
    last_year: i16,
    /// Times of the days before that one.
    found: BTreeSet<Timestamp>,
}

impl CronTimes {
    pub(in crate::schedule) fn new(cron: Cron, zone: TimeZone, after: Timestamp) -> Self {
        let date = zone.to_datetime(after).date();
        Self {
            cron,
            zone,
            after,
            // A local time of the day before may be put off past `after`.
            day: Some(date.yesterday().unwrap_or(date)),
            last_year: date.year().saturating_add(MOST_YEARS),
            found: BTreeSet::new(),
        }
    }

    /// Tells whether every time of a day that was not looked at yet is later.
    fn is_next(&self, at: Timestamp) -> bool {
        let Some(day) = self.day else { return true };
        let start = self
            .zone
            .to_ambiguous_timestamp(day.at(0, 0, 0, 0))
            .earlier();
        start.is_ok_and(|start| at < start)
    }

    /// Finds the times of a day, and goes on to the next day that may have some.
    fn look_at(&mut self, day: Date) {
        if day.year() > self.last_year {
            self.day = None;
            return;
        }
        if !has(self.cron.months, bit(day.month())) {
            self.day = day.last_of_month().tomorrow().ok();
            return;
        }
        self.day = day.tomorrow().ok();
        if self.cron.matches_day(day) {
            self.find(day);
        }
    }

    fn find(&mut self, day: Date) {
        let twice = self.cron.runs_every_hour();
        for hour in (0..24).filter(|hour| has(self.cron.hours, bit(*hour))) {
            for minute in (0..60).filter(|minute| has(self.cron.minutes, bit(*minute))) {
                let at = self.zone.to_ambiguous_timestamp(day.at(hour, minute, 0, 0));
                if twice && let AmbiguousOffset::Fold { .. } = at.offset() {
                    self.found.extend(at.later());
                }
                self.found.extend(at.compatible());
            }
        }
        // What is not later than the latest time was there before, or is not asked for.
        self.found = self.found.split_off(&self.after);
        self.found.remove(&self.after);
    }
}

impl Iterator for CronTimes {
    type Item = ZonedDateTime;

    fn next(&mut self) -> Option<ZonedDateTime> {
        loop {
            if let Some(&at) = self.found.first()
                && self.is_next(at)
            {
                self.found.remove(&at);
                self.after = at;
                self.last_year = self.zone.to_datetime(at).year().saturating_add(MOST_YEARS);
                return Some(at.to_zoned_datetime(self.zone.clone()));
            }
            self.look_at(self.day?);
        }
    }
}
