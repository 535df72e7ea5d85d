//! The nodes of a plan: the calls of tasks, and what the flow adds to them.

use std::fmt;

use super::ScopeId;

/// A node of a plan, by its place in the order of declaration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

impl NodeId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("a flow has fewer than 2^32 tasks"))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A node: what it reads and waits for follows, in flat lists, what the node before it does.
pub(crate) struct Node {
    pub(super) options: u32,
    pub(crate) scope: Option<ScopeId>,
    pub(super) first_binding: u32,
    pub(super) first_edge: u32,
    /// How many inputs read the output of one run; `UNCOUNTED` if that cannot be counted here, because
    /// a loop or a list reads it, or there are too many.
    pub(super) readers: u8,
    /// How many loops stand around the node: a run of it has as many indices.
    pub(crate) depth: u8,
    /// Written by the flow, not by the user: nobody hears of it.
    pub(crate) hidden: bool,
    /// It does not count where the flow ends, and neither do edges to it.
    pub(crate) aside: bool,
    /// It stands in a loop, and some node waits for its run for one element and not for all of them.
    pub(crate) followed: bool,
    pub(crate) asks: Asks,
    pub(crate) way: Way,
}

const _: () = assert!(size_of::<Node>() == 24);

pub(super) const UNCOUNTED: u8 = u8::MAX;

/// How a run of a node goes if all goes well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// There is something to ask.
    Long,
    /// There is no branch, no kept result and no trigger of its own, and nobody who hears of it.
    Straight,
    /// The same, and handlers hear that the run starts, or that it went well.
    Told,
}

/// What a run of a node has to ask before its body is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// What loops, branches and kept results say.
    All,
    /// The trigger.
    Trigger,
}

impl Node {
    /// Counts an input that reads the output, of a node with this many loops around it.
    pub(super) fn count_reader(&mut self, depth: u8) {
        self.readers = match self.depth == depth {
            true => self.readers.saturating_add(1),
            false => UNCOUNTED,
        };
    }

    /// How many inputs read the output of one run, if that can be counted.
    pub(crate) fn readers(&self) -> Option<u8> {
        Some(self.readers).filter(|readers| *readers != UNCOUNTED)
    }
}
