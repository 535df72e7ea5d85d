//! Files that hold the results of tasks.

use crate::cache::{Store, Target};
use crate::plan::Plan;
use crate::task::Outcome;

/// What the targets of a plan's tasks hold, where they are there.
pub(crate) fn read(plan: &Plan) -> Store {
    let targets = plan
        .ids()
        .filter_map(|node| plan.spec(node).target.as_ref());
    let found = |target: &Target| {
        let content = std::fs::read_to_string(&target.path).ok()?;
        Some((target.key(), vec![target.found(&content)?]))
    };
    targets.filter_map(|target| found(target)).collect()
}

/// Writes a result; one that cannot be written is computed again the next time.
pub(super) fn write(target: &Target, outcome: &Outcome) {
    let Some(content) = target.content(outcome) else {
        return;
    };
    if let Err(error) = std::fs::write(&target.path, content) {
        tracing::warn!(path = %target.path.display(), %error, "cannot write a task's target");
    }
}
