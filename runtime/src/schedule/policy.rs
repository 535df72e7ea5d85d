//! Which run to start next, and when: the decisions of a served flow, without a clock.

use std::collections::VecDeque;
use std::iter::Peekable;

use jiff::Timestamp;

use super::{ScheduledRun, ScheduledRuns};

/// What becomes of a run that could not start at its time.
///
/// It could not if the run before it was still running, and runs may not
/// [overlap](crate::schedule::Serve::overlap), or if the computer slept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missed {
    /// It does not take place: the flow waits for the next time that is to come.
    ///
    /// Of the runs that a computer slept through the last one takes place, late.
    #[default]
    Skip,
    /// It takes place as soon as it can, after those that were missed before it.
    CatchUp,
}

/// What to do next.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    Start(ScheduledRun),
    /// Ask again at this time, or when a run has ended.
    WaitUntil(Timestamp),
    /// Ask again when a run has ended.
    WaitForRun,
    /// There are no more runs, and none is running.
    Finish,
}

/// The runs that are to come, and what has to be known to tell which were missed.
#[derive(Debug)]
pub(crate) struct Policy {
    runs: Peekable<ScheduledRuns>,
    overlap: bool,
    missed: Missed,
    /// Runs of one time that is due: the latest, if others are skipped.
    due: VecDeque<ScheduledRun>,
    /// The scheduled time of the latest run.
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    skipped: u64,
}

impl Policy {
    pub(crate) fn new(runs: ScheduledRuns, overlap: bool, missed: Missed) -> Self {
        Self {
            runs: runs.peekable(),
            overlap,
            missed,
            due: VecDeque::new(),
            started: None,
            ended: None,
            skipped: 0,
        }
    }

    /// Tells whether there is no run to come.
    pub(crate) fn is_empty(&mut self) -> bool {
        self.runs.peek().is_none()
    }

    /// What to do at `now`, while this many runs are running.
    pub(crate) fn next(&mut self, now: Timestamp, running: usize) -> Step {
        if running > 0 && !self.overlap {
            return Step::WaitForRun;
        }
        if let Some(run) = self.take_due(now) {
            self.started = Some(run.at().timestamp());
            return Step::Start(run);
        }
        match self.runs.peek() {
            Some(run) => Step::WaitUntil(run.at().timestamp()),
            None if running > 0 => Step::WaitForRun,
            None => Step::Finish,
        }
    }

    /// Takes note that a run ended at `now`.
    pub(crate) fn run_ended(&mut self, now: Timestamp) {
        self.ended = Some(now);
    }

    /// How many runs were skipped since the last call.
    pub(crate) fn take_skipped(&mut self) -> u64 {
        std::mem::take(&mut self.skipped)
    }

    fn take_due(&mut self, now: Timestamp) -> Option<ScheduledRun> {
        let is_due = |run: &ScheduledRun| run.at().timestamp() <= now;
        if self.missed == Missed::CatchUp {
            return self.runs.next_if(is_due);
        }
        while let Some(run) = self.runs.next_if(is_due) {
            let at = run.at().timestamp();
            if self.passed_during_a_run(at) {
                self.skipped += 1;
                continue;
            }
            // A later time takes the place of an earlier one. Runs of one time differ in parameters.
            if self
                .due
                .back()
                .is_some_and(|due| due.at().timestamp() != at)
            {
                self.skipped += self.due.drain(..).count() as u64;
            }
            self.due.push_back(run);
        }
        self.due.pop_front()
    }

    fn passed_during_a_run(&self, at: Timestamp) -> bool {
        !self.overlap && Some(at) != self.started && self.ended.is_some_and(|ended| at <= ended)
    }
}

#[cfg(test)]
mod tests;
