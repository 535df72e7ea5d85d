//! `dagx`: futures that are spawned on tokio. A task takes at most eight inputs, so joins are trees.

#![expect(
    clippy::many_single_char_names,
    clippy::too_many_arguments,
    clippy::unused_async,
    reason = "its macro wants an async method with a parameter for each input"
)]

use dagx::{DagRunner, Task, TaskHandle, task};

use crate::{Graph, Prepared, body, join, runtime};

struct Zero;

#[task]
impl Zero {
    async fn run(&self) -> u64 {
        0
    }
}

struct Source;

#[task]
impl Source {
    async fn run(&self) -> u64 {
        body([])
    }
}

struct Step;

#[task]
impl Step {
    async fn run(x: &u64) -> u64 {
        body([*x])
    }
}

struct Three;

#[task]
impl Three {
    async fn run(x: &u64, y: &u64, z: &u64) -> u64 {
        body([*x, *y, *z])
    }
}

struct Sum;

#[task]
impl Sum {
    async fn run(a: &u64, b: &u64, c: &u64, d: &u64, e: &u64, f: &u64, g: &u64, h: &u64) -> u64 {
        [a, b, c, d, e, f, g, h]
            .into_iter()
            .fold(0, |sum, x| sum.wrapping_add(*x))
    }
}

pub(crate) fn prepare(graph: &Graph) -> Prepared {
    let dag = DagRunner::new();
    let mut handles: Vec<TaskHandle<u64>> = Vec::with_capacity(graph.len());
    for task in 0..graph.len() {
        let inputs = graph.inputs(task).iter();
        let inputs: Vec<_> = inputs.map(|input| handles[*input as usize]).collect();
        let handle = match &*inputs {
            [] => dag.add_task(Source).into(),
            [x] => dag.add_task(Step).depends_on(x),
            [x, y, z] => dag.add_task(Three).depends_on((x, y, z)),
            _ => {
                let sum = join::tree(inputs, |part| sum(&dag, part));
                dag.add_task(Step).depends_on(sum)
            }
        };
        handles.push(handle);
    }
    Box::new(move || {
        let spawn = |future| drop(runtime().spawn(future));
        runtime().block_on(dag.run(spawn)).expect("it runs");
        dag.get(handles[handles.len() - 1]).expect("it has run")
    })
}

fn sum(dag: &DagRunner, part: [Option<TaskHandle<u64>>; join::MOST]) -> TaskHandle<u64> {
    let [a, b, c, d, e, f, g, h] =
        part.map(|input| input.unwrap_or_else(|| dag.add_task(Zero).into()));
    dag.add_task(Sum)
        .depends_on((&a, &b, &c, &d, &e, &f, &g, &h))
}
