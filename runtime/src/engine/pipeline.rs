//! What one task run does next: the steps of its life, in their order, as functions of plain data.
//!
//! Every step gives a [`Move`]. One that changes the state is announced first; the handlers' answer
//! comes back to [`go_on`], which takes the step after it, judged by the state as it then is.

use crate::error::TaskError;
use crate::signal::Signal;
use crate::state::{State, StateKind, StateSet, Text};
use crate::task::{Outcome, TaskSpec};
use crate::timestamp::Timestamp;
use crate::value::Value;

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
    /// Start from the beginning, as the next iteration of a loop.
    Again,
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

    /// The run ends in `kind`.
    const fn end(kind: StateKind, text: Text) -> Self {
        Self::announce(State::saying(kind, text), Then::Rest)
    }
}

/// The step after a change, once its handlers have answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Look for a kept result.
    LookUp,
    /// Ask the trigger.
    Trigger,
    Execute,
    Retry,
    Rest,
    Over,
}

/// Whether a run in this state has anything to do now.
pub(super) fn may_begin(state: &State, now: Timestamp) -> bool {
    let kind = state.kind();
    let waits = match state.due() {
        Some(at) => at > now,
        None => kind.is(StateKind::Paused),
    };
    let kept = kind.is(StateKind::Mapped) || kind.is(StateKind::Cached);
    kept || (kind.is_pending() && !waits)
}

/// The first step: is the task skipped because an upstream is?
pub(super) fn skipped<'a>(
    spec: &TaskSpec,
    mut upstreams: impl Iterator<Item = &'a State>,
) -> Option<Move> {
    let skip = spec.skip_on_upstream_skip && upstreams.any(|state| state.kind().is_skipped());
    skip.then(upstream_skip)
}

pub(super) fn upstream_skip() -> Move {
    Move::end(StateKind::Skipped, Text::UpstreamSkipped)
}

/// The end of a run in an arm that was not taken.
pub(super) fn other_arm(text: &str) -> Move {
    let state = State::new(StateKind::Skipped).with_message(format!("`{text}` was not taken"));
    Move::announce(state, Then::Rest)
}

/// The end of a run in an arm of a branch that was not decided.
pub(super) fn no_arm() -> Move {
    Move::end(StateKind::TriggerFailed, Text::BranchUndecided)
}

/// The end of a parent whose loop has no lists.
pub(super) fn unmappable(text: Text) -> Move {
    Move::end(StateKind::Failed, text)
}

/// The end of a parent, which goes on in its children.
pub(super) fn mapped(children: usize) -> Move {
    Move::announce(State::mapped(children), Then::Rest)
}

/// The last step before the body: does the trigger let the task run?
pub(super) fn begin<'a>(
    spec: &TaskSpec,
    edges: usize,
    upstreams: impl Iterator<Item = &'a State> + Clone,
    state: &State,
    resumed: bool,
) -> Move {
    match spec.trigger.refusal(edges, upstreams, resumed) {
        Some(refusal) => Move::announce(refusal, Then::Rest),
        // A kept result, or what a handler made of it.
        None if !state.kind().is_pending() => Move::Rest,
        None => Move::announce(State::just(RUNNING), Then::Execute),
    }
}

/// The state of a task whose body is called.
pub(super) const RUNNING: (StateKind, Text) = (StateKind::Running, Text::Starting);

/// The state of a task whose body returned.
pub(super) const SUCCEEDED: (StateKind, Text) = (StateKind::Success, Text::Succeeded);

/// The step after the body: what its outcome makes of the state.
pub(super) fn finish(
    spec: &TaskSpec,
    outcome: Outcome,
    (attempt, iteration): (u32, u32),
    now: Timestamp,
) -> Move {
    let new = match outcome {
        Ok(returned) => State::with(SUCCEEDED, returned.0),
        Err(error) => match error.signal() {
            Some(signal) => signalled(signal, attempt, iteration, now),
            None => failed(error),
        },
    };
    let will_retry = retries(spec, &new, attempt);
    Move::Announce {
        new,
        then: Then::Retry,
        will_retry,
    }
}

fn failed(error: TaskError) -> State {
    if error.is_timeout() {
        return State::saying(StateKind::TimedOut, Text::TimedOut).with_error(error);
    }
    State::new(StateKind::Failed)
        .with_message(format!("Error during execution of task: {error}"))
        .with_error(error)
}

/// The state that a signal asks for.
fn signalled(signal: &Signal, attempt: u32, iteration: u32, now: Timestamp) -> State {
    let state = signal.state().clone().of_signal();
    match state.kind() {
        StateKind::Looped => {
            let state = state.with_iteration(iteration);
            match state.message() {
                Some(_) => state,
                None => state.with_message(format!("Task is looping ({iteration})")),
            }
        }
        StateKind::Retrying => state.at(Some(now + signal.delay().unwrap_or_default()), attempt),
        StateKind::Paused => state.at(signal.delay().map(|delay| now + delay), attempt),
        _ => state,
    }
}

/// How far a task run has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress<'a> {
    pub(super) attempt: u32,
    pub(super) iteration: u32,
    /// What the last iteration of a loop left.
    pub(super) carried: Option<&'a Value>,
}

/// The step after a change, judged by the state that the handlers left.
pub(super) fn go_on(
    then: Then,
    state: &State,
    spec: &TaskSpec,
    run: Progress<'_>,
    seed: u64,
    now: Timestamp,
) -> Move {
    let attempt = run.attempt;
    match then {
        Then::Execute if state.kind().is_running() => Move::Execute,
        Then::Retry if keeps(spec, state) => {
            let keep = spec
                .cache
                .as_ref()
                .and_then(|policy| policy.keep)
                .unwrap_or_default();
            Move::announce(kept(state, now + keep), Then::Rest)
        }
        Then::Retry if retries(spec, state, attempt) => {
            let delay = spec
                .retry_delay
                .map(|delay| delay.after(attempt, seed))
                .unwrap_or_default();
            let message = format!(
                "Retrying Task (after attempt {attempt} of {})",
                spec.max_retries + 1
            );
            let mut state = State::new(StateKind::Retrying).at(Some(now + delay), attempt);
            if run.iteration > 1 {
                state = state.in_loop(run.iteration, run.carried);
            }
            Move::announce(state.with_message(message), Then::Rest)
        }
        Then::Retry if state.is(StateKind::Looped) => Move::Again,
        Then::LookUp | Then::Trigger | Then::Execute | Then::Retry | Then::Rest => Move::Rest,
        Then::Over => Move::Over,
    }
}

fn keeps(spec: &TaskSpec, state: &State) -> bool {
    let good = state.kind().is_successful() && !state.kind().is_skipped();
    good && spec
        .cache
        .as_ref()
        .is_some_and(|policy| policy.keep.is_some())
}

/// The same state as one whose result is kept.
fn kept(state: &State, expires: Timestamp) -> State {
    State::kept_until(Some(expires))
        .with_result_of(state)
        .with_message_of(state)
}

/// The step of a run that was given a kept result which is not good any more.
pub(super) fn invalid_cache() -> Move {
    Move::announce(
        State::saying(StateKind::Pending, Text::CacheInvalid),
        Then::LookUp,
    )
}

/// The step of a run for which there is a kept result.
pub(super) fn cache_hit(kept: &State) -> Move {
    Move::announce(kept.clone(), Then::Trigger)
}

fn retries(spec: &TaskSpec, state: &State, attempt: u32) -> bool {
    state.kind().is_failed() && attempt <= spec.max_retries && spec.retries_on(state)
}

/// What the handlers' answer makes of the state, and whether the run ends with it.
///
/// A handler that fails ends the run, which is neither announced nor retried. One that signals gives
/// the state to take; a pause ends the run for now.
pub(super) fn answer(
    answer: Result<State, TaskError>,
    (attempt, iteration): (u32, u32),
    now: Timestamp,
) -> (State, bool) {
    let error = match answer {
        // What a handler schedules remembers how often the task was started.
        Ok(state) if state.kind().is_scheduled() && state.attempts().is_none() => {
            return (state.with_attempts(attempt), false);
        }
        Ok(state) => return (state, false),
        Err(error) => error,
    };
    if let Some(signal) = error.signal() {
        let state = signalled(signal, attempt, iteration, now);
        let ends = signal.ends_run() || state.is(StateKind::Paused);
        return (state, ends);
    }
    let state = State::new(StateKind::Failed)
        .with_message(format!(
            "Unexpected error while calling state handlers: {error}"
        ))
        .with_error(error);
    (state, true)
}

/// The end of a task run that was stopped.
pub(super) fn cancelled() -> Move {
    Move::announce(
        State::saying(StateKind::Cancelled, Text::Cancelled),
        Then::Over,
    )
}

/// The state of a flow whose task runs are all over, from the kinds of states of its reference tasks.
pub(super) fn flow_state(references: StateSet, cancelled: bool) -> State {
    const FAILED: StateSet = StateSet::new(&[StateKind::Failed]);
    const SUCCESSFUL: StateSet = StateSet::new(&[StateKind::Success]);
    let (kind, text) = if cancelled {
        (StateKind::Cancelled, Text::Cancelled)
    } else if references.without(FAILED) != references {
        (StateKind::Failed, Text::ReferencesFailed)
    } else if references.is_within(SUCCESSFUL) {
        (StateKind::Success, Text::ReferencesSucceeded)
    } else {
        (StateKind::Success, Text::NoReferenceFailed)
    };
    State::saying(kind, text)
}
