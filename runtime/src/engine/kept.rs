//! Results that earlier runs kept, and those that this run keeps.

use super::pipeline::{self, Move};
use super::{Engine, RunId};
use crate::cache::{Kept, Origin, Store};
use crate::input::Inputs;
use crate::state::StateKind;
use crate::task::Outcome;
use crate::timestamp::Timestamp;

impl Engine {
    /// What this run keeps.
    pub(crate) fn take_kept(&mut self) -> Store {
        std::mem::take(&mut self.keeping)
    }

    /// The step of a task that may have a kept result: is the one it was given still good?
    pub(super) fn check_cache(&mut self, run: RunId, now: Timestamp) -> Move {
        let origin = self.origin(run);
        let cell = &mut self.runs[run];
        let given = cell.state.is(StateKind::Cached).then(|| Kept {
            state: cell.state.clone(),
            index: None,
            expires: cell.state.expires(),
            origin: origin.clone(),
        });
        cell.more().origin = Some(origin);
        let spec = self.spec(run);
        // Where there is a target, nothing else says whether a result is good.
        let Some(given) = given.filter(|_| spec.target.is_none()) else {
            return self.look_up(run, now);
        };
        let good = spec
            .cache
            .as_ref()
            .is_some_and(|policy| policy.validator().accepts(&given, &given.origin, now));
        match good {
            true => self.go_to_trigger(run),
            // One step, so one change: to another kept result, or to none.
            false => self.hit(run, now).unwrap_or_else(pipeline::invalid_cache),
        }
    }

    /// The step after that: is there another one?
    pub(super) fn look_up(&self, run: RunId, now: Timestamp) -> Move {
        self.hit(run, now)
            .unwrap_or_else(|| self.go_to_trigger(run))
    }

    fn hit(&self, run: RunId, now: Timestamp) -> Option<Move> {
        let cell = &self.runs[run];
        let spec = self.spec(run);
        let index = self.runs.index_of(run);
        let kept = match &spec.target {
            Some(target) => self.kept.get(&target.key())?.first()?,
            None => {
                let policy = spec.cache.as_ref()?;
                let origin = cell.origin()?;
                let accepted = |kept: &&Kept| {
                    kept.index == index && policy.validator().accepts(kept, origin, now)
                };
                let all = self.kept.get(&spec.cache_key_or_name()?)?;
                all.iter().find(accepted)?
            }
        };
        Some(pipeline::cache_hit(&kept.state))
    }

    /// Takes note of what the target of a task holds from now on.
    pub(super) fn keep_target(&mut self, run: RunId, outcome: &Outcome) {
        let spec = self.spec(run);
        if let Some(target) = spec.target.as_ref().filter(|_| self.checkpointing)
            && let Some(content) = target.content(outcome)
            && let Some(kept) = target.found(&content)
        {
            self.kept.insert(target.key(), vec![kept]);
        }
    }

    /// Keeps the result of a run that is over, for later ones.
    pub(super) fn keep(&mut self, run: RunId) {
        let cell = &self.runs[run];
        // A result that never gets old was given to the run, or is in a file.
        let expires = cell.state.expires();
        let (true, Some(_), Some(origin)) =
            (cell.state.is(StateKind::Cached), expires, cell.origin())
        else {
            return;
        };
        let spec = self.spec(run);
        let Some(key) = spec.cache_key_or_name() else {
            return;
        };
        let kept = Kept {
            state: cell.state.clone(),
            index: self.runs.index_of(run),
            expires,
            origin: origin.clone(),
        };
        self.keeping.entry(key).or_default().push(kept);
    }

    /// What the result of a run is made of, as texts.
    fn origin(&mut self, run: RunId) -> Origin {
        let plan = self.plan.clone();
        let spec = plan.spec(self.runs.node(run));
        let mut slots = Inputs::default();
        if self.inputs(self.attempt(run), &mut slots).is_err() {
            // Without a value the body is not called either, and there is nothing to compare.
            slots.clear();
        }
        let inputs = slots.drain().enumerate().map(|(at, slot)| {
            let name = spec.parameters.get(at).unwrap_or_default().to_owned();
            let reading = slot.read().ok();
            let text = reading.and_then(|reading| spec.texts?.of(at, &reading));
            (name, text)
        });
        Origin {
            inputs: inputs.collect(),
            parameters: self.parameter_prints.clone(),
        }
    }
}
