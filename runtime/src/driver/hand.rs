//! What a worker has taken from the engine at once, where others can reach it.
//!
//! A worker takes several short things to do under one lock, and tells their ends under one lock. One of
//! them may turn out to be long: so what waits behind it can be taken by other workers, and so can the
//! ends that wait to be told.

use std::collections::VecDeque;

use crate::context::Past;
use crate::engine::{Attempt, Change, Event};
use crate::input::{InputQueue, Inputs, Share};
use crate::timestamp::Timestamp;

/// One thing to do for the engine.
pub(super) enum Job {
    /// Run the body of a task.
    Execute {
        attempt: Attempt,
        past: Option<Box<Past>>,
    },
    /// Ask the handlers of a task run, or of the flow.
    Handle {
        change: Change,
        past: Option<Box<Past>>,
    },
}

/// What came of one.
pub(super) struct Done {
    pub(super) event: Event,
    pub(super) at: Timestamp,
}

#[derive(Default)]
pub(super) struct Hand {
    /// The jobs, each with its share of the inputs.
    pub(super) jobs: VecDeque<(Job, Share)>,
    inputs: InputQueue,
    pub(super) done: Vec<Done>,
}

impl Hand {
    /// Adds a job, with its inputs.
    pub(super) fn take(&mut self, job: Job, inputs: &mut Inputs) {
        let share = self.inputs.put(inputs);
        self.jobs.push_back((job, share));
    }

    /// Takes the next job, and its inputs.
    pub(super) fn next(&mut self, inputs: &mut Inputs) -> Option<Job> {
        let (job, share) = self.jobs.pop_front()?;
        self.inputs.take(share, inputs);
        Some(job)
    }

    /// Takes the later half of the jobs out.
    pub(super) fn split(&mut self) -> Self {
        let kept = self.jobs.len() / 2;
        let jobs = self.jobs.split_off(kept);
        let inputs = self.inputs.split_off(jobs.iter().map(|(_, share)| *share));
        Self {
            jobs,
            inputs,
            done: Vec::new(),
        }
    }
}
