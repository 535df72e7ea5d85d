//! One run of a flow, for callgrind to count the instructions of.
//!
//! ```sh
//! .ci/instructions
//! ```
//!
//! Without an argument it runs all flows, and only checks that they run.

use std::hint::black_box;

use tribune::Flow;
use tribune_peers::{Graph, Shape, Tasks, flow};

const SIZE: usize = 1_000;

fn main() {
    let wanted = std::env::args().nth(1);
    for shape in [Shape::Chain, Shape::Wide, Shape::Layers, Shape::Map] {
        if wanted
            .as_ref()
            .is_none_or(|it| *it == shape.to_string() || it.starts_with("--"))
        {
            count(shape);
        }
    }
}

fn count(shape: Shape) {
    let expected = Graph::new(shape, SIZE).expected();
    // What all runs of the program share is made by another one.
    assert_eq!(
        run(&flow(shape, 1, Tasks::Plain)),
        Graph::new(shape, 1).expected()
    );
    let flow = define(shape);
    assert_eq!(run_once(&flow), expected, "{shape}");
}

/// Counted: the declaration of a flow.
#[inline(never)]
fn define(shape: Shape) -> Flow<u64> {
    black_box(flow(shape, SIZE, Tasks::Plain))
}

/// Counted: a run, on one thread.
#[inline(never)]
fn run_once(flow: &Flow<u64>) -> u64 {
    black_box(run(flow))
}

fn run(flow: &Flow<u64>) -> u64 {
    let run = flow.run().threads(1).wait().expect("it starts");
    *run.output().expect("it succeeds")
}
