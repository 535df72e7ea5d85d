use super::filters::KINDS;

/// The macros cannot ask the runtime, which is built after them.
#[test]
fn the_states_are_those_of_the_runtime() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime/src/state.rs");
    let source = std::fs::read_to_string(path).expect("the runtime is beside the macros");
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
