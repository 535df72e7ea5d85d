//! What one task run does next: the steps of its life, in their order, as functions of plain data.
//!
//! Every step gives a [`Move`]. One that changes the state is announced first; the handlers' answer
//! comes back to [`go_on`], which takes the step after it, judged by the state as it then is.

use std::time::SystemTime;

use crate::error::TaskError;
use crate::state::{State, StateKind};
use crate::task::{Outcome, TaskSpec};

/// What a task run does next.
#[derive(Debug)]
pub(super) enum Move {
    /// Take the state `new`, and then do what `then` says.
    Announce {
        new: State,
        then: Then,
        will_retry: bool,
    },
    /// Call the body.
    Execute,
    /// Nothing now: the state says what is waited for.
    Rest,
    /// Nothing ever: the task run is over, whatever its state.
    Over,
}

impl Move {
    const fn announce(new: State, then: Then) -> Self {
        Self::Announce {
            new,
            then,
            will_retry: false,
        }
    }
}

/// The step after a change, once its handlers have answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Execute,
    Retry,
    Rest,
    Over,
}

/// The steps before the body: is the task skipped, does its trigger let it run?
pub(super) fn begin<'a>(
    spec: &TaskSpec,
    upstreams: impl ExactSizeIterator<Item = &'a State> + Clone,
) -> Move {
    if spec.skip_on_upstream_skip && upstreams.clone().any(|state| state.kind().is_skipped()) {
        let message = "Upstream task was skipped; if this was not the intended behavior, consider \
                       changing `skip_on_upstream_skip=False` for this task.";
        return Move::announce(
            State::new(StateKind::Skipped).with_message(message),
            Then::Rest,
        );
    }
    if let Some(refusal) = spec.trigger.refusal(upstreams.len(), upstreams) {
        return Move::announce(refusal, Then::Rest);
    }
    let running = State::new(StateKind::Running).with_message("Starting task run.");
    Move::announce(running, Then::Execute)
}

/// The step after the body: what its outcome makes of the state.
pub(super) fn finish(spec: &TaskSpec, outcome: Outcome, attempt: u32) -> Move {
    let new = match outcome {
        Ok(returned) => State::new(StateKind::Success)
            .with_message("Task run succeeded.")
            .with_value(returned.0),
        Err(error) if error.is_timeout() => State::new(StateKind::TimedOut)
            .with_message("Task timed out during execution.")
            .with_error(error),
        Err(error) => State::new(StateKind::Failed)
            .with_message(format!("Error during execution of task: {error}"))
            .with_error(error),
    };
    let will_retry = retries(spec, &new, attempt);
    Move::Announce {
        new,
        then: Then::Retry,
        will_retry,
    }
}

/// The step after a change, judged by the state that the handlers left.
pub(super) fn go_on(
    then: Then,
    state: &State,
    spec: &TaskSpec,
    attempt: u32,
    now: SystemTime,
) -> Move {
    match then {
        Then::Execute if state.kind().is_running() => Move::Execute,
        Then::Retry if retries(spec, state, attempt) => {
            let delay = spec
                .retry_delay
                .map(|delay| delay.after(attempt))
                .unwrap_or_default();
            let message = format!(
                "Retrying Task (after attempt {attempt} of {})",
                spec.max_retries + 1
            );
            let state = State::retrying(now + delay, attempt).with_message(message);
            Move::announce(state, Then::Rest)
        }
        Then::Execute | Then::Retry | Then::Rest => Move::Rest,
        Then::Over => Move::Over,
    }
}

fn retries(spec: &TaskSpec, state: &State, attempt: u32) -> bool {
    state.kind().is_failed() && attempt <= spec.max_retries
}

/// The end of a task run, or of the flow, whose handler failed: neither announced nor retried.
pub(super) fn broken_handler(error: TaskError) -> State {
    State::new(StateKind::Failed)
        .with_message(format!(
            "Unexpected error while calling state handlers: {error}"
        ))
        .with_error(error)
}

/// The end of a task run that was stopped.
pub(super) fn cancelled() -> Move {
    let state = State::new(StateKind::Cancelled).with_message("The flow run was cancelled.");
    Move::announce(state, Then::Over)
}

/// The state of a flow whose task runs are all over, from those of its reference tasks.
pub(super) fn flow_state<'a>(
    mut references: impl Iterator<Item = &'a State> + Clone,
    cancelled: bool,
) -> State {
    let (kind, message) = if cancelled {
        (StateKind::Cancelled, "The flow run was cancelled.")
    } else if references.clone().any(|state| state.kind().is_failed()) {
        (StateKind::Failed, "Some reference tasks failed.")
    } else if references.all(|state| state.kind().is_successful()) {
        (StateKind::Success, "All reference tasks succeeded.")
    } else {
        (StateKind::Success, "No reference tasks failed.")
    };
    State::new(kind).with_message(message)
}
