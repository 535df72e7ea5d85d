//! `dagrs`: a task of tokio for each, with a channel for each edge.

use std::sync::Arc;

use dagrs::async_trait::async_trait;
use dagrs::{
    Action, Content, DefaultNode, EnvVar, Graph as Dag, InChannels, Node, NodeId, NodeTable,
    OutChannels, Output,
};

use crate::{Graph, Prepared, body, runtime};

struct Body;

#[async_trait]
impl Action for Body {
    async fn run(
        &self,
        inputs: &mut InChannels,
        outputs: &mut OutChannels,
        _: Arc<EnvVar>,
    ) -> Output {
        let value = |content: Result<Content, _>| content.ok()?.into_inner::<u64>();
        let values = inputs.map(value).await;
        let value = body(
            values
                .into_iter()
                .map(|value| *value.expect("each sends a number")),
        );
        outputs.broadcast(Content::new(value)).await;
        Output::new(value)
    }
}

pub(crate) fn prepare(graph: &Graph) -> Prepared {
    // It starts tasks of tokio when it is built, too.
    let _inside = runtime().enter();
    let (mut table, mut dag) = (NodeTable::new(), Dag::new());
    let mut ids: Vec<NodeId> = Vec::with_capacity(graph.len());
    for task in 0..graph.len() {
        let node = DefaultNode::with_action(task.to_string(), Body, &mut table);
        ids.push(node.id());
        dag.add_node(node).expect("it is new");
    }
    let (first, outputs) = graph.outputs();
    for (task, id) in ids.iter().enumerate() {
        let outputs = &outputs[first[task] as usize..first[task + 1] as usize];
        if !outputs.is_empty() {
            let outputs: Vec<_> = outputs.iter().map(|output| ids[*output as usize]).collect();
            dag.add_edge(*id, outputs).expect("there is no circle");
        }
    }
    dag.set_env(EnvVar::new(table));
    let last = ids[ids.len() - 1];
    Box::new(move || {
        runtime().block_on(dag.async_start()).expect("it runs");
        let results = dag.get_results::<u64>();
        **results[&last].as_ref().expect("it has run")
    })
}
