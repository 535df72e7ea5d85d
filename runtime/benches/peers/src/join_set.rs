//! Tokio's [`JoinSet`], with a loop that spawns what is ready.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::{Graph, Prepared, body, runtime};

pub(crate) fn prepare(graph: &Graph) -> Prepared {
    let graph = graph.clone();
    let (first, outputs) = graph.outputs();
    Box::new(move || runtime().block_on(run(&graph, &first, &outputs)))
}

async fn run(graph: &Graph, first: &[u32], outputs: &[u32]) -> u64 {
    let mut missing: Vec<_> = (0..graph.len())
        .map(|task| graph.inputs(task).len())
        .collect();
    let mut values = vec![0; graph.len()];
    let mut running = JoinSet::new();
    for task in (0..graph.len()).filter(|task| missing[*task] == 0) {
        running.spawn(async move { (task, body([])) });
    }
    while let Some(ended) = running.join_next().await {
        let (task, value) = ended.expect("no task panics");
        values[task] = value;
        for output in &outputs[first[task] as usize..first[task + 1] as usize] {
            let output = *output as usize;
            missing[output] -= 1;
            if missing[output] == 0 {
                let inputs = graph.inputs(output).iter();
                let inputs: Vec<u64> = inputs.map(|input| values[*input as usize]).collect();
                running.spawn(async move { (output, body(inputs)) });
            }
        }
    }
    values[graph.len() - 1]
}

/// Tasks that all sleep, and the sum of what they give.
pub(crate) fn sleep(size: usize, time: Duration) -> u64 {
    runtime().block_on(async {
        let mut running = JoinSet::new();
        for _ in 0..size {
            running.spawn(async move {
                tokio::time::sleep(time).await;
                body([])
            });
        }
        body(running.join_all().await)
    })
}
