//! States: as a scenario asks for them, and as the format writes them.

use std::time::SystemTime;

use serde_json::{Map, Value as Json, json};
use tribune::{State, StateChange, StateKind, TaskRun};

use crate::errors::{self, CaseError};
use crate::scenario::{StateSpec, When};
use crate::settings::Settings;

/// The kind of state with this name.
pub(crate) fn kind(name: &str) -> Result<StateKind, String> {
    let kind = StateKind::ALL.iter().find(|kind| kind.name() == name);
    kind.copied()
        .ok_or_else(|| format!("there is no state called `{name}`"))
}

/// The kinds with these names; `State` is all of them.
pub(crate) fn kinds(names: &[String]) -> Result<Vec<StateKind>, String> {
    if names.iter().any(|name| name == "State") {
        return Ok(StateKind::ALL.to_vec());
    }
    names.iter().map(|name| kind(name)).collect()
}

/// The predicate of Prefect with this name.
pub(crate) fn predicate(name: &str) -> Result<fn(&State) -> bool, String> {
    use StateKind as Kind;
    Ok(match name {
        "is_pending" => |state| state.kind().is_pending(),
        "is_running" => |state| state.kind().is_running(),
        "is_finished" => |state| state.kind().is_finished(),
        "is_successful" => |state| state.kind().is_successful(),
        "is_failed" => |state| state.kind().is_failed(),
        "is_skipped" => |state| state.kind().is_skipped(),
        "is_scheduled" => |state| state.kind().is_scheduled(),
        "is_cached" => |state| state.is(Kind::Cached),
        "is_mapped" => |state| state.is(Kind::Mapped),
        "is_looped" => |state| state.is(Kind::Looped),
        "is_retrying" => |state| state.is(Kind::Retrying),
        "is_queued" => |state| state.is(Kind::Queued),
        "is_submitted" => |state| state.is(Kind::Submitted),
        "is_meta_state" => |state| is_meta(state.kind()),
        _ => return Err(format!("there is no predicate called `{name}`")),
    })
}

fn is_meta(kind: StateKind) -> bool {
    matches!(
        kind,
        StateKind::Submitted | StateKind::Queued | StateKind::ClientFailed
    )
}

/// Whether a handler does something about a change.
pub(crate) fn matches(when: &When, change: &StateChange, new: StateKind) -> bool {
    let among = |names: &Option<Vec<String>>, state: StateKind| {
        names.as_ref().is_none_or(|names| {
            kinds(names).is_ok_and(|kinds| kinds.iter().any(|kind| state.is(*kind)))
        })
    };
    among(&when.states, new)
        && among(&when.old, change.old().kind())
        && when
            .map_index
            .is_none_or(|index| change.map_index() == Some(index))
        && when.run_count.is_none_or(|count| change.attempt() == count)
}

/// Builds the state that a task or flow starts from: what wraps a state is taken off.
pub(crate) fn start(
    spec: &StateSpec,
    now: SystemTime,
    settings: &Settings,
) -> Result<State, String> {
    match &spec.wraps {
        Some(inner) => start(inner, now, settings),
        None => build(spec, now, settings),
    }
}

/// Builds the state that a scenario describes.
pub(crate) fn build(
    spec: &StateSpec,
    now: SystemTime,
    settings: &Settings,
) -> Result<State, String> {
    let kind = kind(&spec.state)?;
    let start = match spec.start_in {
        Some(seconds) => Some(later(now, seconds, settings)),
        // A pause lasts until a person ends it; all else that is scheduled is due.
        None => (kind.is_scheduled() && kind != StateKind::Paused).then_some(now),
    };
    let mut state = match start {
        Some(start) => State::scheduled(kind, start),
        None if kind == StateKind::Cached => {
            State::cached(spec.expires_in.map(|seconds| later(now, seconds, settings)))
        }
        None => State::new(kind),
    };
    if let Some(iteration) = spec.loop_count {
        state = state.with_iteration(iteration);
    }
    if let Some(message) = &spec.message {
        state = state.with_message(message.clone());
    }
    if let Some(attempts) = spec.run_count {
        state = state.with_attempts(attempts);
    }
    Ok(match &spec.result {
        None | Some(Json::Null) => state,
        Some(result) => match error(result) {
            Some(error) => state.with_error(error),
            None => state.with_result(result.clone()),
        },
    })
}

/// So many seconds later, or earlier.
fn later(now: SystemTime, seconds: f64, settings: &Settings) -> SystemTime {
    let time = settings.time(seconds.abs());
    if seconds < 0.0 {
        now - time
    } else {
        now + time
    }
}

/// The error that a result stands for.
fn error(result: &Json) -> Option<tribune::TaskError> {
    let error = result.get("$error")?;
    let text = |key| error.get(key).and_then(Json::as_str).unwrap_or_default();
    Some(tribune::TaskError::new(CaseError::new(
        text("error"),
        text("message"),
    )))
}

/// The state without its result.
pub(crate) fn announced(state: &State) -> Map<String, Json> {
    let mut map = Map::new();
    map.insert("state".to_owned(), json!(state.kind().name()));
    map.extend(details(state));
    map
}

/// The message of a state, and what only its kind has.
pub(crate) fn details(state: &State) -> Map<String, Json> {
    let mut map = Map::new();
    map.insert("message".to_owned(), json!(state.message()));
    match state.kind() {
        StateKind::Retrying => map.insert("run_count".to_owned(), json!(state.attempts())),
        StateKind::Looped => map.insert("loop_count".to_owned(), json!(state.iteration())),
        StateKind::Mapped => map.insert("n_map_states".to_owned(), json!(state.children())),
        _ => None,
    };
    map
}

/// The state in which a task run ended.
pub(crate) fn at_end(run: TaskRun<'_>) -> Json {
    let state = run.state();
    let mut map = announced(state);
    map.insert("result".to_owned(), result(run));
    if state.kind().is(StateKind::Scheduled) {
        map.insert(
            "has_start_time".to_owned(),
            json!(state.start_time().is_some()),
        );
    }
    Json::Object(map)
}

/// What came of a task run; for a mapped one, what came of its children.
fn result(run: TaskRun<'_>) -> Json {
    let state = run.state();
    match (state.error(), state.result::<Json>()) {
        _ if state.is(StateKind::Mapped) => run.children().map(result).collect(),
        (Some(error), _) => json!({ "$error": errors::to_json(error) }),
        (None, Some(value)) => value.clone(),
        (None, None) => Json::Null,
    }
}
