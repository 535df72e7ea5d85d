//! Schedules against the table recorded from Prefect 1.4.1, over changes of clocks, and at random.

use std::time::Duration;

use jiff::civil::{DateTime, Weekday, date, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, ZonedDateTime};
use proptest::prelude::*;
use serde_json::Value as Json;

use super::{
    Moment, Schedule, ScheduleError, add, at_time, between_dates, between_datetimes, between_times,
    cron, dates, interval, is_day_of_week, is_month_end, is_month_start, is_weekday, is_weekend,
    next_weekday, on_date, on_datetime,
};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn timestamp(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The first runs after a time, as local times with their offsets.
fn next(schedule: &Schedule, after: &str, count: usize) -> Vec<String> {
    let runs = schedule.runs_after(timestamp(after)).unwrap().take(count);
    runs.map(|run| run.at().strftime("%Y-%m-%dT%H:%M%:z").to_string())
        .collect()
}

fn table() -> Json {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/conformance/tables/schedules.json"
    );
    let text = std::fs::read_to_string(path).expect("the table is in the repository");
    serde_json::from_str(&text).expect("the table is JSON")
}

/// Reads `2021-03-12T09:00 America/New_York`.
fn moment(json: &Json) -> Moment {
    let text = json.as_str().unwrap();
    match text.split_once(' ') {
        Some((local, zone)) => format!("{local}[{zone}]").into(),
        None => text.into(),
    }
}

fn recorded(spec: &Json) -> Schedule {
    let list = |key: &str| spec[key].as_array().cloned().unwrap_or_default();
    let clocks = list("clocks");
    let mut schedule = if clocks.is_empty() {
        clock(spec)
    } else {
        // The table does not say so, but its clocks of a union all began on this day.
        let clocks = clocks.iter().map(|spec| clock(spec).start("2021-03-01"));
        clocks.reduce(Schedule::or).unwrap()
    };
    for spec in list("filters") {
        schedule = schedule.filter(filter(&spec));
    }
    for spec in list("or_filters") {
        schedule = schedule.or_filter(filter(&spec));
    }
    for spec in list("not_filters") {
        schedule = schedule.not_filter(filter(&spec));
    }
    for spec in list("adjustments") {
        schedule = match spec.as_str() {
            Some("next_weekday") => schedule.adjust(next_weekday),
            _ => schedule.adjust(add(Duration::from_secs(spec[1].as_u64().unwrap()))),
        };
    }
    schedule
}

fn clock(spec: &Json) -> Schedule {
    let mut schedule = if let Some(seconds) = spec["interval_s"].as_u64() {
        interval(Duration::from_secs(seconds))
    } else if let Some(text) = spec["cron"].as_str() {
        cron(text)
    } else {
        dates(spec["dates"].as_array().unwrap().iter().map(moment))
    };
    if !spec["start"].is_null() {
        schedule = schedule.start(moment(&spec["start"]));
    }
    if !spec["end"].is_null() {
        schedule = schedule.end(moment(&spec["end"]));
    }
    if spec["day_or"] == false {
        schedule = schedule.day_and_weekday();
    }
    if !spec["p"].is_null() {
        schedule = schedule.parameter("p", &spec["p"]);
    }
    schedule
}

fn filter(spec: &Json) -> Box<dyn Fn(&ZonedDateTime) -> bool + Send + Sync> {
    let name = spec.as_str().or_else(|| spec[0].as_str()).unwrap();
    let number = |at: usize| i8::try_from(spec[at].as_i64().unwrap()).unwrap();
    let hour = |at| time(number(at), 0, 0, 0);
    match name {
        "is_weekday" => Box::new(is_weekday),
        "is_weekend" => Box::new(is_weekend),
        "is_month_start" => Box::new(is_month_start),
        "is_month_end" => Box::new(is_month_end),
        "is_day_of_week" => Box::new(is_day_of_week(
            Weekday::from_monday_zero_offset(number(1)).unwrap(),
        )),
        "between_times" => Box::new(between_times(hour(1), hour(2))),
        "between_dates" => Box::new(between_dates(
            (number(1), number(2)),
            (number(3), number(4)),
        )),
        other => panic!("unknown filter {other}"),
    }
}

#[test]
fn runs_are_those_that_were_recorded() {
    let table = table();
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 24);
    for row in rows {
        let name = row["name"].as_str().unwrap();
        let count = usize::try_from(row["n"].as_u64().unwrap()).unwrap();
        let after = timestamp(row["after"].as_str().unwrap());
        let runs = recorded(&row["spec"]).runs_after(after).unwrap();
        let runs: Vec<_> = runs.take(count).collect();
        let mut local: Vec<String> = runs
            .iter()
            .map(|run| run.at().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
            .collect();
        let mut expected: Vec<&str> = strings(&row["next"]);
        if name.contains("QUIRK") {
            // An hour of real work is no duplicate of the one before because a clock on a wall shows the
            // same: the row itself says not to copy this.
            assert_eq!(local.remove(1), "2021-11-07T01:00:00-05:00");
            assert_eq!(expected.pop(), Some("2021-11-07T04:00:00-05:00"));
        }
        assert_eq!(local, expected, "{name}");
        if !name.contains("QUIRK") {
            let utc: Vec<Timestamp> = runs.iter().map(|run| run.at().timestamp()).collect();
            let expected: Vec<Timestamp> =
                strings(&row["utc"]).into_iter().map(timestamp).collect();
            assert_eq!(utc, expected, "{name}");
        }
        if let Some(expected) = row["parameter_defaults"].as_array() {
            // The order at one instant was an accident: here it is that of the declaration.
            let mut expected = expected.clone();
            expected.chunks_mut(2).for_each(<[Json]>::reverse);
            let given: Vec<Json> = runs
                .iter()
                .map(|run| serde_json::to_value(run.parameters()).unwrap())
                .collect();
            assert_eq!(given, expected, "{name}");
        }
    }
}

fn strings(json: &Json) -> Vec<&str> {
    let array = json.as_array().unwrap();
    array.iter().map(|text| text.as_str().unwrap()).collect()
}

/// A zone, the local day on which its clocks go forward, and that on which they go back, at 2 or 3 o'clock.
const ZONES: [(&str, &str, &str); 2] = [
    ("America/New_York", "2021-03-14", "2021-11-07"),
    ("Europe/Berlin", "2021-03-28", "2021-10-31"),
];

#[test]
fn a_daily_run_keeps_its_hour() {
    let expected = [
        ["-05:00", "-04:00", "-04:00", "-05:00"],
        ["+01:00", "+02:00", "+02:00", "+01:00"],
    ];
    for ((zone, forward, back), offsets) in ZONES.into_iter().zip(expected) {
        let by_cron = cron("0 9 * * *").in_time_zone(zone);
        let by_interval = interval(DAY).start("2021-01-01T09:00").in_time_zone(zone);
        for (place, day) in [forward, back].into_iter().enumerate() {
            let day: jiff::civil::Date = day.parse().unwrap();
            let before = day.yesterday().unwrap();
            let expected = [
                format!("{before}T09:00{}", offsets[2 * place]),
                format!("{day}T09:00{}", offsets[2 * place + 1]),
            ];
            let after = format!("{before}T00:00Z");
            assert_eq!(next(&by_cron, &after, 2), expected);
            assert_eq!(next(&by_interval, &after, 2), expected);
        }
    }
}

#[test]
fn a_daily_run_in_a_missing_hour_is_put_off() {
    let schedule = cron("30 2 * * *").in_time_zone("America/New_York");
    let expected = [
        "2021-03-13T02:30-05:00",
        "2021-03-14T03:30-04:00",
        "2021-03-15T02:30-04:00",
    ];
    assert_eq!(next(&schedule, "2021-03-13T00:00Z", 3), expected);
    let schedule = interval(DAY).start("2021-01-01T02:30[America/New_York]");
    assert_eq!(next(&schedule, "2021-03-13T00:00Z", 3), expected);
    let schedule = dates(["2021-03-28T02:30"]).in_time_zone("Europe/Berlin");
    assert_eq!(
        next(&schedule, "2021-03-01T00:00Z", 3),
        ["2021-03-28T03:30+02:00"]
    );
}

#[test]
fn a_daily_run_in_a_doubled_hour_is_one() {
    let schedule = cron("30 2 * * *").in_time_zone("Europe/Berlin");
    let expected = [
        "2021-10-30T02:30+02:00",
        "2021-10-31T02:30+02:00",
        "2021-11-01T02:30+01:00",
    ];
    assert_eq!(next(&schedule, "2021-10-30T00:00Z", 3), expected);
    let schedule = cron("30 1 * * *").in_time_zone("America/New_York");
    let expected = ["2021-11-07T01:30-04:00", "2021-11-08T01:30-05:00"];
    assert_eq!(next(&schedule, "2021-11-07T00:00Z", 2), expected);
    // Between the two half past ones, the next is tomorrow's.
    assert_eq!(next(&schedule, "2021-11-07T06:00Z", 1), expected[1..]);
}

#[test]
fn two_runs_that_a_missing_hour_makes_one_are_one() {
    let schedule = cron("0 2,3 * * *").in_time_zone("America/New_York");
    let expected = ["2021-03-14T03:00-04:00", "2021-03-15T02:00-04:00"];
    assert_eq!(next(&schedule, "2021-03-14T06:00Z", 2), expected);
    // Half past two is put off to half past three, past the run at three.
    let schedule = cron("0,30 2,3 * * *").in_time_zone("America/New_York");
    let expected = [
        "2021-03-14T03:00-04:00",
        "2021-03-14T03:30-04:00",
        "2021-03-15T02:00-04:00",
    ];
    assert_eq!(next(&schedule, "2021-03-14T06:00Z", 3), expected);
    assert_eq!(next(&schedule, "2021-03-14T07:10Z", 1), expected[1..2]);
}

#[test]
fn what_runs_every_hour_loses_no_hour_and_gains_none() {
    for (zone, forward, back) in ZONES {
        let by_cron = cron("0 * * * *").in_time_zone(zone);
        let quarters = cron("*/15 * * * *").in_time_zone(zone);
        let by_interval = interval(HOUR).in_time_zone(zone);
        for day in [forward, back] {
            let start = timestamp(&format!("{day}T00:30Z"));
            let first = timestamp(&format!("{day}T01:00Z"));
            for (schedule, step) in [(&by_cron, 60), (&by_interval, 60), (&quarters, 15)] {
                let runs = schedule.runs_after(start).unwrap();
                let runs = runs.map(|run| run.at().timestamp());
                let runs: Vec<_> = runs.skip_while(|at| *at < first).take(20).collect();
                let expected = (0..20).map(|count| first + (count * step).minutes());
                assert_eq!(runs, expected.collect::<Vec<_>>(), "{zone} {day}");
            }
        }
    }
}

#[test]
fn a_day_that_never_was_is_put_off_by_a_day() {
    // Samoa went from the 29th to the 31st.
    let schedule = cron("0 10 30 12 *").in_time_zone("Pacific/Apia");
    let expected = ["2011-12-31T10:00+14:00", "2012-12-30T10:00+14:00"];
    assert_eq!(next(&schedule, "2011-12-30T12:00Z", 2), expected);
    let daily = interval(DAY).start("2011-12-28T10:00[Pacific/Apia]");
    let expected = [
        "2011-12-29T10:00-10:00",
        "2011-12-31T10:00+14:00",
        "2012-01-01T10:00+14:00",
    ];
    assert_eq!(next(&daily, "2011-12-29T00:00Z", 3), expected);
}

#[test]
fn an_interval_adds_its_days_by_the_calendar_and_the_rest_by_time() {
    let schedule = interval(DAY + 12 * HOUR).start("2021-03-12T09:00[America/New_York]");
    let expected = [
        "2021-03-12T09:00-05:00",
        "2021-03-13T21:00-05:00",
        // Two days later at the same local time, and then 24 hours.
        "2021-03-15T09:00-04:00",
        "2021-03-16T21:00-04:00",
    ];
    assert_eq!(next(&schedule, "2021-03-01T00:00Z", 4), expected);
}

#[test]
fn clocks_of_several_zones_are_merged() {
    let new_york = cron("0 9 * * *").in_time_zone("America/New_York");
    let berlin = cron("0 15 * * *").in_time_zone("Europe/Berlin");
    // For two weeks in March, nine in New York is two in Berlin.
    let expected = [
        "2021-03-13T09:00-05:00",
        "2021-03-14T09:00-04:00",
        "2021-03-14T15:00+01:00",
        "2021-03-15T09:00-04:00",
    ];
    assert_eq!(next(&new_york.or(berlin), "2021-03-13T00:00Z", 4), expected);
}

#[test]
fn a_union_is_bounded_and_filtered_as_it_is_so_far() {
    let schedule = cron("0 9 * * *")
        .start("2026-07-04")
        .or(cron("0 8 * * *"))
        .end("2026-07-04T09:00")
        .filter(|at| at.day() > 2);
    let expected = [
        "2026-07-03T08:00+00:00",
        "2026-07-04T08:00+00:00",
        "2026-07-04T09:00+00:00",
    ];
    assert_eq!(next(&schedule, "2026-07-01T00:00Z", 9), expected);
}

#[test]
fn each_filter_holds_where_it_says() {
    let at = |text: &str| text.parse::<DateTime>().unwrap();
    let zoned = |text: &str| at(text).to_zoned_datetime(TimeZone::UTC).unwrap();
    let from = at("2026-07-03T09:00");
    assert!(on_datetime(from)(&zoned("2026-07-03T09:00")));
    assert!(!on_datetime(from)(&zoned("2026-07-03T09:01")));
    assert!(on_date(2, 29)(&zoned("2024-02-29T09:00")));
    assert!(!on_date(2, 29)(&zoned("2024-03-01T09:00")));
    assert!(at_time(time(9, 0, 0, 0))(&zoned("2026-07-03T09:00")));
    assert!(!at_time(time(9, 0, 0, 0))(&zoned("2026-07-03T21:00")));
    let between = between_datetimes(from, at("2026-07-04T00:00"));
    assert!(between(&zoned("2026-07-03T09:00")) && between(&zoned("2026-07-04T00:00")));
    assert!(!between(&zoned("2026-07-03T08:59")) && !between(&zoned("2026-07-04T00:01")));
    assert!(between_dates((3, 1), (3, 1))(&zoned("2026-03-01T12:00")));
    assert!(!between_dates((3, 1), (3, 1))(&zoned("2026-03-02T12:00")));
}

#[test]
fn a_filter_that_never_holds_ends_the_runs() {
    let never = interval(HOUR).filter(|_| false);
    assert_eq!(next(&never, "2026-07-01T00:00Z", 1), [""; 0]);
    let once = interval(HOUR).filter(|at| at.date() == date(2026, 7, 2) && at.hour() == 0);
    assert_eq!(
        next(&once, "2026-07-01T00:00Z", 2),
        ["2026-07-02T00:00+00:00"]
    );
}

#[test]
fn times_at_the_end_of_time_end_the_runs() {
    let after = "9999-12-29T00:00Z";
    for schedule in [interval(DAY), interval(Duration::MAX), cron("0 0 * * *")] {
        assert!(next(&schedule, after, 9).len() < 3);
    }
    let runs = interval(HOUR).adjust(add(Duration::MAX));
    assert_eq!(next(&runs, "2026-07-01T00:00Z", 1).len(), 1);
}

#[test]
fn a_mistake_says_what_to_write() {
    let texts = [
        (
            interval(Duration::ZERO),
            "an interval cannot be zero: write how long it is from one run to the next",
        ),
        (
            cron("0 9 * * *").in_time_zone("Mars/Base"),
            "there is no time zone `Mars/Base`: write an IANA name, such as `Europe/Berlin` or `UTC`",
        ),
        (
            dates(["2026-07-31", "soon"]),
            "`soon` is not a time: write `2026-07-31`, `2026-07-31T09:00`, `2026-07-31T09:00Z` or \
             `2026-07-31T09:00[Europe/Berlin]`",
        ),
        (
            interval(HOUR)
                .parameter("p", f64::NAN)
                .parameter("q", std::collections::HashMap::from([((), 1)])),
            "parameter `q` of a schedule cannot take its value: key must be a string",
        ),
        // The first mistake is the one that is told.
        (
            cron("* * *")
                .in_time_zone("Mars/Base")
                .or(interval(Duration::ZERO)),
            "the cron text `* * *` has 3 fields: write minute, hour, day of the month, month and weekday, \
             such as `0 9 * * 1-5`",
        ),
    ];
    for (schedule, text) in texts {
        assert_eq!(schedule.check().unwrap_err().to_string(), text);
        assert_eq!(
            schedule.runs_after(Timestamp::MIN).err(),
            schedule.check().err()
        );
    }
    let too_far = dates([date(9999, 12, 31).at(23, 0, 0, 0)]).in_time_zone("America/New_York");
    assert!(matches!(
        too_far.runs_after(Timestamp::MIN),
        Err(ScheduleError::TimeOutOfRange(_))
    ));
}

fn zones() -> impl Strategy<Value = &'static str> {
    static ZONES: [&str; 5] = [
        "UTC",
        "America/New_York",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Africa/Cairo",
    ];
    prop::sample::select(&ZONES[..])
}

fn clocks() -> impl Strategy<Value = Schedule> {
    static TEXTS: [&str; 6] = [
        "*/7 * * * *",
        "30 1,2,3 * * *",
        "0 */2 * * *",
        "0 0 L * *",
        "59 23 * * 0#2",
        "15 2 29 2 *",
    ];
    let intervals =
        (1..200_000_u64).prop_map(|minutes| interval(Duration::from_secs(60 * minutes)));
    let crons = prop::sample::select(&TEXTS[..]).prop_map(cron);
    let days = prop::collection::vec((2020..2023_i16, 1..=12_i8, 1..=28_i8), 0..6);
    let days = days.prop_map(|days| {
        dates(
            days.into_iter()
                .map(|(year, month, day)| date(year, month, day)),
        )
    });
    (prop_oneof![intervals, crons, days], zones())
        .prop_map(|(clock, zone)| clock.in_time_zone(zone))
}

proptest! {
    #[test]
    fn runs_are_after_the_given_time_and_one_after_the_other(
        clocks in prop::collection::vec(clocks(), 1..4),
        // 2020 to 2022, by the minute.
        after in (1_577_836_800 / 60..1_672_531_200 / 60_i64),
        filtered in any::<bool>(),
        adjusted in any::<bool>(),
        place in any::<prop::sample::Index>(),
    ) {
        let mut schedule = clocks.into_iter().reduce(Schedule::or).unwrap();
        if filtered {
            schedule = schedule.filter(is_weekday);
        }
        if adjusted {
            schedule = schedule.adjust(add(HOUR)).adjust(next_weekday);
        }
        let after = Timestamp::from_second(60 * after).unwrap();
        let runs: Vec<Timestamp> =
            schedule.runs_after(after).unwrap().take(60).map(|run| run.at().timestamp()).collect();
        prop_assert!(runs.first().is_none_or(|first| *first > after));
        prop_assert!(runs.is_sorted_by(|one, other| one < other), "{:?}", runs);
        // Starting between two runs answers the second one.
        if !adjusted && runs.len() > 1 {
            let pair = &runs[place.index(runs.len() - 1)..][..2];
            for between in [pair[0], pair[1] - 1.nanoseconds()] {
                let again = schedule.runs_after(between).unwrap().next().unwrap();
                prop_assert_eq!(again.at().timestamp(), pair[1]);
            }
        }
    }
}
