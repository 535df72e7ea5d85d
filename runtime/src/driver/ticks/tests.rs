use std::time::SystemTime;

use proptest::prelude::*;

use super::*;

/// Nanoseconds.
const MILLISECOND: u64 = 1_000_000;
/// What a counter shows when a test begins.
const BEGINNING: u64 = 1 << 40;

/// A counter that runs evenly.
struct Counter {
    hertz: u64,
    start: Instant,
}

impl Counter {
    fn new(hertz: u64) -> Self {
        Self {
            hertz,
            start: Instant::now(),
        }
    }

    fn ticks(&self, nanos: u64) -> u64 {
        let ticks = u128::from(nanos) * u128::from(self.hertz) / 1_000_000_000;
        BEGINNING + u64::try_from(ticks).unwrap()
    }

    fn nanos(&self, ticks: u64) -> u64 {
        ticks * 1_000_000_000 / self.hertz
    }

    /// Shows both clocks to `rate`, `nanos` after the beginning, with the counter off by some ticks.
    fn show(&self, rate: &mut Rate, nanos: u64, off: i64) -> Option<u64> {
        let ticks = self.ticks(nanos).checked_add_signed(off).unwrap();
        rate.learn(ticks, self.start + Duration::from_nanos(nanos))
    }
}

/// The rate of a counter that has been measured twice, 10 ms after the beginning.
fn measured(counter: &Counter) -> Rate {
    let mut rate = Rate::new();
    for nanos in [0, 5, 10] {
        counter.show(&mut rate, nanos * MILLISECOND, 0);
    }
    assert!(rate.agreed.is_some());
    rate
}

#[test]
fn an_anchor_counts_on_for_a_millisecond() {
    let time = Timestamp::EPOCH.after(7);
    let anchor = Anchor {
        ticks: BEGINNING,
        // 2 GHz.
        rate: 1 << (PLACES - 1),
        time,
    };
    for (ticks, nanos) in [
        (BEGINNING, Some(0)),
        (BEGINNING + 1, Some(0)),
        (BEGINNING + 3, Some(1)),
        (BEGINNING + 2_000, Some(1_000)),
        (BEGINNING + 2 * FRESH - 1, Some(FRESH - 1)),
        (BEGINNING + 2 * FRESH, None),
        // The counter has gone back, or far ahead.
        (BEGINNING - 1, None),
        (0, None),
        (BEGINNING + (1 << 33), None),
        (u64::MAX, None),
    ] {
        let expected = nanos.map(|nanos| time.after(nanos));
        assert_eq!(anchor.at(ticks), expected, "at {ticks}");
    }
}

#[test]
fn a_rate_is_known_once_two_measurements_agree() {
    let counter = Counter::new(4_000_000_000);
    let mut rate = Rate::new();
    let known = Some(1 << (PLACES - 2));
    for (micros, expected) in [
        (0, None),
        // Too early: nothing is measured.
        (4_999, None),
        (5_000, None),
        (9_999, None),
        (10_000, known),
        (10_001, known),
        // A reading that has lost its way to here.
        (9_000, known),
        (60_000_000, known),
    ] {
        let found = counter.show(&mut rate, micros * 1_000, 0);
        assert_eq!(found, expected, "after {micros} µs");
    }
}

#[test]
fn a_counter_that_jumps_is_not_believed_until_it_runs_evenly_again() {
    let counter = Counter::new(3_000_000_000);
    let (back, second) = (1 - i64::try_from(BEGINNING).unwrap(), 3_000_000_000);
    for jump in [second, -second, 10_000, -10_000, back] {
        let mut rate = measured(&counter);
        for (nanos, is_known) in [(14, true), (15, false), (20, false), (25, true)] {
            let found = counter.show(&mut rate, nanos * MILLISECOND, jump);
            assert_eq!(found.is_some(), is_known, "{jump} ticks, {nanos} ms");
        }
    }
}

#[test]
fn a_counter_that_does_not_go_on_is_not_believed() {
    let start = Instant::now();
    let (mut still, mut back) = (Rate::new(), Rate::new());
    for millis in [0, 5, 10, 15] {
        let instant = start + Duration::from_millis(millis);
        assert_eq!(still.learn(BEGINNING, instant), None);
        assert_eq!(back.learn(BEGINNING - millis, instant), None);
    }
}

#[test]
fn a_rate_that_changes_is_learnt() {
    let counter = Counter::new(2_000_000_000);
    let mut rate = measured(&counter);
    let other = Counter {
        hertz: 3_000_000_000,
        start: counter.start,
    };
    for (nanos, is_known) in [(15, false), (20, false), (25, true)] {
        let found = other.show(&mut rate, nanos * MILLISECOND, 0);
        assert_eq!(found.is_some(), is_known, "{nanos} ms");
    }
}

#[test]
fn a_virtual_clock_is_passed_through() {
    let clock = Clock::starting_at(SystemTime::UNIX_EPOCH);
    let mut ticks = Ticks::new();
    for nanos in 0..100 {
        let time = Timestamp::EPOCH.after(nanos);
        clock.advance(time);
        assert_eq!(ticks.now(&clock), time);
    }
}

#[test]
fn the_time_of_a_worker_does_not_go_back() {
    let clock = Clock::starting_at(SystemTime::UNIX_EPOCH);
    let mut ticks = Ticks {
        last: Timestamp::EPOCH.after(30),
        ..Ticks::new()
    };
    for (nanos, told) in [(0, 30), (20, 30), (40, 40)] {
        clock.advance(Timestamp::EPOCH.after(nanos));
        assert_eq!(ticks.now(&clock), Timestamp::EPOCH.after(told));
    }
}

#[test]
fn a_worker_reads_the_time_of_its_run() {
    let clock = Clock::real();
    let mut ticks = Ticks::new();
    // Enough for the rate to become known, and for some anchors after that.
    for _ in 0..300_000 {
        let earliest = clock.now();
        let now = ticks.now(&clock).after(10_000);
        let latest = clock.now().after(20_000);
        assert!(
            earliest <= now && now <= latest,
            "{earliest:?} {now:?} {latest:?}"
        );
    }
}

proptest! {
    #[test]
    fn a_time_is_off_by_no_more_than_the_module_says(
        hertz in 2_000_000_000_u64..6_000_000_000,
        lengths in [5 * MILLISECOND..100_000 * MILLISECOND, 5 * MILLISECOND..100_000 * MILLISECOND],
        off in [-512_i64..=512, -512_i64..=512, -512_i64..=512],
        mut later in [0..FRESH * 99 / 100, 0..FRESH * 99 / 100],
    ) {
        let counter = Counter::new(hertz);
        let mut rate = Rate::new();
        let then = lengths[0] + lengths[1];
        counter.show(&mut rate, 0, off[0]);
        counter.show(&mut rate, lengths[0], off[1]);
        let rate = counter.show(&mut rate, then, off[2]).expect("the measurements agree");
        let anchor = Anchor {
            ticks: counter.ticks(then).checked_add_signed(off[2]).unwrap(),
            rate,
            time: Timestamp::EPOCH.after(then),
        };
        later.sort_unstable();
        let bound = counter.nanos(AT_ONCE / 2 + AT_ONCE / 5) + 2;
        // Just before an anchor that lies too late there is no time.
        let told = later.map(|later| anchor.at(counter.ticks(then + later)));
        for (told, later) in told.iter().zip(later) {
            match told {
                Some(told) => prop_assert!(told.nanos().abs_diff(then + later) <= bound),
                None => prop_assert!(later <= bound),
            }
        }
        prop_assert!(told[0] <= told[1]);
    }
}
