//! How often a run allocates: never for a task, where its value is plain and nobody asks for more.
//!
//! The counts are of the calling thread, which runs everything where a run has one thread. They are the
//! same on each machine; one that goes up is a mistake, one that goes down is a new bound.

use allocation_counter::measure;
use tokio::sync::Semaphore;
use tribune::prelude::*;
use tribune::{Flow, FlowBuilder, Input};
use tribune_peers::{Shape, Tasks, flow};

const TASKS: u64 = 10_000;

/// How often something allocates.
fn allocations(what: impl FnOnce()) -> u64 {
    measure(what).count_total
}

/// How often a run of a flow allocates, once what all runs share is there.
fn of_a_run<T>(flow: &Flow<T>) -> u64 {
    run(flow);
    allocations(|| run(flow))
}

fn run<T>(flow: &Flow<T>) {
    let run = flow.run().threads(1).wait().expect("it starts");
    assert!(run.state().is(Success), "{:?}", run.state());
}

fn plain(shape: Shape, size: u64) -> Flow<u64> {
    flow(shape, usize::try_from(size).unwrap(), Tasks::Plain)
}

/// Calls of a function, each of which takes what the one before gives.
fn chain<T: Clone + Send + Sync + 'static>(
    first: T,
    step: impl Fn(&mut FlowBuilder, Input<T>) -> Handle<T>,
) -> Flow<T> {
    let mut flow = Flow::builder("chain");
    let mut last = step(&mut flow, input(first));
    for _ in 1..TASKS {
        last = step(&mut flow, input(last));
    }
    flow.build(last).expect("the flow is right")
}

#[test]
fn no_task_of_a_plain_value_allocates() {
    // What is left is there once, or is a list that doubles as it grows.
    let bounds = [
        (Shape::Chain, 10),
        (Shape::Wide, 25),
        (Shape::Layers, 19),
        (Shape::Map, 49),
    ];
    for (shape, bound) in bounds {
        let count = of_a_run(&plain(shape, TASKS));
        assert!(count <= bound, "{shape}: {count} allocations");
    }
}

#[test]
fn a_longer_chain_allocates_no_more_often() {
    let short = of_a_run(&plain(Shape::Chain, 10));
    let long = of_a_run(&plain(Shape::Chain, TASKS));
    assert_eq!(short, long);
}

#[test]
fn every_run_of_a_flow_allocates_as_often_as_the_one_before() {
    for shape in [Shape::Chain, Shape::Wide, Shape::Layers, Shape::Map] {
        run(&plain(shape, 1));
        let flow = plain(shape, TASKS);
        let [first, second, third] = [(); 3].map(|()| allocations(|| run(&flow)));
        assert!(second <= first, "{shape}: {first}, then {second}");
        assert_eq!(second, third, "{shape}");
    }
}

#[test]
fn no_call_in_a_definition_allocates() {
    let bounds = [
        (Shape::Chain, 76),
        (Shape::Wide, 66),
        (Shape::Layers, 86),
        (Shape::Map, 18),
    ];
    for (shape, bound) in bounds {
        let count = allocations(|| drop(plain(shape, TASKS)));
        assert!(count <= bound, "{shape}: {count} allocations");
    }
}

#[test]
fn a_handler_that_asks_for_nothing_costs_no_allocation() {
    let size = usize::try_from(TASKS).unwrap();
    let count = of_a_run(&flow(Shape::Chain, size, Tasks::Handled));
    assert!(count <= 10, "{count} allocations");
}

#[test]
fn an_async_task_that_is_ready_at_once_allocates_its_future() {
    let size = usize::try_from(TASKS).unwrap();
    let count = of_a_run(&flow(Shape::Chain, size, Tasks::Async));
    assert!(count <= TASKS + 10, "{count} allocations");
}

#[task]
#[expect(clippy::unused_async, reason = "it is ready at once")]
async fn borrow(x: &u64) -> u64 {
    *x
}

#[test]
fn an_async_task_that_borrows_keeps_its_inputs_too() {
    let flow = chain(0, |flow, x| flow.add(borrow { x }));
    let count = of_a_run(&flow);
    assert!(count <= 2 * TASKS + 10, "{count} allocations");
}

static GATE: Semaphore = Semaphore::const_new(0);

#[task]
async fn wait(_x: u64) {
    GATE.acquire().await.expect("it stays").forget();
}

#[task]
fn open(gates: usize) {
    GATE.add_permits(gates);
}

#[test]
fn an_async_task_that_waits_allocates_a_context_and_a_task_of_tokio_too() {
    let size = usize::try_from(TASKS).unwrap();
    let mut flow = Flow::builder("gate");
    for _ in 0..size {
        flow.add(wait { _x: input(0) });
    }
    flow.add(open { gates: input(size) });
    let flow = flow.build(()).expect("the flow is right");
    let count = of_a_run(&flow);
    assert!(count <= 3 * TASKS + 40, "{count} allocations");
}

#[task]
fn lengthen(text: String) -> String {
    text
}

#[test]
fn a_value_that_is_not_plain_is_one_allocation() {
    let flow = chain(String::new(), |flow, text| flow.add(lengthen { text }));
    let count = of_a_run(&flow);
    assert!(count <= TASKS + 10, "{count} allocations");
}

#[task]
fn increment(x: u64) -> Result<u64, &'static str> {
    x.checked_add(1).ok_or("too large")
}

#[test]
fn a_result_costs_no_more_than_its_value() {
    let flow = chain(0, |flow, x| flow.add(increment { x }));
    let count = of_a_run(&flow);
    assert!(count <= 10, "{count} allocations");
}
