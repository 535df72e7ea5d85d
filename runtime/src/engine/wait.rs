//! What a run waits for, in four bytes beside its cell: an upstream that ends touches no more of a run.

/// How many upstreams of a run are not over, and whether all that are over went well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait(u32);

/// Set when an upstream did not go well.
const ROUGH: u32 = 1 << 31;

impl Wait {
    /// Waits for this many upstreams.
    pub(super) const fn of(upstreams: u32) -> Self {
        assert!(upstreams < ROUGH, "a task has fewer than 2^31 upstreams");
        Self(upstreams)
    }

    /// The same, after upstreams of which nobody has looked whether they went well.
    pub(super) const fn roughly(self) -> Self {
        Self(self.0 | ROUGH)
    }

    /// Counts an upstream that is over, and tells whether none is left.
    #[inline]
    pub(super) const fn arrive(&mut self, is_well: bool) -> bool {
        let left = (self.0 & !ROUGH).saturating_sub(1);
        let rough = if is_well { self.0 & ROUGH } else { ROUGH };
        self.0 = left | rough;
        left == 0
    }

    /// Whether all upstreams that are over went well. Those of the element of a loop do not count here.
    pub(super) const fn is_smooth(self) -> bool {
        self.0 & ROUGH == 0
    }
}
