//! Cron texts: what they mean, and what is said about those that mean nothing.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Cron, CronTimes};

/// The first times in March 2021, which begins on a Monday, as day and time.
fn times(text: &str) -> Vec<String> {
    let cron = Cron::parse(text).unwrap();
    cron.check().unwrap();
    let after: Timestamp = "2021-03-01T00:00Z".parse().unwrap();
    let times = CronTimes::new(cron, TimeZone::UTC, after).take(4);
    times
        .map(|at| at.strftime("%m-%d %H:%M").to_string())
        .collect()
}

#[test]
fn texts_mean_what_they_mean_elsewhere() {
    let texts = [
        (
            "*/15 * * * *",
            ["03-01 00:15", "03-01 00:30", "03-01 00:45", "03-01 01:00"],
        ),
        (
            "5/15 * * * *",
            ["03-01 00:05", "03-01 00:20", "03-01 00:35", "03-01 00:50"],
        ),
        (
            "0 9-17/4 * * *",
            ["03-01 09:00", "03-01 13:00", "03-01 17:00", "03-02 09:00"],
        ),
        (
            "0 22-1 * * *",
            ["03-01 01:00", "03-01 22:00", "03-01 23:00", "03-02 00:00"],
        ),
        (
            "0 0 * * FRI-mon",
            ["03-05 00:00", "03-06 00:00", "03-07 00:00", "03-08 00:00"],
        ),
        (
            "0 0 * * 6-0",
            ["03-06 00:00", "03-07 00:00", "03-13 00:00", "03-14 00:00"],
        ),
        (
            "0 0 * * 5-7",
            ["03-05 00:00", "03-06 00:00", "03-07 00:00", "03-12 00:00"],
        ),
        (
            "0 0 * * 1-5/2",
            ["03-03 00:00", "03-05 00:00", "03-08 00:00", "03-10 00:00"],
        ),
        (
            "0 9 * * MON,WED",
            ["03-01 09:00", "03-03 09:00", "03-08 09:00", "03-10 09:00"],
        ),
        (
            "0 0 L * *",
            ["03-31 00:00", "04-30 00:00", "05-31 00:00", "06-30 00:00"],
        ),
        (
            "0 0 1,L * *",
            ["03-31 00:00", "04-01 00:00", "04-30 00:00", "05-01 00:00"],
        ),
        (
            "0 0 * * L5",
            ["03-26 00:00", "04-30 00:00", "05-28 00:00", "06-25 00:00"],
        ),
        (
            "0 0 * * FRIL",
            ["03-26 00:00", "04-30 00:00", "05-28 00:00", "06-25 00:00"],
        ),
        (
            "0 0 * * 5#2",
            ["03-12 00:00", "04-09 00:00", "05-14 00:00", "06-11 00:00"],
        ),
        (
            "0 0 ? JAN-MAR 1",
            ["03-08 00:00", "03-15 00:00", "03-22 00:00", "03-29 00:00"],
        ),
        (
            "0 0 30-2 * *",
            ["03-02 00:00", "03-30 00:00", "03-31 00:00", "04-01 00:00"],
        ),
        // Days of both kinds: either is enough.
        (
            "0 0 5 * MON",
            ["03-05 00:00", "03-08 00:00", "03-15 00:00", "03-22 00:00"],
        ),
        (
            "0 0 */2 * 1",
            ["03-03 00:00", "03-05 00:00", "03-07 00:00", "03-08 00:00"],
        ),
        (
            "0 0 1 * 0-7",
            ["03-02 00:00", "03-03 00:00", "03-04 00:00", "03-05 00:00"],
        ),
        ("0 0 29 2 *", ["02-29 00:00"; 4]),
        (
            "@hourly",
            ["03-01 01:00", "03-01 02:00", "03-01 03:00", "03-01 04:00"],
        ),
        (
            "@weekly",
            ["03-07 00:00", "03-14 00:00", "03-21 00:00", "03-28 00:00"],
        ),
        ("  0   0 1 1 *  ", ["01-01 00:00"; 4]),
    ];
    for (text, expected) in texts {
        assert_eq!(times(text), expected, "{text}");
    }
}

#[test]
fn a_mistake_names_its_place_and_what_to_write() {
    let usage = "write minute, hour, day of the month, month and weekday, such as `0 9 * * 1-5`";
    let texts = [
        ("", format!("the cron text `` has 0 fields: {usage}")),
        ("0 9 * *", format!("the cron text `0 9 * *` has 4 fields: {usage}")),
        ("0 0 9 * * *", format!("the cron text `0 0 9 * * *` has 6 fields: {usage}; for seconds, use an interval")),
        ("60 9 * * *", "`60` in the cron text `60 9 * * *` is not a minute: write one of 0-59".to_owned()),
        ("0 9 0 * *", "`0` in the cron text `0 9 0 * *` is not a day of the month: write one of 1-31".to_owned()),
        ("0 9 * * 8", "`8` in the cron text `0 9 * * 8` is not a weekday: write one of 0-7 or SUN-SAT".to_owned()),
        ("0 9 * * monday", "`monday` in the cron text `0 9 * * monday` is not a weekday: write one of 0-7 or SUN-SAT".to_owned()),
        ("0 9 * 1,13 *", "`13` in the cron text `0 9 * 1,13 *` is not a month: write one of 1-12 or JAN-DEC".to_owned()),
        ("0 9, * * *", "`` in the cron text `0 9, * * *` is not an hour: write one of 0-23".to_owned()),
        ("+5 9 * * *", "`+5` in the cron text `+5 9 * * *` is not a minute: write one of 0-59".to_owned()),
        ("*/0 * * * *", "`*/0` in the cron text `*/0 * * * *` has a step of zero: write 1 or more after the `/`".to_owned()),
        ("*/90 * * * *", "`*/90` in the cron text `*/90 * * * *` has a step that is not within 1-60: for longer ones, use an interval".to_owned()),
        ("0 9 * * 5#6", "`5#6` in the cron text `0 9 * * 5#6` asks for no week of a month: write 1-5 after the `#`".to_owned()),
        ("0 9 * * L", "`L` in the cron text `0 9 * * L` is not a weekday: write `L5` for the last Friday of a month".to_owned()),
        ("@reboot", "the cron text `@reboot` is not known: write `@hourly`, `@daily`, `@weekly`, `@monthly` or `@yearly`".to_owned()),
        ("0 0 30 2 *", "the cron text `0 0 30 2 *` never comes: none of its months has one of its days".to_owned()),
    ];
    for (text, message) in texts {
        let error = Cron::parse(text).and_then(|cron| cron.check()).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn the_rarest_day_is_found() {
    // The 29th of February is a Sunday in 2088 after 2060, and 2128 after 2088: 2100 is no leap year.
    let mut cron = Cron::parse("0 0 29 2 SUN").unwrap();
    cron.both_days = true;
    let after: Timestamp = "2088-03-01T00:00Z".parse().unwrap();
    let times = CronTimes::new(cron, TimeZone::UTC, after).take(2);
    let years: Vec<i16> = times.map(|at| at.year()).collect();
    assert_eq!(years, [2128, 2156]);
}
