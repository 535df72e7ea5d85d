//! Triggers: whether a task runs, judged by the states upstream.
//!
//! A trigger is asked only when every upstream is finished, and never when a skip upstream skips the
//! task too.
#![expect(
    non_upper_case_globals,
    reason = "a trigger is written like the function it stands for"
)]

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::error::TaskError;
use crate::state::{State, StateKind, Text};

/// Runs the task when every upstream succeeded; a skip is a success. The default.
pub const all_successful: Trigger = Trigger(Rule::AllSuccessful);

/// Runs the task when every upstream failed.
pub const all_failed: Trigger = Trigger(Rule::AllFailed);

/// Runs the task when it has no upstream, or at least one succeeded.
pub const any_successful: Trigger = Trigger(Rule::AnySuccessful);

/// Runs the task when it has no upstream, or at least one failed.
pub const any_failed: Trigger = Trigger(Rule::AnyFailed);

/// Runs the task when every upstream is finished, whatever came of it.
pub const all_finished: Trigger = Trigger(Rule::AllFinished);

/// Runs the task when every upstream succeeded, and skips it when all of them were skipped.
pub const not_all_skipped: Trigger = Trigger(Rule::NotAllSkipped);

/// Pauses the task until a person resumes it.
pub const manual_only: Trigger = Trigger(Rule::ManualOnly);

/// Runs the task when the number of successful upstreams is within bounds: see
/// [`at_least`](Trigger::at_least) and [`at_most`](Trigger::at_most).
pub const some_successful: Trigger = Trigger(Rule::Some(Counted::Successful, Bounds::NONE));

/// Runs the task when the number of failed upstreams is within bounds: see
/// [`at_least`](Trigger::at_least) and [`at_most`](Trigger::at_most).
pub const some_failed: Trigger = Trigger(Rule::Some(Counted::Failed, Bounds::NONE));

/// When a task may run: one of the constants of this module, or a [`custom`] rule.
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
///
/// #[task(trigger = any_failed)]
/// fn clean_up() {}
///
/// #[task(trigger = some_successful(at_least = 0.5))]
/// fn report() {}
/// ```
#[derive(Clone)]
pub struct Trigger(Rule);

/// A trigger of one's own: says yes, says no, or fails with an error.
///
/// It is given the states upstream, each once, in the order of their declaration.
pub fn custom<R>(rule: impl Fn(&[&State]) -> R + Send + Sync + 'static) -> Trigger
where
    R: Into<Verdict>,
{
    let rule = move |upstream: &[&State]| {
        // The engine must survive whatever a rule does.
        catch_unwind(AssertUnwindSafe(|| rule(upstream).into()))
            .unwrap_or_else(|panic| Verdict(Err(TaskError::from_panic(&*panic))))
    };
    Trigger(Rule::Custom(Arc::new(rule)))
}

/// What a [`custom`] trigger says.
#[derive(Clone, Debug)]
pub struct Verdict(Result<bool, TaskError>);

impl From<bool> for Verdict {
    fn from(run: bool) -> Self {
        Self(Ok(run))
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<Result<bool, E>> for Verdict {
    fn from(verdict: Result<bool, E>) -> Self {
        Self(verdict.map_err(TaskError::new))
    }
}

type CustomRule = dyn Fn(&[&State]) -> Verdict + Send + Sync;

#[derive(Clone)]
enum Rule {
    AllSuccessful,
    AllFailed,
    AnySuccessful,
    AnyFailed,
    AllFinished,
    NotAllSkipped,
    ManualOnly,
    Some(Counted, Bounds),
    /// The first upstream is what there is to clean up.
    CleanUp,
    Custom(Arc<CustomRule>),
}

#[derive(Clone, Copy, Debug)]
enum Counted {
    Successful,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Bounds {
    at_least: Option<f64>,
    at_most: Option<f64>,
}

impl Bounds {
    const NONE: Self = Self {
        at_least: None,
        at_most: None,
    };

    fn contain(self, count: usize, of: usize) -> bool {
        // Below 1 a bound is a share of the upstreams, from 1 on it is a number of them.
        let number = |bound: f64| {
            if bound < 1.0 {
                bound * as_f64(of)
            } else {
                bound
            }
        };
        let count = as_f64(count);
        self.at_least.is_none_or(|least| count >= number(least))
            && self.at_most.is_none_or(|most| count <= number(most))
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a flow has fewer than 2^52 task runs"
)]
fn as_f64(count: usize) -> f64 {
    count as f64
}

impl Trigger {
    /// Sets the lower bound of [`some_successful`] or [`some_failed`]: a number of upstreams, or a
    /// share of them if it is below 1. Other triggers have no bounds and stay as they are.
    #[must_use]
    pub fn at_least(self, bound: impl Into<f64>) -> Self {
        self.bounded(|bounds| bounds.at_least = Some(bound.into()))
    }

    /// Sets the upper bound of [`some_successful`] or [`some_failed`]: a number of upstreams, or a
    /// share of them if it is below 1. Other triggers have no bounds and stay as they are.
    #[must_use]
    pub fn at_most(self, bound: impl Into<f64>) -> Self {
        self.bounded(|bounds| bounds.at_most = Some(bound.into()))
    }

    fn bounded(mut self, set: impl FnOnce(&mut Bounds)) -> Self {
        if let Rule::Some(_, bounds) = &mut self.0 {
            set(bounds);
        }
        self
    }

    /// Runs a clean-up if there is something to clean up, whatever the tasks came to that used it.
    pub(crate) const fn clean_up() -> Self {
        Self(Rule::CleanUp)
    }

    /// Tells whether it is that of a clean-up.
    pub(crate) const fn cleans_up(&self) -> bool {
        matches!(self.0, Rule::CleanUp)
    }

    /// Tells whether it is the trigger of tasks that name none.
    pub(crate) const fn is_default(&self) -> bool {
        matches!(self.0, Rule::AllSuccessful)
    }

    /// Tells whether the trigger runs a task only if every upstream succeeded.
    pub(crate) fn needs_success(&self) -> bool {
        matches!(self.0, Rule::AllSuccessful | Rule::NotAllSkipped)
    }

    /// The state that a task ends in instead of running, if it may not run.
    ///
    /// An edge may stand for no state at all, or for many: those of the children of a map.
    pub(crate) fn refusal<'a>(
        &self,
        edges: usize,
        upstream: impl Iterator<Item = &'a State> + Clone,
        resumed: bool,
    ) -> Option<State> {
        let kinds = upstream.clone().map(State::kind);
        let count = |is: fn(StateKind) -> bool| kinds.clone().filter(|kind| is(*kind)).count();
        let all = |is: fn(StateKind) -> bool| kinds.clone().all(is);
        let any = |is: fn(StateKind) -> bool| edges == 0 || kinds.clone().any(is);
        let (run, otherwise) = match &self.0 {
            Rule::AllSuccessful => (all(StateKind::is_successful), Text::NotAllSuccessful),
            Rule::AllFailed => (all(StateKind::is_failed), Text::NotAllFailed),
            Rule::AnySuccessful => (any(StateKind::is_successful), Text::NoneSuccessful),
            Rule::AnyFailed => (any(StateKind::is_failed), Text::NoneFailed),
            Rule::AllFinished => (all(StateKind::is_finished), Text::NotAllFinished),
            Rule::NotAllSkipped if all(StateKind::is_skipped) => {
                return Some(State::saying(StateKind::Skipped, Text::AllSkipped));
            }
            Rule::NotAllSkipped => (all(StateKind::is_successful), Text::SomeFailedNotSkipped),
            Rule::ManualOnly if resumed => return None,
            Rule::ManualOnly => {
                return Some(State::saying(StateKind::Paused, Text::ManualOnly));
            }
            Rule::Some(counted, bounds) => {
                let (is, otherwise): (fn(StateKind) -> bool, _) = match counted {
                    Counted::Successful => (StateKind::is_successful, Text::TooFewSuccessful),
                    Counted::Failed => (StateKind::is_failed, Text::TooFewFailed),
                };
                let run = edges == 0 || bounds.contain(count(is), kinds.clone().count());
                (run, otherwise)
            }
            Rule::CleanUp => {
                let message = match kinds.clone().next() {
                    Some(kind) if kind.is_skipped() => "Resource manager setup skipped",
                    Some(kind) if !kind.is_successful() => "Resource manager setup failed",
                    _ => return None,
                };
                return Some(State::new(StateKind::Skipped).with_message(message));
            }
            Rule::Custom(rule) => match rule(&upstream.collect::<Vec<_>>()).0 {
                Ok(run) => (run, Text::TriggerFailed),
                Err(error) if error.signal().is_some() => {
                    return error.signal().map(|signal| signal.state().clone());
                }
                Err(error) => {
                    let message = format!("Unexpected error while checking task trigger: {error}");
                    let state = State::new(StateKind::TriggerFailed).with_message(message);
                    return Some(state.with_error(error));
                }
            },
        };
        (!run).then(|| State::saying(StateKind::TriggerFailed, otherwise).of_signal())
    }
}

impl fmt::Debug for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Rule::AllSuccessful => f.write_str("all_successful"),
            Rule::AllFailed => f.write_str("all_failed"),
            Rule::AnySuccessful => f.write_str("any_successful"),
            Rule::AnyFailed => f.write_str("any_failed"),
            Rule::AllFinished => f.write_str("all_finished"),
            Rule::NotAllSkipped => f.write_str("not_all_skipped"),
            Rule::ManualOnly => f.write_str("manual_only"),
            Rule::Some(Counted::Successful, bounds) => write!(f, "some_successful({bounds:?})"),
            Rule::Some(Counted::Failed, bounds) => write!(f, "some_failed({bounds:?})"),
            Rule::CleanUp => f.write_str("clean_up"),
            Rule::Custom(_) => f.write_str("custom(..)"),
        }
    }
}

#[cfg(test)]
mod tests;
