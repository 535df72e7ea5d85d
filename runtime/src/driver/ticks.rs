//! The time as a worker reads it: by the counter of the processor, for half of what `Instant` costs.
//!
//! The counter is used where Linux itself keeps the time by it, and only to count on for a millisecond from
//! an anchor, one reading of both clocks. Both are read within 1024 ticks, so that an anchor is off by at
//! most half of them, and the rate, which takes two readings 5 ms apart, by a fifth of them in that
//! millisecond: a time is off by less than 0.4 µs at 2 GHz, and by some ten nanoseconds as a rule. What
//! stops or shifts the counter, such as a machine that sleeps or moves, is over with the next anchor.

use std::fs;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
use safe_arch::read_timestamp_counter as counter;

use super::clock::Clock;
use crate::timestamp::Timestamp;

/// How long an anchor holds, in nanoseconds.
const FRESH: u64 = 1_000_000;
/// The most ticks in which both clocks are read: where it takes more, something came in between.
const AT_ONCE: u64 = 1024;
/// What a measurement of the rate takes at least.
const MEASURED: Duration = Duration::from_millis(5);
/// Two measurements agree if they differ by at most 1/4096, as they do where each is off by 1024 ticks at 2 GHz.
const AGREE: u32 = 12;
/// The binary places of a rate.
const PLACES: u32 = 32;
/// How often a worker reads `Instant` before it seeks an anchor, so that short runs pay for none.
const AT_FIRST: u8 = 16;
/// How often it reads `Instant` once it has sought an anchor in vain.
const IN_VAIN: u8 = 100;

/// Whether the system keeps the time by the counter.
static IS_TRUSTED: LazyLock<bool> = LazyLock::new(|| {
    let source = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    cfg!(all(target_arch = "x86_64", target_os = "linux"))
        && fs::read_to_string(source).is_ok_and(|name| name == "tsc\n")
});

/// What the process has found out about the counter.
static RATE: Mutex<Rate> = Mutex::new(Rate::new());

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
const fn counter() -> u64 {
    0
}

/// The clock of one worker: it never goes back.
#[derive(Debug)]
pub(super) struct Ticks {
    anchor: Option<Anchor>,
    /// How often `Instant` is read before an anchor is sought.
    wait: u8,
    last: Timestamp,
}

impl Ticks {
    pub(super) const fn new() -> Self {
        Self {
            anchor: None,
            wait: AT_FIRST,
            last: Timestamp::EPOCH,
        }
    }

    pub(super) fn now(&mut self, clock: &Clock) -> Timestamp {
        let counted = self.anchor.as_ref().map(|anchor| anchor.at(counter()));
        let now = match counted {
            Some(Some(now)) => now,
            None if self.wait > 0 => {
                self.wait -= 1;
                clock.now()
            }
            _ => self.seek(clock),
        };
        self.last = self.last.max(now);
        self.last
    }

    /// Reads the clock, and the counter with it, which makes an anchor if the rate is known.
    #[cold]
    fn seek(&mut self, clock: &Clock) -> Timestamp {
        self.anchor = None;
        self.wait = IN_VAIN;
        let (Clock::Real(start), true) = (clock, *IS_TRUSTED) else {
            return clock.now();
        };
        let before = counter();
        let instant = Instant::now();
        let between = counter().wrapping_sub(before);
        let time = start.at(instant);
        if between <= AT_ONCE {
            let ticks = before + between / 2;
            let rate = RATE
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .learn(ticks, instant);
            self.anchor = rate.map(|rate| Anchor { ticks, rate, time });
        }
        time
    }
}

/// One moment by both clocks, and how to go on from there.
#[derive(Debug)]
struct Anchor {
    ticks: u64,
    rate: u64,
    time: Timestamp,
}

impl Anchor {
    /// The time at a reading of the counter, unless that is before the anchor or long after it.
    fn at(&self, ticks: u64) -> Option<Timestamp> {
        let since = ticks.checked_sub(self.ticks)?;
        let nanos = since.checked_mul(self.rate)? >> PLACES;
        (nanos < FRESH).then(|| self.time.after(nanos))
    }
}

/// How many nanoseconds a tick takes, with [`PLACES`] binary places.
///
/// It is measured from one reading of both clocks to another one, and believed if two measurements in a row
/// agree: a jump of the counter spoils one of them.
#[derive(Debug)]
struct Rate {
    /// Where the measurement under way began.
    from: Option<(u64, Instant)>,
    measured: Option<u64>,
    agreed: Option<u64>,
}

impl Rate {
    const fn new() -> Self {
        Self {
            from: None,
            measured: None,
            agreed: None,
        }
    }

    /// Takes a reading of both clocks into account, and gives the rate if it is known.
    fn learn(&mut self, ticks: u64, instant: Instant) -> Option<u64> {
        let (first, begun) = *self.from.get_or_insert((ticks, instant));
        let passed = instant.saturating_duration_since(begun);
        if passed >= MEASURED {
            let ticks_passed = ticks.checked_sub(first);
            let measured = ticks_passed.and_then(|ticks| nanos_per_tick(ticks, passed));
            let agrees = |rate: &u64| {
                self.measured
                    .is_some_and(|last| last.abs_diff(*rate) <= rate >> AGREE)
            };
            self.agreed = measured.filter(agrees);
            self.measured = measured;
            self.from = Some((ticks, instant));
        }
        self.agreed
    }
}

fn nanos_per_tick(ticks: u64, passed: Duration) -> Option<u64> {
    let nanos = passed.as_nanos() << PLACES;
    u64::try_from(nanos.checked_div(ticks.into())?).ok()
}

#[cfg(test)]
mod tests;
