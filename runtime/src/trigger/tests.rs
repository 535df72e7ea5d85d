//! Triggers against the table recorded from Prefect 1.4.1.

use serde_json::Value as Json;

use super::{
    Trigger, all_failed, all_finished, all_successful, any_failed, any_successful, custom,
    manual_only, not_all_skipped, some_failed, some_successful,
};
use crate::state::{State, StateKind};

fn table() -> Json {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/conformance/tables/triggers.json"
    );
    let text = std::fs::read_to_string(path).expect("the table is in the repository");
    serde_json::from_str(&text).expect("the table is JSON")
}

fn trigger(json: &Json) -> Trigger {
    match json.as_str() {
        Some("all_successful") => all_successful,
        Some("all_failed") => all_failed,
        Some("any_successful") => any_successful,
        Some("any_failed") => any_failed,
        Some("all_finished" | "always_run") => all_finished,
        Some("not_all_skipped") => not_all_skipped,
        Some("manual_only") => manual_only,
        Some(other) => panic!("unknown trigger {other}"),
        None => {
            let (name, bounds) = json.as_object().and_then(|map| map.iter().next()).unwrap();
            let trigger = if name == "some_failed" {
                some_failed
            } else {
                some_successful
            };
            bounds
                .as_object()
                .unwrap()
                .iter()
                .fold(trigger, |trigger, (key, bound)| {
                    let bound = bound.as_f64().unwrap();
                    if key == "at_least" {
                        trigger.at_least(bound)
                    } else {
                        trigger.at_most(bound)
                    }
                })
        }
    }
}

fn state(name: &str) -> State {
    let named = StateKind::ALL.iter().find(|kind| kind.name() == name);
    State::new(*named.expect("a kind of this name"))
}

/// The states that an upstream stands for: a mapped one, written `Mapped(A,B)`, for its children.
fn states(upstream: &str) -> Vec<State> {
    match upstream
        .strip_prefix("Mapped(")
        .and_then(|rest| rest.strip_suffix(')'))
    {
        None => vec![state(upstream)],
        Some(children) => children
            .split(',')
            .filter(|name| !name.is_empty())
            .map(state)
            .collect(),
    }
}

#[test]
fn every_trigger_says_what_prefect_said() {
    let table = table();
    let triggers: Vec<_> = table["triggers"]
        .as_array()
        .unwrap()
        .iter()
        .map(trigger)
        .collect();
    let rows = table["rows"].as_array().unwrap();
    for row in rows {
        let names = row["upstream"].as_array().unwrap();
        let upstream: Vec<_> = names
            .iter()
            .flat_map(|name| states(name.as_str().unwrap()))
            .collect();
        for (trigger, expected) in triggers.iter().zip(row["outcome"].as_array().unwrap()) {
            let refusal = trigger.refusal(names.len(), upstream.iter(), false);
            let outcome = refusal.map_or("run", |state| state.kind().name());
            assert_eq!(
                outcome,
                expected.as_str().unwrap(),
                "{trigger:?} below {names:?}"
            );
        }
    }
    assert_eq!(rows.len(), 220);
}

#[test]
fn refusals_say_what_prefect_said() {
    let table = table();
    let success = [state("Success"), state("Failed")];
    let skipped = [state("Skipped")];
    for (key, message) in table["messages"].as_object().unwrap() {
        let (name, kind) = key.split_once(" -> ").unwrap();
        let trigger = match name {
            "some_successful" => some_successful.at_least(9),
            "some_failed" => some_failed.at_least(9),
            "any_failed" => any_failed,
            name => trigger(&Json::from(name)),
        };
        let all = [&success[..], &success[..1], &success[1..], &skipped[..]];
        let pending = [state("Pending")];
        let refusals = all
            .into_iter()
            .chain([&pending[..]])
            .filter_map(|upstream| {
                let refusal = trigger.refusal(upstream.len(), upstream.iter(), false)?;
                (refusal.kind().name() == kind).then(|| refusal.message().unwrap().to_owned())
            });
        let refusals: Vec<_> = refusals.collect();
        assert!(
            refusals.contains(&message.as_str().unwrap().to_owned()),
            "{key}: {refusals:?}"
        );
    }
}

fn panics(_: &[&State]) -> bool {
    panic!("oh")
}

#[test]
fn a_custom_trigger_says_yes_says_no_breaks_or_panics() {
    let refusal =
        |trigger: Trigger| trigger.refusal(1, [State::new(StateKind::Success)].iter(), false);
    assert!(refusal(custom(|upstream| upstream.len() == 1)).is_none());
    let said = |trigger| refusal(trigger).map(|state| state.to_string());
    assert_eq!(
        said(custom(|_| false)).unwrap(),
        r#"TriggerFailed("Trigger failed")"#
    );
    assert_eq!(
        said(custom(|_| Err::<bool, _>("broken"))).unwrap(),
        r#"TriggerFailed("Unexpected error while checking task trigger: broken")"#
    );
    assert_eq!(
        said(custom(panics)).unwrap(),
        r#"TriggerFailed("Unexpected error while checking task trigger: oh")"#
    );
}
