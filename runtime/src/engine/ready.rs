//! The runs that are ready to begin, in the order in which they do.

use std::collections::VecDeque;
use std::ops::Range;

use super::RunId;

/// Two ends of one queue: most runs are added where they are taken, and a `Vec` does that in fewer steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Ready {
    /// What goes first, from the last to the first.
    first: Vec<RunId>,
    /// What comes then, by its numbers: the elements of a loop are one range.
    then: VecDeque<Range<u32>>,
    /// How many those are.
    later: usize,
}

impl Ready {
    /// Adds a run before all others.
    #[inline]
    pub(super) fn push_first(&mut self, run: RunId) {
        self.first.push(run);
    }

    /// Adds a run after all others.
    pub(super) fn push_last(&mut self, RunId(run): RunId) {
        match self.then.back_mut() {
            Some(last) if last.end == run => last.end += 1,
            _ => self.then.push_back(run..run + 1),
        }
        self.later += 1;
    }

    /// Adds runs after all others, by their numbers.
    pub(super) fn extend(&mut self, runs: Range<u32>) {
        if runs.start < runs.end {
            self.later += runs.len();
            self.then.push_back(runs);
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<RunId> {
        match self.first.pop() {
            None => self.pop_later(),
            first => first,
        }
    }

    /// The run that is next.
    pub(super) fn next(&self) -> Option<RunId> {
        let then = || self.then.front().map(|runs| RunId(runs.start));
        self.first.last().copied().or_else(then)
    }

    fn pop_later(&mut self) -> Option<RunId> {
        let runs = self.then.front_mut()?;
        let run = runs.start;
        runs.start += 1;
        if runs.start == runs.end {
            self.then.pop_front();
        }
        self.later -= 1;
        Some(RunId(run))
    }

    pub(super) fn len(&self) -> usize {
        self.first.len() + self.later
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
