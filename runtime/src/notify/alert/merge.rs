//! Several changes in one alert: the first are kept, all are counted.

use super::{Alert, Event, Group};
use crate::state::StateKind;

/// How many changes a digest lists one by one; more of them are counted.
pub(super) const LISTED: usize = 10;
/// How many failures a digest quotes beyond those.
const QUOTED: usize = 5;
/// How many groups of changes are counted apart.
const GROUPS: usize = 50;

impl Alert {
    /// Tells of the changes of `later` too, which is about the same run.
    pub(in crate::notify) fn merge(&mut self, later: Self) {
        if self.groups.is_empty() {
            self.groups = self.counted();
        }
        for group in later.counted() {
            self.count(group);
        }
        self.total += later.total;
        self.repeated |= later.repeated;
        self.message = None;
        for who in later.mentions {
            self.mention(who);
        }
        for event in later.events.into_iter().chain(later.failures) {
            if self.events.len() < LISTED {
                self.events.push(event);
            } else if event.kind.is_failed() && self.failures.len() < QUOTED {
                self.failures.push(event);
            }
        }
    }

    fn count(&mut self, group: Group) {
        let known = self
            .groups
            .iter_mut()
            .find(|known| known.kind == group.kind && known.name == group.name);
        if let Some(known) = known {
            known.count += group.count;
        } else if self.groups.len() < GROUPS {
            self.groups.push(group);
        } else {
            let name = String::new();
            let others = self
                .groups
                .iter_mut()
                .find(|known| known.kind == group.kind && known.name.is_empty());
            match others {
                Some(others) => others.count += group.count,
                // At most one for each kind of state: still a bounded number.
                None => self.groups.push(Group { name, ..group }),
            }
        }
    }

    /// How many changes of each task into each kind of state; their sum is the [total](Self::total).
    pub fn counted(&self) -> Vec<Group> {
        if !self.groups.is_empty() {
            return self.groups.clone();
        }
        let group = |event: &Event| Group {
            name: event.name.clone(),
            kind: event.kind,
            count: 1,
        };
        self.events.iter().map(group).collect()
    }

    /// The kind of state that says how bad it is: a failure if there is one, else the last kind.
    pub fn kind(&self) -> StateKind {
        let mut kinds = self.groups.iter().map(|group| group.kind);
        let failed = kinds.find(|kind| kind.is_failed());
        failed.unwrap_or_else(|| self.events[self.events.len() - 1].kind)
    }

    /// The first failures, wherever they are kept.
    pub(in crate::notify) fn first_failures(&self) -> Vec<&Event> {
        let events = self.events.iter().chain(&self.failures);
        events
            .filter(|event| event.kind.is_failed())
            .take(QUOTED)
            .collect()
    }

    /// How many of the changes are failures.
    pub(in crate::notify) fn failed(&self) -> u64 {
        let groups = self.counted();
        let failed = groups.iter().filter(|group| group.kind.is_failed());
        failed.map(|group| group.count).sum()
    }

    /// Tells whether all changes are among the [events](Self::events).
    pub fn lists_all(&self) -> bool {
        self.events.len() as u64 == self.total
    }
}
