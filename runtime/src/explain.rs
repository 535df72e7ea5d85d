//! Why a task run ended as it did: the chain of what led to it.

use crate::engine::{Engine, RunId};
use crate::plan::{NodeId, Plan};
use crate::state::StateKind;

/// The answer, one line for each link of the chain, from the task back to the cause.
pub(crate) fn explain(plan: &Plan, engine: &Engine, node: NodeId) -> String {
    let mut lines = Vec::new();
    let mut at = node;
    loop {
        let state = &engine.runs()[RunId::root(at)].state;
        let name = plan.task_name(at);
        let message = state
            .message()
            .map(|message| format!(": {message}"))
            .unwrap_or_default();
        let because = if lines.is_empty() { "" } else { "because " };
        lines.push(format!("{because}`{name}` is {}{message}", state.kind()));
        match cause(plan, engine, at) {
            Some(cause) => at = cause,
            None => return lines.join("\n  "),
        }
    }
}

/// The upstream that a state follows from.
fn cause(plan: &Plan, engine: &Engine, node: NodeId) -> Option<NodeId> {
    let state = |node: NodeId| &engine.runs()[RunId::root(node)].state;
    let failed = |node: &NodeId| has(engine, *node, StateKind::Failed);
    let ups = || plan.edges(node).iter().map(|edge| edge.up);
    match state(node).kind() {
        StateKind::TriggerFailed => ups().find(failed),
        StateKind::Skipped => ups().find(|up| has(engine, *up, StateKind::Skipped)),
        kind if kind.is_pending() => ups().find(|up| !state(*up).kind().is_finished()),
        _ => None,
    }
}

/// Whether a task, or its run for one of the elements of a loop, is in such a state.
fn has(engine: &Engine, node: NodeId, kind: StateKind) -> bool {
    let mut leaves = Vec::new();
    engine.runs().leaves(RunId::root(node), &mut leaves);
    leaves.iter().any(|run| engine.runs()[*run].state.is(kind))
}
