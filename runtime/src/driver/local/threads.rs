//! How the threads of a run share its work, and wait for more.

use std::cmp::Reverse;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::{Guard, Local, Progress, lock, tell};
use crate::driver::pool;
use crate::driver::work::Worker;
use crate::timestamp::Timestamp;

/// So often a worker that is not needed looks whether another one has met a long body.
const LOOK: Duration = Duration::from_micros(200);

/// So many tiny bodies a worker does when no other one gets on, before it looks what they do without it.
const ALONE: u32 = 1_000;

impl Worker<'_> {
    /// Counts a body, or the handlers of a change, that this worker has called.
    #[inline]
    pub(super) fn count(&mut self, progress: &mut Progress, begun: Timestamp, ended: Timestamp) {
        self.told += 1;
        progress.note(begun, ended);
    }

    /// Whether the others get on with tiny bodies, so that one worker more would only be in their way.
    ///
    /// One that gets on alone leaves off now and then too: perhaps it takes the lock each time just before
    /// another one does.
    pub(super) fn is_needless(&mut self, progress: &Progress) -> bool {
        let others = progress.told - self.told;
        let get_on = std::mem::replace(&mut self.seen, others) != others;
        self.alone = match get_on || self.alone == ALONE {
            true => 0,
            false => self.alone + 1,
        };
        self.alone == 0 && progress.is_tiny()
    }
}

impl Local {
    /// Takes what another worker has in hand: half of its jobs, and the ends that it has not told. Says how
    /// many jobs the two of them have now.
    pub(super) fn take_over(&self, progress: &mut Progress, number: usize) -> Option<usize> {
        for (other, hand) in self.hands.get()?.iter().enumerate() {
            let mut hand = lock(hand);
            if other == number || (hand.jobs.is_empty() && hand.done.is_empty()) {
                continue;
            }
            let jobs = hand.jobs.len();
            let ended = std::mem::take(&mut hand.done);
            let stolen = hand.split();
            drop(hand);
            *self.hand(number) = stolen;
            tell(progress, ended);
            return Some(jobs);
        }
        None
    }

    /// Waits for a timer, or for somebody to leave something to do.
    pub(super) fn wait<'a>(&self, mut guard: Guard<'a>) -> Guard<'a> {
        let Some(progress) = guard.as_mut() else {
            return guard;
        };
        let now = self.now();
        if progress.wake_due(now) {
            return guard;
        }
        let next = progress.timers.peek().map(|Reverse((at, _))| *at);
        // Nothing happens before the timer: a virtual clock need not wait for it.
        let alone = progress.idle + 1 == progress.workers && !progress.engine.is_at_work();
        if let Some(at) = next
            && alone
            && self.clock.advance(at)
        {
            return guard;
        }
        progress.idle += 1;
        progress.watched = next;
        let mut guard = match next.map(|at| at.duration_since(now)) {
            Some(time) => {
                let waited = self.wake.wait_timeout(guard, time);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self
                .wake
                .wait(guard)
                .unwrap_or_else(PoisonError::into_inner),
        };
        if let Some(progress) = guard.as_mut() {
            progress.idle -= 1;
            progress.watched = None;
        }
        guard
    }

    /// Looks again after a while. One worker does that; if there is one, another waits to be called.
    pub(super) fn watch<'a>(&self, mut guard: Guard<'a>) -> Guard<'a> {
        let Some(progress) = guard.as_mut() else {
            return guard;
        };
        if progress.is_watched {
            return self.wait(guard);
        }
        progress.is_watched = true;
        let looked = self.wake.wait_timeout(guard, LOOK);
        let mut guard = looked.unwrap_or_else(PoisonError::into_inner).0;
        if let Some(progress) = guard.as_mut() {
            progress.is_watched = false;
        }
        guard
    }

    /// Called by a worker that will be busy with one of `jobs`: somebody else has to see to the rest.
    pub(super) fn share(self: &Arc<Self>, progress: &mut Progress, jobs: usize) {
        let timer = progress.timers.peek().map(|Reverse((at, _))| *at);
        let unwatched = timer.is_some() && timer != progress.watched;
        if !(unwatched || jobs > 1 || progress.engine.has_actions()) {
            return;
        }
        if progress.is_watched && !unwatched {
            return;
        }
        if progress.idle > 0 {
            self.wake.notify_one();
        } else if progress.workers < self.threads {
            let (local, number) = (self.clone(), progress.workers);
            // Without another thread the run is slower, not wrong.
            progress.workers += usize::from(pool::spawn(move || local.work(number)).is_ok());
        }
    }
}
