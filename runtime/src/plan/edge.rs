//! The edges of a plan: what its nodes wait for.

use super::NodeId;

/// What a node waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Edge {
    pub(crate) up: NodeId,
    /// How many loops stand around both ends.
    pub(crate) shared: u8,
    pub(crate) kind: EdgeKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EdgeKind {
    /// Everything that the upstream is, all runs of it if it is in loops that the node is not in.
    Whole,
    /// One element of what the upstream is, chosen by the index in the loop at `level`, which goes
    /// over it as its list number `at`.
    Element { level: u8, at: u8 },
    /// The same, of lists that are laid end to end.
    Flattened { level: u8, at: u8 },
    /// The upstream decides a branch, and the node stands in this arm of it.
    Gate { arm: ArmId },
    /// The node is the value of a branch, and the upstream gives it if this arm is taken.
    Choice { arm: ArmId },
}

/// An arm of a branch, by its number. In two bytes an edge takes eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ArmId([u8; 2]);

impl ArmId {
    pub(crate) fn new(number: u32) -> Self {
        let number = u16::try_from(number).expect("a branch has fewer than 2^16 arms");
        Self(number.to_ne_bytes())
    }

    pub(crate) fn number(self) -> u32 {
        u16::from_ne_bytes(self.0).into()
    }
}

impl Edge {
    /// Whether it is neither of a branch nor of lists that are laid end to end.
    pub(super) const fn is_simple(self) -> bool {
        matches!(self.kind, EdgeKind::Whole | EdgeKind::Element { .. })
    }

    /// Whether element `i` of the upstream goes to run `i` of the node, as soon as it is there.
    pub(crate) const fn is_step(self) -> bool {
        matches!(self.kind, EdgeKind::Element { level, .. } if level == self.shared)
    }
}
