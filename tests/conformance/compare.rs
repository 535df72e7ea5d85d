//! What happened against what is expected: the first difference, if there is one.
//!
//! The rules are those of FORMAT.md, and the deviations D1 to D15 of SEMANTICS.md, section 24. They are
//! rules about what a trace may look like; no case is known here.

use serde_json::{Map, Value as Json, json};

use crate::errors;
use crate::graph::Graph;
use crate::order;
use crate::pattern;
use crate::slack;
use crate::values;

pub(crate) type Verdict = Result<(), String>;

/// How far what happened can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    All,
    /// The run was left in the middle. Without passes, it may have got farther or less far (D3).
    Begun,
    /// The run did not start.
    Nothing,
    /// A flow handler broke the original (D13): only the changes are known.
    Changes,
}

/// Compares one run.
pub(crate) fn run(expected: &Json, happened: &Json, graph: &Graph, flow: &str) -> Verdict {
    let extent = outcome(expected, happened)?;
    let transitions = |value: &Json| value["flow"]["transitions"].clone();
    sequence(
        "flow",
        &transitions(expected),
        &transitions(happened),
        extent,
    )?;
    if extent == Extent::All || extent == Extent::Nothing {
        let last = (&expected["flow"]["final"], &happened["flow"]["final"]);
        // The task states are never lost, so the result of a flow is not compared (D13).
        state(
            "flow.final",
            &without_result(last.0),
            &without_result(last.1),
        )?;
    }
    tasks(&expected["tasks"], &happened["tasks"], graph, extent)?;
    if extent == Extent::Begun {
        return Ok(());
    }
    order::calls(expected, happened, graph)?;
    order::prompts(expected, &happened["prompts"])?;
    slack::messages(&expected["slack"], &happened["slack"], graph, flow)
}

fn outcome(expected: &Json, happened: &Json) -> Result<Extent, String> {
    let (wanted, given) = (&expected["outcome"], &happened["outcome"]);
    let kind = |outcome: &Json| outcome["raised"]["error"].as_str().map(str::to_owned);
    let difference = || Err(differ("outcome", wanted, given));
    match kind(wanted).as_deref() {
        Some("InvalidParameters") if values::equal(wanted, given) => Ok(Extent::Nothing),
        Some("NoApproval") if kind(given).as_deref() == Some("NoApproval") => Ok(Extent::Begun),
        Some("InvalidParameters" | "NoApproval" | "CyclicFlow") => difference(),
        Some(_) if given.get("returned").is_some() => Ok(Extent::Changes),
        None if wanted.get("stuck_after_passes").is_some() => match given.get("raised") {
            // A run of ours ends where the original goes round for ever (D3, D8).
            None => Ok(Extent::Begun),
            Some(_) => difference(),
        },
        None if wanted == given => Ok(Extent::All),
        _ => difference(),
    }
}

fn tasks(expected: &Json, happened: &Json, graph: &Graph, extent: Extent) -> Verdict {
    let empty = Map::new();
    let tasks = |value: &'_ Json| value.as_object().cloned().unwrap_or_else(|| empty.clone());
    let (expected, happened) = (tasks(expected), tasks(happened));
    // Parameters are values, not tasks (D12).
    let is_parameter = |id: &str| graph.get(id).is_some_and(super::graph::Node::is_parameter);
    for (id, trace) in expected.iter().filter(|(id, _)| !is_parameter(id)) {
        let happened = happened
            .get(id)
            .ok_or_else(|| format!("{id}: there is no such task"))?;
        task(id, trace, happened, extent)?;
    }
    match happened.keys().find(|id| !expected.contains_key(*id)) {
        Some(id) => Err(format!("{id}: no such task is expected")),
        None => Ok(()),
    }
}

fn task(at: &str, expected: &Json, happened: &Json, extent: Extent) -> Verdict {
    sequence(
        at,
        &expected["transitions"],
        &happened["transitions"],
        extent,
    )?;
    let calls = (list(&expected["calls"]), list(&happened["calls"]));
    if extent != Extent::Begun {
        value(&format!("{at}.calls"), &json!(calls.0), &json!(calls.1))?;
    }
    // A run that lost the task states says nothing of them (D13).
    if extent == Extent::All && !expected["final"].is_null() {
        state(
            &format!("{at}.final"),
            &expected["final"],
            &happened["final"],
        )?;
    }
    let children = (list(&expected["children"]), list(&happened["children"]));
    if extent == Extent::All && children.0.len() != children.1.len() {
        let count = format!(
            "{at}: {} children are expected, not {}",
            children.0.len(),
            children.1.len()
        );
        return Err(count);
    }
    children
        .0
        .iter()
        .zip(children.1)
        .enumerate()
        .try_for_each(|(index, (expected, happened))| {
            task(&format!("{at}[{index}]"), expected, happened, extent)
        })
}

pub(crate) fn list(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Compares changes one by one.
fn sequence(at: &str, expected: &Json, happened: &Json, extent: Extent) -> Verdict {
    let (expected, happened) = (list(expected), list(happened));
    // Where the original went round for ever, a run of ours is ended.
    let ended = |change: &Json| extent == Extent::Begun && change["new"] == "Cancelled";
    let happened = match happened.split_last() {
        Some((last, before)) if ended(last) => before,
        _ => happened,
    };
    for (number, (expected, happened)) in expected.iter().zip(happened).enumerate() {
        transition(&format!("{at}.transitions[{number}]"), expected, happened)?;
    }
    if extent == Extent::Begun || expected.len() == happened.len() {
        return Ok(());
    }
    let number = expected.len().min(happened.len());
    let none = Json::Null;
    let change = |list: &[Json]| match list.get(number).unwrap_or(&none) {
        Json::Null => "nothing".to_owned(),
        change => format!(
            "{} -> {}",
            values::text(&change["old"]),
            values::text(&change["new"])
        ),
    };
    Err(format!(
        "{at}.transitions[{number}]: expected {}, happened {}",
        change(expected),
        change(happened)
    ))
}

fn transition(at: &str, expected: &Json, happened: &Json) -> Verdict {
    for key in ["old", "new"] {
        value(&format!("{at}.{key}"), &expected[key], &happened[key])?;
    }
    state(at, expected, happened)
}

/// Compares states, and what is written beside them: null is what is not there.
fn state(at: &str, expected: &Json, happened: &Json) -> Verdict {
    let (Some(wanted), Some(given)) = (expected.as_object(), happened.as_object()) else {
        return value(at, expected, happened);
    };
    for key in wanted.keys().chain(given.keys()) {
        let at = format!("{at}.{key}");
        let (wanted, given) = (&expected[key], &happened[key]);
        match key.as_str() {
            "message" => message(&at, wanted, given)?,
            "became" | "aborted" => state(&at, wanted, given)?,
            _ => value(&at, wanted, given)?,
        }
    }
    Ok(())
}

fn message(at: &str, expected: &Json, happened: &Json) -> Verdict {
    // Which of the two is named first was left to chance.
    let either = |text: &str| text.replace("Resource manager init", "Resource manager setup");
    let same = match (expected.as_str(), happened.as_str()) {
        (Some(expected), Some(happened)) => either(expected) == either(happened),
        (_, happened) => pattern::matches(expected, happened),
    };
    match same {
        true => Ok(()),
        false => Err(differ(at, expected, happened)),
    }
}

/// Compares any values.
pub(crate) fn value(at: &str, expected: &Json, happened: &Json) -> Verdict {
    let same = match (expected, happened) {
        // Signals are never values (D4).
        (expected, Json::Null) if is_signal(expected) => true,
        (expected, Json::String(text)) if pattern::is_pattern(expected) => {
            pattern::matches(expected, Some(text))
        }
        (Json::Array(expected), Json::Array(happened)) => return items(at, expected, happened),
        (Json::Object(wanted), Json::Object(given)) if is_error(wanted) && is_error(given) => {
            same_error(wanted, given)
        }
        (Json::Object(wanted), Json::Object(given)) => {
            if let Some(key) = wanted.keys().find(|key| !given.contains_key(*key)) {
                return Err(format!("{at}.{key} is missing"));
            }
            if let Some(key) = given.keys().find(|key| !wanted.contains_key(*key)) {
                return Err(format!("{at}.{key} is not expected"));
            }
            return wanted
                .iter()
                .try_for_each(|(key, wanted)| value(&format!("{at}.{key}"), wanted, &given[key]));
        }
        _ => values::equal(expected, happened) && expected.is_boolean() == happened.is_boolean(),
    };
    if same {
        Ok(())
    } else {
        Err(differ(at, expected, happened))
    }
}

fn items(at: &str, expected: &[Json], happened: &[Json]) -> Verdict {
    // Where a signal was an item, there is none: so a list without nothings is shorter (D4).
    let fewer: Vec<_> = expected.iter().filter(|item| !is_signal(item)).collect();
    let expected = match expected.len() == happened.len() {
        true => expected.iter().collect(),
        false => fewer,
    };
    if expected.len() != happened.len() {
        return Err(differ(at, &json!(expected), &json!(happened)));
    }
    let mut pairs = expected.into_iter().zip(happened).enumerate();
    pairs.try_for_each(|(index, (expected, happened))| {
        value(&format!("{at}[{index}]"), expected, happened)
    })
}

fn is_signal(value: &Json) -> bool {
    value.get("$signal").is_some()
}

fn is_error(map: &Map<String, Json>) -> bool {
    map.len() == 2 && map.contains_key("error") && map.contains_key("message")
}

/// Errors of the library speak in its own words (D14).
fn same_error(expected: &Map<String, Json>, happened: &Map<String, Json>) -> bool {
    let kind = expected["error"].as_str().unwrap_or_default();
    let free = expected["message"].is_null() || errors::has_own_words(kind);
    expected["error"] == happened["error"] && (free || expected["message"] == happened["message"])
}

fn without_result(state: &Json) -> Json {
    let mut state = state.clone();
    if let Some(map) = state.as_object_mut() {
        map.remove("result");
    }
    state
}

pub(crate) fn differ(at: &str, expected: &Json, happened: &Json) -> String {
    format!("{at}: expected {expected}, happened {happened}")
}
