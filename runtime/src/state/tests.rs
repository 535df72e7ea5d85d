use super::{State, StateKind, StateSet};

#[test]
fn a_set_contains_the_subkinds_of_its_kinds_and_nothing_else() {
    let failed = StateSet::new(&[StateKind::Failed]);
    let kinds: Vec<_> = StateKind::ALL
        .iter()
        .filter(|kind| failed.contains(**kind))
        .collect();
    assert_eq!(
        kinds,
        [
            &StateKind::Failed,
            &StateKind::TimedOut,
            &StateKind::TriggerFailed,
            &StateKind::ValidationFailed
        ]
    );
    assert_eq!(
        format!("{failed:?}"),
        "{Failed, TimedOut, TriggerFailed, ValidationFailed}"
    );
}

#[test]
fn parents_stand_before_their_subkinds() {
    for (at, kind) in StateKind::ALL.iter().enumerate() {
        assert_eq!(
            *kind as usize, at,
            "the bits of a set follow the order of declaration"
        );
        if let Some(parent) = kind.parent() {
            assert!(
                StateKind::ALL[..at].contains(&parent),
                "{kind} stands before {parent}"
            );
        }
    }
}

#[test]
fn a_value_is_taken_once_and_an_error_stays() {
    let mut state = State::new(StateKind::Success).with_result(5_i64);
    assert_eq!(state.result::<i64>(), Some(&5));
    assert_eq!(state.result::<u8>(), None);
    assert!(state.take_value().is_some());
    assert!(state.take_value().is_none());

    let mut state = State::new(StateKind::Failed).with_error(crate::TaskError::new("e"));
    assert!(state.take_value().is_none());
    assert_eq!(state.error().unwrap().to_string(), "e");
}

/// Names, parents, colours and predicates as recorded from Prefect 1.4.1.
#[test]
fn the_hierarchy_is_that_of_prefect() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/conformance/tables/states.json"
    );
    let text = std::fs::read_to_string(path).expect("the table is in the repository");
    let table: serde_json::Value = serde_json::from_str(&text).expect("the table is JSON");
    let rows = table["states"].as_array().unwrap();
    for row in rows {
        let name = row["state"].as_str().unwrap();
        // The root class has no name of its own here: every state has a kind.
        let Some(kind) = StateKind::ALL.iter().find(|kind| kind.name() == name) else {
            assert_eq!(name, "State");
            continue;
        };
        assert_eq!(kind.color(), row["color"].as_str().unwrap());
        let parents = std::iter::successors(kind.parent(), |kind| kind.parent());
        let names: Vec<_> = parents.map(StateKind::name).chain(["State"]).collect();
        assert_eq!(serde_json::json!(names), row["parents"]);
        let predicates = row["true_predicates"].as_array().unwrap();
        for (predicate, is) in [
            ("is_pending", kind.is_pending()),
            ("is_running", kind.is_running()),
            ("is_finished", kind.is_finished()),
            ("is_successful", kind.is_successful()),
            ("is_failed", kind.is_failed()),
            ("is_skipped", kind.is_skipped()),
            ("is_scheduled", kind.is_scheduled()),
            ("is_retrying", kind.is(StateKind::Retrying)),
            ("is_mapped", kind.is(StateKind::Mapped)),
            ("is_cached", kind.is(StateKind::Cached)),
            ("is_looped", kind.is(StateKind::Looped)),
        ] {
            assert_eq!(
                predicates.contains(&predicate.into()),
                is,
                "{kind} {predicate}"
            );
        }
    }
    assert_eq!(rows.len(), StateKind::ALL.len() + 1);
}
