//! What the filters of a handler let through.
//!
//! Only states that are written by their bare names are judged: what a path or a constant means is
//! known to rustc alone.

use proc_macro2::Ident;
use syn::Expr;

use super::states::name;
use super::{Handler, HandlerOption, OptionValue};
use crate::diagnostics::Errors;

/// Every state and the one that it is a kind of, as in `StateKind` of the runtime: parents first.
pub(super) const KINDS: &[(&str, Option<&str>)] = &[
    ("Pending", None),
    ("Scheduled", Some("Pending")),
    ("Paused", Some("Scheduled")),
    ("Resume", Some("Scheduled")),
    ("Retrying", Some("Scheduled")),
    ("Submitted", None),
    ("Queued", None),
    ("ClientFailed", None),
    ("Running", None),
    ("Cancelling", Some("Running")),
    ("Finished", None),
    ("Success", Some("Finished")),
    ("Cached", Some("Success")),
    ("Mapped", Some("Success")),
    ("Skipped", Some("Success")),
    ("Looped", Some("Finished")),
    ("Cancelled", Some("Finished")),
    ("Failed", Some("Finished")),
    ("TimedOut", Some("Failed")),
    ("TriggerFailed", Some("Failed")),
    ("ValidationFailed", Some("Failed")),
];

/// States that only systems with agents have.
const ELSEWHERE: &[&str] = &["Submitted", "Queued", "ClientFailed"];

/// A state that never comes, why, and what to do.
pub(crate) struct Never {
    pub(crate) state: &'static str,
    pub(crate) because: &'static str,
    pub(crate) help: &'static str,
}

/// Refuses filters of one handler that together let nothing through, or of which one has no effect.
pub(super) fn check_together(options: &[HandlerOption], errors: &mut Errors) {
    let only = listed(options, "only_states");
    let Some((key, ignored)) = listed(options, "ignore_states") else {
        return;
    };
    let (Some(let_in), Some(kept_out)) = (
        only.map_or(Some(all()), |(_, states)| kinds_of(states)),
        kinds_of(ignored),
    ) else {
        return;
    };
    let left = without(&let_in, &kept_out);
    if left.iter().all(|kind| ELSEWHERE.contains(kind)) {
        let (message, help) = match only {
            Some(_) => (
                "`ignore_states` leaves nothing of `only_states`: the handler would never be called",
                "remove one of the two",
            ),
            None => (
                "`ignore_states` leaves nothing: the handler would never be called",
                "leave a state out of the list, or remove the handler",
            ),
        };
        errors.help(key, message, help);
    } else if left.len() == let_in.len() {
        errors.help(
            key,
            "`ignore_states` has no effect: `only_states` lets none of these states through",
            "remove `ignore_states`",
        );
    }
}

/// Refuses a handler whose filter waits for states that never come.
pub(crate) fn check_reachable<'a>(
    handlers: impl IntoIterator<Item = &'a Handler>,
    never: &[Never],
    errors: &mut Errors,
) {
    for handler in handlers {
        let Some((_, states)) = handler
            .options()
            .and_then(|only| listed(only, "only_states"))
        else {
            continue;
        };
        let Some(through) = through(handler) else {
            continue;
        };
        let comes =
            |kind: &&str| !ELSEWHERE.contains(kind) && never.iter().all(|no| no.state != *kind);
        if through.is_empty() || through.iter().any(comes) {
            continue;
        }
        // One that the other filter does not take away.
        let left =
            |state: &&Expr| name(state).is_some_and(|name| through.iter().any(|kind| name == kind));
        let Some(first) = states.iter().find(left) else {
            continue;
        };
        let reason = never
            .iter()
            .find(|never| name(first).is_some_and(|name| name == never.state));
        let (because, help) = reason.map_or(
            (
                "no run is ever in this state",
                "list another state, or remove the handler",
            ),
            |never| (never.because, never.help),
        );
        errors.help(
            first,
            format!("{because}: the handler would never be called"),
            help,
        );
    }
}

/// The states that a handler hears of, if all that its filters name is known.
pub(super) fn through(handler: &Handler) -> Option<Vec<&'static str>> {
    let Some(options) = handler.options() else {
        return Some(all());
    };
    let filter = |key| listed(options, key).map(|(_, states)| kinds_of(states));
    let let_in = filter("only_states").unwrap_or_else(|| Some(all()))?;
    let kept_out = filter("ignore_states").unwrap_or_else(|| Some(Vec::new()))?;
    Some(without(&let_in, &kept_out))
}

/// The states of one filter.
fn listed<'a>(options: &'a [HandlerOption], key: &str) -> Option<(&'a Ident, &'a [Expr])> {
    options.iter().find_map(|option| match &option.value {
        OptionValue::States(_, states) if option.key == key => Some((&option.key, &**states)),
        _ => None,
    })
}

/// The states and their kinds; `None` if one of them is not known here.
fn kinds_of(states: &[Expr]) -> Option<Vec<&'static str>> {
    let mut kinds = Vec::new();
    for state in states {
        let state = name(state)?.to_string();
        kinds.push(KINDS.iter().find(|(kind, _)| *kind == state)?.0);
    }
    Some(
        all()
            .into_iter()
            .filter(|kind| kinds.iter().any(|of| is(kind, of)))
            .collect(),
    )
}

fn all() -> Vec<&'static str> {
    KINDS.iter().map(|(kind, _)| *kind).collect()
}

fn without(these: &[&'static str], others: &[&str]) -> Vec<&'static str> {
    these
        .iter()
        .copied()
        .filter(|kind| !others.contains(kind))
        .collect()
}

/// Tells whether `state` is `kind` or a kind of it.
fn is(state: &str, kind: &str) -> bool {
    let parent = KINDS
        .iter()
        .find_map(|(child, parent)| parent.filter(|_| *child == state));
    state == kind || parent.is_some_and(|parent| is(parent, kind))
}
