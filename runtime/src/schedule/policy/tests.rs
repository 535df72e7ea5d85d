//! The decisions of a served flow, on a clock that is only a number.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Missed, Policy, Step};
use crate::schedule::{Schedule, cron, dates, interval};

fn timestamp(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// A flow that is served on a virtual clock.
struct Simulation {
    policy: Policy,
    now: Timestamp,
    overlap: bool,
    /// When the runs that are running end.
    ends: Vec<Timestamp>,
    /// What started: the scheduled time, and the time when it was.
    started: Vec<(Timestamp, Timestamp)>,
}

impl Simulation {
    fn new(schedule: &Schedule, from: &str, overlap: bool, missed: Missed) -> Self {
        let now = timestamp(from);
        Self {
            policy: Policy::new(schedule.runs_after(now).unwrap(), overlap, missed),
            now,
            overlap,
            ends: Vec::new(),
            started: Vec::new(),
        }
    }

    /// Serves until `end` or the last run, with runs that take as long as `lasts` says.
    fn serve(&mut self, end: &str, mut lasts: impl FnMut(usize) -> SignedDuration) {
        let end = timestamp(end);
        while self.now < end {
            let next_end = self.ends.iter().min().copied();
            let wake = match self.policy.next(self.now, self.ends.len()) {
                Step::Start(run) => {
                    assert!(self.overlap || self.ends.is_empty(), "runs overlap");
                    self.ends.push(self.now + lasts(self.started.len()));
                    self.started.push((run.at().timestamp(), self.now));
                    continue;
                }
                Step::WaitUntil(at) => next_end.map_or(at, |end| end.min(at)),
                Step::WaitForRun => next_end.expect("there is a run to wait for"),
                Step::Finish => {
                    assert!(self.ends.is_empty(), "a run is not over");
                    return;
                }
            };
            assert!(wake >= self.now, "the clock would go back");
            self.now = wake;
            if next_end == Some(wake) {
                self.ends.retain(|end| *end > wake);
                self.policy.run_ended(wake);
            }
        }
    }

    /// What started, as the hour and minute that were planned and those that they were.
    fn started(&self) -> Vec<String> {
        let clock = |at: &Timestamp| at.strftime("%H:%M").to_string();
        let started = self.started.iter();
        started
            .map(|(planned, at)| format!("{} at {}", clock(planned), clock(at)))
            .collect()
    }
}

#[test]
fn runs_start_in_time_or_are_missed() {
    use Missed::{CatchUp, Skip};
    // Hourly runs, the first of which takes 150 minutes, and the others 10.
    let table: [(bool, Missed, &[&str]); 4] = [
        (
            false,
            Skip,
            &["01:00 at 01:00", "04:00 at 04:00", "05:00 at 05:00"],
        ),
        (
            false,
            CatchUp,
            &[
                "01:00 at 01:00",
                "02:00 at 03:30",
                "03:00 at 03:40",
                "04:00 at 04:00",
                "05:00 at 05:00",
            ],
        ),
        (
            true,
            Skip,
            &[
                "01:00 at 01:00",
                "02:00 at 02:00",
                "03:00 at 03:00",
                "04:00 at 04:00",
                "05:00 at 05:00",
            ],
        ),
        (
            true,
            CatchUp,
            &[
                "01:00 at 01:00",
                "02:00 at 02:00",
                "03:00 at 03:00",
                "04:00 at 04:00",
                "05:00 at 05:00",
            ],
        ),
    ];
    for (overlap, missed, expected) in table {
        let mut served = Simulation::new(&cron("0 * * * *"), "2026-07-03T00:30Z", overlap, missed);
        served.serve("2026-07-03T05:30Z", |run| {
            minutes(if run == 0 { 150 } else { 10 })
        });
        assert_eq!(served.started(), expected, "{overlap} {missed:?}");
        let skipped = if (overlap, missed) == (false, Skip) {
            2
        } else {
            0
        };
        assert_eq!(served.policy.take_skipped(), skipped);
    }
}

#[test]
fn a_run_that_ends_at_the_next_time_misses_it() {
    let schedule = cron("0 * * * *");
    let mut served = Simulation::new(&schedule, "2026-07-03T00:30Z", false, Missed::Skip);
    served.serve("2026-07-03T05:30Z", |_| minutes(60));
    assert_eq!(
        served.started(),
        ["01:00 at 01:00", "03:00 at 03:00", "05:00 at 05:00"]
    );
}

#[test]
fn a_computer_that_slept_makes_up_for_one_run_or_for_all() {
    use Missed::{CatchUp, Skip};
    let table: [(bool, Missed, &[&str]); 4] = [
        (false, Skip, &["03:00", "wait 04:00"]),
        (true, Skip, &["03:00", "wait 04:00"]),
        (
            false,
            CatchUp,
            &[
                "01:00",
                "wait for it",
                "02:00",
                "wait for it",
                "03:00",
                "wait for it",
            ],
        ),
        (true, CatchUp, &["01:00", "02:00", "03:00", "wait 04:00"]),
    ];
    for (overlap, missed, expected) in table {
        let runs = cron("0 * * * *")
            .runs_after(timestamp("2026-07-03T00:30Z"))
            .unwrap();
        let mut policy = Policy::new(runs, overlap, missed);
        let slept = Step::WaitUntil(timestamp("2026-07-03T01:00Z"));
        assert_eq!(policy.next(timestamp("2026-07-03T00:30Z"), 0), slept);
        let now = timestamp("2026-07-03T03:20Z");
        let mut running = 0;
        for expected in expected {
            let step = match policy.next(now, running) {
                Step::Start(run) => {
                    running += 1;
                    run.at().strftime("%H:%M").to_string()
                }
                Step::WaitUntil(at) => at.strftime("wait %H:%M").to_string(),
                Step::WaitForRun => {
                    running -= 1;
                    policy.run_ended(now);
                    "wait for it".to_owned()
                }
                Step::Finish => "finish".to_owned(),
            };
            if step == "03:00" && (overlap, missed) == (false, Skip) {
                running -= 1;
                policy.run_ended(now);
            }
            assert_eq!(step, *expected, "{overlap} {missed:?}");
        }
    }
}

#[test]
fn runs_of_one_time_do_not_miss_each_other() {
    let schedule = cron("0 * * * *")
        .parameter("part", 1)
        .or(cron("0 */2 * * *").parameter("part", 2));
    let mut served = Simulation::new(&schedule, "2026-07-03T00:30Z", false, Missed::Skip);
    served.serve("2026-07-03T04:30Z", |_| minutes(40));
    assert_eq!(
        served.started(),
        [
            "01:00 at 01:00",
            "02:00 at 02:00",
            "02:00 at 02:40",
            "04:00 at 04:00"
        ],
        "three o'clock passed during the second run of two o'clock"
    );
}

#[test]
fn the_last_run_is_waited_for() {
    let schedule = dates(["2026-07-03T01:00", "2026-07-03T02:00"]);
    for overlap in [false, true] {
        let mut served = Simulation::new(&schedule, "2026-07-03T00:30Z", overlap, Missed::CatchUp);
        served.serve("2026-07-04T00:00Z", |_| minutes(90));
        assert_eq!(served.started.len(), 2);
        assert!(served.now < timestamp("2026-07-03T04:01Z"));
    }
}

#[test]
fn a_clock_that_is_put_back_starts_nothing_twice() {
    let runs = cron("0 * * * *")
        .runs_after(timestamp("2026-07-03T00:30Z"))
        .unwrap();
    let mut policy = Policy::new(runs, false, Missed::Skip);
    let due = timestamp("2026-07-03T01:00Z");
    assert!(matches!(policy.next(due, 0), Step::Start(_)));
    policy.run_ended(due + minutes(1));
    let next = Step::WaitUntil(timestamp("2026-07-03T02:00Z"));
    assert_eq!(policy.next(timestamp("2026-07-03T00:10Z"), 0), next);
}

#[test]
fn a_year_with_two_changes_of_clocks_loses_no_run() {
    let zones = [
        ("America/New_York", 9),
        ("Europe/Berlin", 9),
        ("Europe/Berlin", 2),
        ("America/New_York", 1),
    ];
    for (zone, hour) in zones {
        for missed in [Missed::Skip, Missed::CatchUp] {
            let daily = cron(&format!("30 {hour} * * *")).in_time_zone(zone);
            let mut served = Simulation::new(&daily, "2021-01-01T00:00Z", false, missed);
            served.serve("2022-01-01T00:00Z", |_| minutes(45));
            assert_eq!(served.started.len(), 365, "{zone} {hour}");
            assert!(
                served.started.iter().all(|(planned, at)| planned == at),
                "none was late"
            );

            let hourly = interval(Duration::from_secs(3600)).or(cron("0 * * * *"));
            let hourly = hourly.in_time_zone(zone);
            let mut served = Simulation::new(&hourly, "2021-01-01T00:00Z", false, missed);
            served.serve("2022-01-01T00:00Z", |_| minutes(45));
            let gap = |pair: &[(Timestamp, Timestamp)]| pair[1].1.duration_since(pair[0].1);
            assert!(
                served
                    .started
                    .windows(2)
                    .all(|pair| gap(pair) == minutes(60)),
                "{zone}"
            );
            assert_eq!(served.started.len(), 365 * 24 - 1);
        }
    }
}
