//! The runs that are ready to begin, in the order in which they do.

use std::collections::VecDeque;

use super::RunId;

/// Two ends of one queue: most runs are added where they are taken, and a `Vec` does that in fewer steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Ready {
    /// What goes first, from the last to the first.
    first: Vec<RunId>,
    then: VecDeque<RunId>,
}

impl Ready {
    /// Adds a run before all others.
    #[inline]
    pub(super) fn push_first(&mut self, run: RunId) {
        self.first.push(run);
    }

    /// Adds a run after all others.
    pub(super) fn push_last(&mut self, run: RunId) {
        self.then.push_back(run);
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<RunId> {
        match self.first.pop() {
            None => self.then.pop_front(),
            first => first,
        }
    }

    /// The run that is next.
    pub(super) fn next(&self) -> Option<RunId> {
        self.first.last().or_else(|| self.then.front()).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.first.len() + self.then.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
