//! The story of a run in the terms of the format.

use serde_json::{Map, Value as Json, json};
use tribune::{FlowRun, State, StateKind, TaskRun};

use crate::errors;
use crate::states;
use crate::trace::{Change, Gave, Heard, Lane, Story, Who};

/// What happened in a run: `flow`, `tasks`, `call_order` and `prompts`.
///
/// A run that did not return has no final states.
pub(crate) fn story(
    story: &Story,
    run: Option<&FlowRun<()>>,
    ids: &[String],
    returned: bool,
) -> Map<String, Json> {
    let flow = story.lanes.get(&Who::default());
    let ended = run.map(FlowRun::state);
    let changes = changes(flow, ended);
    let last = ended.filter(|_| returned).map(states::announced);
    let mut tasks = Map::new();
    let mut runs = run.into_iter().flat_map(FlowRun::task_runs);
    for id in ids {
        tasks.insert(id.clone(), task(story, id, runs.next(), returned));
    }
    let mut map = Map::new();
    map.insert(
        "flow".to_owned(),
        json!({ "transitions": changes, "final": last }),
    );
    map.insert("tasks".to_owned(), Json::Object(tasks));
    map.insert("call_order".to_owned(), json!(story.calls));
    map.insert("prompts".to_owned(), json!(story.prompts));
    map
}

fn task(story: &Story, id: &str, run: Option<TaskRun<'_>>, returned: bool) -> Json {
    let lane = |index| {
        story.lanes.get(&Who {
            id: Some(id.to_owned()),
            index,
        })
    };
    let mut map = trace(lane(None), run, returned);
    // Without a run there are no children either: nothing has happened.
    let children: Vec<_> = run.into_iter().flat_map(|run| run.children()).collect();
    if run.is_some_and(|run| run.state().is(StateKind::Mapped)) {
        let children = children.into_iter().zip(0_u32..).map(|(child, index)| {
            let mut map = trace(lane(Some(index)), Some(child), returned);
            map.insert("index".to_owned(), json!(index));
            Json::Object(map)
        });
        map.insert("children".to_owned(), children.collect());
    }
    Json::Object(map)
}

fn trace(lane: Option<&Lane>, run: Option<TaskRun<'_>>, returned: bool) -> Map<String, Json> {
    let mut map = Map::new();
    let ended = run.as_ref().map(TaskRun::state);
    map.insert("transitions".to_owned(), json!(changes(lane, ended)));
    map.insert(
        "calls".to_owned(),
        json!(lane.map(|lane| &lane.calls[..]).unwrap_or_default()),
    );
    map.insert(
        "final".to_owned(),
        run.filter(|_| returned).map_or(Json::Null, states::at_end),
    );
    map
}

fn changes(lane: Option<&Lane>, ended: Option<&State>) -> Vec<Json> {
    let changes = lane.map(|lane| &lane.changes[..]).unwrap_or_default();
    let last = changes.len().saturating_sub(1);
    let change = |(at, change): (usize, &Change)| {
        // What a broken chain of handlers led to is seen at the end, or else taken from what broke it.
        change_to_json(change, ended.filter(|_| at == last))
    };
    changes.iter().enumerate().map(change).collect()
}

fn change_to_json(change: &Change, ended: Option<&State>) -> Json {
    let mut map = states::details(&change.new);
    map.insert("old".to_owned(), json!(change.old.kind().name()));
    map.insert("new".to_owned(), json!(change.new.kind().name()));
    if !change.heard.is_empty() {
        let heard = change.heard.iter().map(|heard| heard_to_json(heard, ended));
        map.insert("handlers".to_owned(), heard.collect());
    }
    match &change.left {
        Some(left) if change.rewritten => {
            map.insert("became".to_owned(), Json::Object(states::announced(left)));
        }
        Some(_) => {}
        None => map.extend(broken(change, ended)),
    }
    Json::Object(map)
}

/// What a change led to whose chain of handlers was broken.
fn broken(change: &Change, ended: Option<&State>) -> Option<(String, Json)> {
    let gave = change.heard.last()?.gave.as_ref();
    let (key, asked) = match gave {
        Some(Gave::Signal(_, state)) if !state.is(StateKind::Paused) => ("became", Some(state)),
        Some(Gave::Signal(_, state) | Gave::EndRun(state)) => ("aborted", Some(state)),
        _ => ("aborted", None),
    };
    let state = states::announced(ended.or(asked)?);
    Some((key.to_owned(), Json::Object(state)))
}

fn heard_to_json(heard: &Heard, ended: Option<&State>) -> Json {
    let gave = match &heard.gave {
        Some(Gave::Nothing) => Json::Null,
        Some(Gave::State(kind)) => json!(kind.name()),
        Some(Gave::Raised(error)) => json!({ "raised": errors::to_json(error) }),
        Some(Gave::Signal(name, _)) => json!({ "signal": name }),
        Some(Gave::EndRun(state)) => json!({ "endrun": state.kind().name() }),
        // It did not come back: the state has its error.
        None => match ended.and_then(State::error) {
            Some(error) => json!({ "raised": errors::to_json(error) }),
            None => json!({ "raised": null }),
        },
    };
    let mut map = Map::new();
    map.insert("h".to_owned(), heard.handler.clone());
    map.insert("saw".to_owned(), json!(heard.saw.name()));
    map.insert("gave".to_owned(), gave);
    if let Some(fired) = heard.fired {
        map.insert("fired".to_owned(), json!(fired));
    }
    Json::Object(map)
}
