//! One body after the other, as long as each task run goes the straight way.

use std::sync::Arc;

use super::{Guard, Local};
use crate::driver::work::Worker;
use crate::engine::{Attempt, Straight};

impl Local {
    /// Does what goes the straight way, as long as there is nothing else to do and nothing to share.
    pub(super) fn go_straight<'a>(
        self: &'a Arc<Self>,
        mut guard: Guard<'a>,
        mut next: Straight,
        worker: &mut Worker<'_>,
    ) -> Guard<'a> {
        loop {
            let Some(progress) = guard.as_mut() else {
                return guard;
            };
            self.share(progress, 1);
            guard = match next {
                Straight::Call(attempt) => self.call(guard, attempt, worker),
                Straight::Tell(attempt) => self.call_and_tell(guard, attempt, worker),
            };
            let Some(progress) = guard.as_mut() else {
                return guard;
            };
            // Perhaps somebody's time has come, or it should take more at once, or leave tiny bodies to the first
            // worker.
            if !progress.timers.is_empty()
                || self.share_of(progress) > 0
                || (worker.number > 0 && progress.is_tiny())
            {
                return guard;
            }
            let engine = &mut progress.engine;
            match engine.next_straight(worker.now(), &mut worker.inputs) {
                Some(straight) => next = straight,
                None => return guard,
            }
        }
    }

    /// Calls a body of which no handler hears.
    #[inline]
    fn call<'a>(
        &'a self,
        guard: Guard<'a>,
        attempt: Attempt,
        worker: &mut Worker<'_>,
    ) -> Guard<'a> {
        drop(guard);
        let started = worker.now();
        let outcome = worker.call(attempt);
        let now = worker.now();
        let mut guard = self.lock();
        if let (Some(outcome), Some(progress)) = (outcome, guard.as_mut()) {
            worker.count(progress, started, now);
            progress.engine.returned(attempt, started, outcome, now);
        }
        guard
    }

    /// Calls a body, and the handlers that hear of it.
    fn call_and_tell<'a>(
        &'a self,
        mut guard: Guard<'a>,
        attempt: Attempt,
        worker: &mut Worker<'_>,
    ) -> Guard<'a> {
        let Some(progress) = guard.as_mut() else {
            return guard;
        };
        let (engine, begun) = (&mut progress.engine, worker.now());
        let is_called = match engine.starting(attempt, begun) {
            None => engine.call_straight(attempt, begun, &mut worker.inputs),
            Some(change) => {
                drop(guard);
                let answer = worker.tell_handlers(change);
                let now = worker.now();
                guard = self.lock();
                let Some(progress) = guard.as_mut() else {
                    return guard;
                };
                worker.count(progress, begun, now);
                let engine = &mut progress.engine;
                engine.starts(attempt, answer, now, &mut worker.inputs)
            }
        };
        if !is_called {
            return guard;
        }
        drop(guard);
        let started = worker.now();
        let outcome = worker.call(attempt);
        let now = worker.now();
        guard = self.lock();
        let (Some(outcome), Some(progress)) = (outcome, guard.as_mut()) else {
            return guard;
        };
        worker.count(progress, started, now);
        if let Some(change) = progress.engine.ending(attempt, started, outcome, now) {
            let ended = now;
            drop(guard);
            let answer = worker.tell_handlers(change);
            let now = worker.now();
            guard = self.lock();
            if let Some(progress) = guard.as_mut() {
                worker.count(progress, ended, now);
                progress.engine.ends(attempt, answer, now);
            }
        }
        guard
    }
}
