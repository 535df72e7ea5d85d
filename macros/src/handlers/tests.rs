use super::filters::KINDS;
use crate::options::LISTS;

/// The text of a file of the runtime, which is built after the macros: they cannot ask it.
fn runtime(file: &str) -> String {
    let path = format!("{}/../runtime/src/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("the runtime is beside the macros")
}

#[test]
fn the_states_are_those_of_the_runtime() {
    let source = runtime("state.rs");
    let (_, table) = source.split_once("\nkinds! {").expect("it has a table");
    let (table, _) = table.split_once("\n}").expect("the table ends");
    let lines = table.lines().map(str::trim);
    let kinds = lines.filter(|line| !line.starts_with("///") && !line.is_empty());
    let kinds: Vec<(&str, Option<&str>)> = kinds
        .map(|line| {
            let (kind, _) = line.split_once(',').expect("a colour follows");
            kind.split_once(": ")
                .map_or((kind, None), |(kind, parent)| (kind, Some(parent)))
        })
        .collect();
    assert_eq!(kinds, KINDS);
}

#[test]
fn editors_are_given_every_option() {
    let source = runtime("private.rs");
    let (_, lists) = source.split_once("names! {").expect("there are lists");
    for (list, vocabulary) in LISTS {
        let start = format!("\n        {list}:\n");
        let (_, names) = lists.split_once(&start).expect("each macro has a list");
        let (names, _) = names.split_once(';').expect("the list ends");
        let lines = names.lines().map(str::trim);
        let names: Vec<&str> = lines.filter(|line| !line.starts_with("///")).collect();
        // A keyword is no name.
        let keys = vocabulary.keys.iter().filter(|key| **key != "crate");
        let missing: Vec<_> = keys.filter(|key| !names.contains(key)).collect();
        assert!(missing.is_empty(), "{list}: {missing:?}");
    }
}
