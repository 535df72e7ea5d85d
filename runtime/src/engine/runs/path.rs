//! Where a run stands in loops.

use crate::plan::MAX_DEPTH;

/// The indices of a run, from the outermost loop inwards.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Path {
    pub(super) indices: [u32; MAX_DEPTH],
    pub(super) len: u8,
}

impl Path {
    pub(in crate::engine) const EMPTY: Self = Self {
        indices: [0; MAX_DEPTH],
        len: 0,
    };

    pub(in crate::engine) const fn len(&self) -> usize {
        self.len as usize
    }

    /// The first `len` indices.
    pub(in crate::engine) fn to(&self, len: u8) -> Self {
        Self {
            len: len.min(self.len),
            ..*self
        }
    }

    pub(in crate::engine) fn at(&self, level: usize) -> u32 {
        self.indices[level]
    }

    pub(in crate::engine) fn with(mut self, index: u32) -> Self {
        self.indices[self.len()] = index;
        self.len += 1;
        self
    }

    pub(super) fn as_slice(&self) -> &[u32] {
        &self.indices[..self.len()]
    }
}
