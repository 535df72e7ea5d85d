//! The workloads as flows, declared by hand with the public builder.

use std::time::Duration;

use cpu_time::ThreadTime;
use tribune::Flow;
use tribune::prelude::*;

use crate::{Graph, Shape, body};

/// What the tasks of a flow are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tasks {
    /// Plain functions.
    Plain,
    /// Plain functions with a state handler, which hears of every change.
    Handled,
    /// `async` functions that never wait.
    Async,
}

#[task]
fn source() -> u64 {
    body([])
}

#[task]
fn step(x: u64) -> u64 {
    body([x])
}

#[task]
fn three(x: u64, y: u64, z: u64) -> u64 {
    body([x, y, z])
}

#[task]
fn join(all: &[u64]) -> u64 {
    body(all.iter().copied())
}

#[task]
fn list(length: usize) -> Vec<u64> {
    vec![0; length]
}

fn observe(_: &StateChange, new: State) -> State {
    new
}

#[task(state_handlers = [observe])]
fn handled_source() -> u64 {
    body([])
}

#[task(state_handlers = [observe])]
fn handled_step(x: u64) -> u64 {
    body([x])
}

#[task]
#[expect(clippy::unused_async, reason = "it is ready at once")]
async fn async_source() -> u64 {
    body([])
}

#[task]
#[expect(clippy::unused_async, reason = "it is ready at once")]
async fn async_step(x: u64) -> u64 {
    body([x])
}

#[task]
async fn sleeper(time: Duration) -> u64 {
    tokio::time::sleep(time).await;
    body([])
}

#[task]
fn burner(time: Duration) -> u64 {
    let started = ThreadTime::now();
    while started.elapsed() < time {
        std::hint::spin_loop();
    }
    body([])
}

/// A flow of a shape, whose output is [`Graph::expected`].
///
/// # Panics
///
/// If there is no such flow: only chains are handled or `async`.
pub fn flow(shape: Shape, size: usize, tasks: Tasks) -> Flow<u64> {
    assert!(
        tasks == Tasks::Plain || shape == Shape::Chain,
        "there is no {tasks:?} {shape}"
    );
    match shape {
        Shape::Map => map(size),
        _ => graph(&Graph::new(shape, size), tasks),
    }
}

fn map(size: usize) -> Flow<u64> {
    let mut flow = Flow::builder("map");
    let elements = flow.add(list {
        length: input(size),
    });
    let all = flow.each(elements, |flow, x| flow.add(step { x: input(x) }));
    let end = flow.add(join { all: input(all) });
    flow.build(end).expect("the flow is right")
}

fn graph(graph: &Graph, tasks: Tasks) -> Flow<u64> {
    let mut flow = Flow::builder("graph");
    let mut handles: Vec<Handle<u64>> = Vec::with_capacity(graph.len());
    for task in 0..graph.len() {
        let of = |input: &u32| handles[*input as usize];
        let handle = match (graph.inputs(task), tasks) {
            ([], Tasks::Plain) => flow.add(source {}),
            ([], Tasks::Handled) => flow.add(handled_source {}),
            ([], Tasks::Async) => flow.add(async_source {}),
            ([x], Tasks::Plain) => flow.add(step { x: input(of(x)) }),
            ([x], Tasks::Handled) => flow.add(handled_step { x: input(of(x)) }),
            ([x], Tasks::Async) => flow.add(async_step { x: input(of(x)) }),
            ([x, y, z], _) => flow.add(three {
                x: input(of(x)),
                y: input(of(y)),
                z: input(of(z)),
            }),
            (all, _) => {
                let all: Box<[_]> = all.iter().map(of).collect();
                flow.add(join { all: input(all) })
            }
        };
        handles.push(handle);
    }
    flow.build(handles[graph.len() - 1])
        .expect("the flow is right")
}

/// A flow of tasks that all sleep, and one that takes them all.
///
/// # Panics
///
/// Never: the flow is right.
pub fn sleeping(size: usize, time: Duration) -> Flow<u64> {
    let mut flow = Flow::builder("sleeping");
    let all: Vec<_> = (0..size)
        .map(|_| flow.add(sleeper { time: input(time) }))
        .collect();
    let end = flow.add(join {
        all: input(all.into_boxed_slice()),
    });
    flow.build(end).expect("the flow is right")
}

/// A flow of tasks that all keep a core busy, and one that takes them all.
///
/// # Panics
///
/// Never: the flow is right.
pub fn cpu(size: usize, time: Duration) -> Flow<u64> {
    let mut flow = Flow::builder("cpu");
    let all: Vec<_> = (0..size)
        .map(|_| flow.add(burner { time: input(time) }))
        .collect();
    let end = flow.add(join {
        all: input(all.into_boxed_slice()),
    });
    flow.build(end).expect("the flow is right")
}
