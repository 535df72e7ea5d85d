//! `async_dag`: futures that one thread polls. A task takes at most a dozen inputs, so joins are trees.

use async_dag::{Graph as Dag, NodeIndex};

use crate::{Graph, Prepared, body, join, runtime};

pub(crate) fn prepare(graph: &Graph) -> Prepared {
    let mut dag = Dag::new();
    let mut nodes: Vec<NodeIndex> = Vec::with_capacity(graph.len());
    for task in 0..graph.len() {
        let inputs = graph.inputs(task).iter();
        let inputs: Vec<_> = inputs.map(|input| nodes[*input as usize]).collect();
        let node = match *inputs {
            [] => dag.add_task(|| async { body([]) }),
            [x] => dag
                .add_child_task(x, |x: u64| async move { body([x]) }, 0)
                .expect("the types are right"),
            [x, y, z] => {
                let three = |x: u64, y: u64, z: u64| async move { body([x, y, z]) };
                let node = dag
                    .add_child_task(x, three, 0)
                    .expect("the types are right");
                for (input, at) in [(y, 1), (z, 2)] {
                    dag.update_dependency(input, node, at)
                        .expect("the types are right");
                }
                node
            }
            _ => {
                let sum = join::tree(inputs, |part| sum(&mut dag, part));
                dag.add_child_task(sum, |x: u64| async move { body([x]) }, 0)
                    .expect("the types are right")
            }
        };
        nodes.push(node);
    }
    Box::new(move || {
        runtime().block_on(dag.run());
        dag.get_value(nodes[nodes.len() - 1]).expect("it has run")
    })
}

fn sum(dag: &mut Dag<'_>, part: [Option<NodeIndex>; join::MOST]) -> NodeIndex {
    let eight = |a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, g: u64, h: u64| async move {
        [a, b, c, d, e, f, g, h]
            .into_iter()
            .fold(0, u64::wrapping_add)
    };
    let inputs = part.map(|input| input.unwrap_or_else(|| dag.add_task(|| async { 0_u64 })));
    let node = dag
        .add_child_task(inputs[0], eight, 0)
        .expect("the types are right");
    for (input, at) in inputs.into_iter().zip(0..).skip(1) {
        dag.update_dependency(input, node, at)
            .expect("the types are right");
    }
    node
}
