//! Tasks that wait for a person.

use super::{Guard, Local};
use crate::engine::{Event, RunId, Runs};
use crate::plan::Plan;
use crate::state::StateKind;

/// A task run that waits for a person.
#[derive(Clone, Debug)]
pub struct Paused {
    name: String,
    index: Option<u32>,
    message: Option<String>,
}

impl Paused {
    fn new(plan: &Plan, runs: &Runs, run: RunId) -> Self {
        let cell = &runs[run];
        Self {
            name: plan.task_name(runs.node(run)).to_owned(),
            index: runs.index_of(run),
            message: cell.state.message().map(str::to_owned),
        }
    }

    /// The name of the task.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The index of the element, for a task in a loop.
    pub fn map_index(&self) -> Option<u32> {
        self.index
    }

    /// Why it is paused, if that was said.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

impl Local {
    /// Asks whether paused tasks are resumed; if none is, the run is left.
    pub(super) fn rest<'a>(&'a self, guard: Guard<'a>) -> Guard<'a> {
        let paused: Vec<_> = guard.as_ref().map_or(Vec::new(), |progress| {
            let runs = progress.engine.runs();
            let paused = runs
                .ids()
                .filter(|run| runs[*run].state.is(StateKind::Paused));
            paused
                .map(|run| (run, Paused::new(&self.info.plan, runs, run)))
                .collect()
        });
        // The answer may take a person some time.
        drop(guard);
        let asked = paused
            .into_iter()
            .filter(|(_, paused)| self.resume.as_ref().is_some_and(|resume| resume(paused)));
        let resumed: Vec<_> = asked.map(|(run, _)| run).collect();
        let mut guard = self.lock();
        if let Some(progress) = guard.as_mut() {
            if resumed.is_empty() {
                progress.engine.on(Event::Left, self.now());
            }
            for run in resumed {
                progress.engine.on(Event::Resumed { run }, self.now());
            }
        }
        guard
    }
}
