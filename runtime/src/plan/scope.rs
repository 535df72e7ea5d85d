//! The scopes of a plan: its loops, and the arms of its branches.

use std::any::Any;
use std::borrow::Cow;
use std::num::NonZero;

use super::{ArmId, NodeId};
use crate::input::{Adapt, Source};
use crate::value::{Plain, Value};

/// A loop or an arm of a branch, by its place in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScopeId(NonZero<u32>);

impl ScopeId {
    pub(crate) fn new(index: usize) -> Self {
        let number = u32::try_from(index + 1).ok().and_then(NonZero::new);
        Self(number.expect("a flow has fewer than 2^32 loops and arms"))
    }

    pub(crate) const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// A part of the flow that is run for each element, or only if its arm is taken.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) parent: Option<ScopeId>,
    pub(crate) depth: u8,
    pub(crate) kind: ScopeKind,
}

#[derive(Clone, Debug)]
pub(crate) enum ScopeKind {
    Loop(Vec<Items>),
    Arm {
        branch: NodeId,
        arm: ArmId,
        text: Cow<'static, str>,
    },
}

/// What a loop goes over; several go in step.
#[derive(Clone)]
pub(crate) struct Items {
    pub(crate) over: Over,
    pub(crate) list: List,
    /// The lists in the list are laid end to end, and this is how they are reached in one value; what
    /// runs of a loop gave are lists of their own.
    pub(crate) flatten: Option<List>,
}

impl Items {
    /// How the elements of one value are reached.
    pub(crate) const fn of_value(&self) -> List {
        match self.flatten {
            Some(flat) => flat,
            None => self.list,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Over {
    Constant(Value),
    Source(Source),
}

/// How the elements of a list are reached.
#[derive(Clone, Copy)]
pub(crate) struct List {
    /// The number of elements, if the value is a list.
    pub(crate) len: fn(&dyn Any) -> Option<usize>,
    pub(crate) get: fn(&dyn Any, usize) -> Option<&dyn Any>,
    /// The element itself, if it is plain.
    pub(crate) copy: fn(&dyn Any, usize) -> Option<Plain>,
}

/// The list of what a source inside a loop is, over all runs of the loop.
#[derive(Clone, Copy)]
pub(crate) struct Gather {
    pub(crate) inner: Source,
    /// A node of the loop: it has one run for each element.
    pub(crate) node: NodeId,
    /// How many loops stand around the list.
    pub(crate) depth: u8,
    pub(crate) adapt: Adapt,
}
