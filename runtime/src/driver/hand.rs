//! What a worker has taken from the engine at once, where others can reach it.
//!
//! A worker takes several short things to do under one lock, and tells their ends under one lock. One of
//! them may turn out to be long: so what waits behind it can be taken by other workers, and so can the
//! ends that wait to be told.

use std::collections::VecDeque;

use crate::context::Past;
use crate::engine::{Attempt, Change, Event};
use crate::input::{Inputs, Slot};
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
    /// The jobs, each with the number of its inputs.
    pub(super) jobs: VecDeque<(Job, usize)>,
    /// The inputs of the jobs, in their order.
    inputs: VecDeque<Slot>,
    pub(super) done: Vec<Done>,
}

impl Hand {
    /// Adds a job, with its inputs.
    pub(super) fn take(&mut self, job: &mut Option<Job>, inputs: &mut Inputs) {
        self.jobs.extend(job.take().map(|job| (job, inputs.len())));
        self.inputs.extend(inputs.drain());
    }

    /// Takes the next job, and its inputs.
    pub(super) fn next(&mut self, inputs: &mut Inputs) -> Option<Job> {
        let (job, count) = self.jobs.pop_front()?;
        inputs.extend(self.inputs.drain(..count));
        Some(job)
    }

    /// Takes the later half of the jobs of another hand.
    pub(super) fn steal(&mut self, other: &mut Self) {
        let stolen = other.jobs.len().div_ceil(2);
        let kept = other.jobs.len() - stolen;
        self.jobs.extend(other.jobs.drain(kept..));
        let inputs: usize = self.jobs.iter().map(|(_, inputs)| inputs).sum();
        let kept = other.inputs.len() - inputs;
        self.inputs.extend(other.inputs.drain(kept..));
    }
}
