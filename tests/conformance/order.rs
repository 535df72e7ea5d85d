//! The order of calls: any that respects the edges, since there are no passes (D3).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::compare::{Verdict, differ, list};
use crate::graph::{Graph, Node};
use crate::values;

/// Compares the calls of bodies.
pub(crate) fn calls(expected: &Json, happened: &Json, graph: &Graph) -> Verdict {
    // A task that was finished from the start did not wait for those before it.
    let tasks = &expected["tasks"];
    let waits = |id: &str| !list(&tasks[id]["transitions"]).is_empty();
    let (expected, happened) = (&expected["call_order"], &happened["call_order"]);
    let expected: Vec<_> = list(expected).iter().map(values::text).collect();
    // Parameters are values, not tasks (D12).
    let is_parameter = |call: &String| graph.get(call).is_some_and(Node::is_parameter);
    let expected: Vec<_> = expected
        .into_iter()
        .filter(|call| !is_parameter(call))
        .collect();
    let happened: Vec<_> = list(happened).iter().map(values::text).collect();
    let (mut wanted, mut given) = (expected.clone(), happened.clone());
    wanted.sort_unstable();
    given.sort_unstable();
    if wanted != given {
        return Err(differ("call_order", &expected.into(), &happened.into()));
    }
    respects_edges(&happened, graph, &waits)
}

/// The first and the last call of each child of a task; a task that is not mapped is its own child.
type Spans = BTreeMap<Option<u32>, (usize, usize)>;

fn respects_edges(calls: &[String], graph: &Graph, waits: &dyn Fn(&str) -> bool) -> Verdict {
    let mut spans = BTreeMap::<&str, Spans>::new();
    for (at, call) in calls.iter().enumerate() {
        let (id, index) = split(call);
        let span = spans
            .entry(id)
            .or_default()
            .entry(index)
            .or_insert((at, at));
        span.1 = at;
    }
    for node in graph
        .nodes
        .iter()
        .filter(|node| spans.contains_key(node.id.as_str()))
    {
        let after = &spans[node.id.as_str()];
        for (up, child_by_child) in ancestors(node, graph, waits) {
            let Some(before) = spans.get(up) else {
                continue;
            };
            if !precedes(before, after, child_by_child) {
                return Err(format!(
                    "call_order: `{}` is called before `{up}` is over",
                    node.id
                ));
            }
        }
    }
    Ok(())
}

fn split(call: &str) -> (&str, Option<u32>) {
    let child = call
        .strip_suffix(']')
        .and_then(|call| call.rsplit_once('['));
    let child = child.and_then(|(id, index)| Some((id, index.parse().ok()?)));
    child.map_or((call, None), |(id, index)| (id, Some(index)))
}

fn precedes(before: &Spans, after: &Spans, child_by_child: bool) -> bool {
    after
        .iter()
        .all(|(index, (first, _))| match child_by_child {
            true => before.get(index).is_none_or(|(_, last)| last < first),
            false => before.values().all(|(_, last)| last < first),
        })
}

/// Everything that a task depends on, and whether a child depends on the child with its index only.
fn ancestors<'a>(
    node: &'a Node,
    graph: &'a Graph,
    waits: &dyn Fn(&str) -> bool,
) -> BTreeSet<(&'a str, bool)> {
    let mut found = BTreeSet::new();
    let mut open = vec![(node, true)];
    while let Some((node, by_child)) = open.pop() {
        for from in node.refs() {
            let Some(up) = from.task.as_deref().and_then(|id| graph.get(id)) else {
                continue;
            };
            let by_child = by_child && from.mapped && !from.flatten && up.is_mapped();
            if found.insert((up.id.as_str(), by_child)) && waits(&up.id) {
                open.push((up, by_child));
            }
        }
    }
    found
}

/// Compares who was asked about: in any order, and not about a pause that ends by itself (D3).
pub(crate) fn prompts(expected: &Json, happened: &Json) -> Verdict {
    let ends_by_itself = |id: &str| {
        let changes = list(&expected["tasks"][id]["transitions"]);
        let change = |change: &Json| change["old"] == "Paused" && change["new"] == "Running";
        changes.iter().any(change)
    };
    let mut missing: Vec<_> = list(&expected["prompts"])
        .iter()
        .map(values::text)
        .collect();
    for id in list(happened).iter().map(values::text) {
        match missing.iter().position(|other| *other == id) {
            Some(at) => drop(missing.swap_remove(at)),
            None => return Err(format!("prompts: nobody was to be asked about `{id}`")),
        }
    }
    match missing.iter().find(|id| !ends_by_itself(id)) {
        Some(id) => Err(format!("prompts: nobody was asked about `{id}`")),
        None => Ok(()),
    }
}
