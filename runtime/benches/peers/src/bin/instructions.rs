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
    let plain = [Shape::Chain, Shape::Wide, Shape::Layers, Shape::Map]
        .map(|shape| (shape.to_string(), shape, Tasks::Plain));
    let ready_at_once = ("async".to_owned(), Shape::Chain, Tasks::Async);
    for (name, shape, tasks) in plain.into_iter().chain([ready_at_once]) {
        if wanted
            .as_ref()
            .is_none_or(|it| *it == name || it.starts_with("--"))
        {
            count(shape, tasks);
        }
    }
}

fn count(shape: Shape, tasks: Tasks) {
    let expected = Graph::new(shape, SIZE).expected();
    // What all runs of the program share is made by another one.
    assert_eq!(run(&flow(shape, 1, tasks)), Graph::new(shape, 1).expected());
    let flow = define(shape, tasks);
    assert_eq!(run_once(&flow), expected, "{shape}");
}

/// Counted: the declaration of a flow.
#[inline(never)]
fn define(shape: Shape, tasks: Tasks) -> Flow<u64> {
    black_box(flow(shape, SIZE, tasks))
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
