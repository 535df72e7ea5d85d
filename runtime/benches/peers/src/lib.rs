//! What the benchmarks of tribune run: the workloads, as flows and for other schedulers.

mod flows;
mod graph;

pub use flows::{Tasks, cpu, flow, sleeping};
pub use graph::{Graph, Shape};

/// What every task does: one more than the sum of its inputs.
///
/// It is kept out of line, so that no scheduler can fold it away.
#[inline(never)]
pub fn body(inputs: impl IntoIterator<Item = u64>) -> u64 {
    inputs.into_iter().fold(1, u64::wrapping_add)
}
