//! What the benchmarks of tribune run: the workloads, as flows and for other schedulers.

use std::sync::LazyLock;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

#[cfg(feature = "others")]
mod async_dag;
#[cfg(feature = "others")]
mod dagrs;
#[cfg(feature = "others")]
mod dagx;
mod floor;
mod flows;
mod graph;
#[cfg(feature = "others")]
mod join;
mod join_set;
mod yardstick;

pub use flows::{Tasks, cpu, flow, sleeping};
pub use graph::{Graph, Shape};

/// A graph as a scheduler wants it: each call runs it, and gives its result.
///
/// Only the schedulers that say so in [`Peer::again`] can be called twice.
pub type Prepared = Box<dyn FnMut() -> u64>;

/// A scheduler beside which tribune is measured.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The name of it in the table.
    pub name: &'static str,
    /// Makes of a graph what the scheduler runs.
    pub prepare: fn(&Graph) -> Prepared,
    /// Whether what it runs can be run again.
    pub again: bool,
    /// The largest graph of a shape that it runs within some seconds.
    pub most: fn(Shape) -> usize,
}

/// The schedulers, the least one first.
pub const PEERS: &[Peer] = &[
    Peer {
        name: "floor",
        prepare: floor::prepare,
        again: true,
        most: |_| usize::MAX,
    },
    Peer {
        name: "yardstick",
        prepare: yardstick::prepare,
        again: true,
        most: |_| usize::MAX,
    },
    Peer {
        name: "JoinSet",
        prepare: join_set::prepare,
        again: true,
        most: |_| 100_000,
    },
    #[cfg(feature = "others")]
    Peer {
        name: "async_dag",
        prepare: async_dag::prepare,
        again: false,
        // It looks at all that runs whenever something ends.
        most: |shape| match shape {
            Shape::Wide | Shape::Map => 1_000,
            _ => 10_000,
        },
    },
    #[cfg(feature = "others")]
    Peer {
        name: "dagx",
        prepare: dagx::prepare,
        again: false,
        most: |_| 10_000,
    },
    #[cfg(feature = "others")]
    Peer {
        name: "dagrs",
        prepare: dagrs::prepare,
        again: false,
        // Each task that arrives at a join looks at all others.
        most: |shape| match shape {
            Shape::Wide | Shape::Map => 1_000,
            _ => 10_000,
        },
    },
];

/// Runs tasks that all sleep, on tokio's `JoinSet`.
pub fn join_set_of_sleepers(size: usize, time: Duration) -> u64 {
    join_set::sleep(size, time)
}

/// The threads of the schedulers that run on tokio.
///
/// # Panics
///
/// If the system gives no thread.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        let runtime = Builder::new_multi_thread().enable_time().build();
        runtime.expect("the system gives threads")
    });
    &RUNTIME
}

/// What every task does: one more than the sum of its inputs.
///
/// It is kept out of line, so that no scheduler can fold it away.
#[inline(never)]
pub fn body(inputs: impl IntoIterator<Item = u64>) -> u64 {
    inputs.into_iter().fold(1, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheduler_gives_what_is_expected() {
        for shape in [Shape::Chain, Shape::Wide, Shape::Layers] {
            for size in [1, 2, 10, 100, 777] {
                let graph = Graph::new(shape, size);
                for peer in PEERS {
                    let mut run = (peer.prepare)(&graph);
                    for _ in 0..if peer.again { 20 } else { 1 } {
                        assert_eq!(run(), graph.expected(), "{} {shape} {size}", peer.name);
                    }
                }
            }
        }
    }

    #[test]
    fn every_flow_gives_what_is_expected() {
        for shape in [Shape::Chain, Shape::Wide, Shape::Map, Shape::Layers] {
            let expected = Graph::new(shape, 100).expected();
            let run = flow(shape, 100, Tasks::Plain).run().wait();
            let run = run.expect("it starts");
            // The elements of the list are zeroes, which a source is not given.
            assert_eq!(run.output(), Some(&expected), "{shape}");
        }
    }
}
