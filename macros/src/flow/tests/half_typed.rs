//! What is emitted while a flow is being typed: every step that is understood, with the user's names
//! where they are bound, and for editors what may become a step.

use super::super::{expand, expand_function};
use super::tokens;
use crate::testing::{assert_emits, closed, placed};

/// The steps are emitted, and so is what stands before the `|` of each row.
#[track_caller]
fn steps(table: &[(&str, &[&str])]) {
    for (source, expected) in table {
        let flow = closed(&format!(
            "\"f\", |limit: i64| {{ let first = load(); {source}"
        ));
        let (expansion, errors) = expand(tokens(&flow));
        assert!(!errors.is_empty(), "nothing is wrong in\n{source}");
        assert_emits(
            source,
            &expansion,
            &["let limit = flow.parameter::<i64>(\"limit\")"],
        );
        assert_emits(source, &expansion, &["let first = flow.add(load {})"]);
        assert_emits(source, &expansion, expected);
    }
}

#[test]
fn calls() {
    steps(&[
        ("add(x = )", &["flow.add(add { x: mistake, })"]),
        (
            "let sum = add(x = , y = first); last(sum)",
            &[
                "let sum = flow.add(add { x: mistake, y: ::tribune::input(first), })",
                "<last>::__call(::tribune::input(sum),)",
            ],
        ),
        (
            "add(first, 1 +); last(first)",
            &["<last>::__call(::tribune::input(first),)"],
        ),
        (
            "add(x = first, y)",
            &["#[cfg(rust_analyzer)] { add { x, y, }; }"],
        ),
        (
            "ad; last(first)",
            &["#[cfg(rust_analyzer)] { ad; }", "<last>::__call("],
        ),
        (
            "let sum = ; last(sum)",
            &[
                "let sum = mistake",
                "<last>::__call(::tribune::input(sum),)",
            ],
        ),
        (
            "let sum; last(sum)",
            &[
                "let sum = mistake",
                "<last>::__call(::tribune::input(sum),)",
            ],
        ),
        (
            "let ; last(first)",
            &["<last>::__call(::tribune::input(first),)"],
        ),
        (
            "let sum = add(first)\nlet more = last(sum);",
            &[
                "let sum = flow.add(<add>::__call(",
                "let more = flow.add(<last>::__call(",
            ],
        ),
        ("load().ma; first..", &["::tribune::Call::new(load {}).ma"]),
        (
            "load().max_retries(); last(first)",
            &["<last>::__call(::tribune::input(first),)"],
        ),
    ]);
}

#[test]
fn loops_and_branches() {
    steps(&[
        ("for row in ", &[]),
        (
            "for row in\nlet more = load(); last(more)",
            &["<last>::__call("],
        ),
        (
            "for row in rows()",
            &[
                "let step0 = flow.add(rows {})",
                "let row = flow.enter_each(step0)",
            ],
        ),
        (
            "for row in first { add(row, ) } last(row, )  add(",
            &["let row = flow.enter_each(first)"],
        ),
        (
            "let all = for row in first { add(row, y = 1) }; last(all)",
            &[
                "let all = {",
                "let row = flow.enter_each(first)",
                "<last>::__call(::tribune::input(all),)",
            ],
        ),
        ("if ready()", &["flow.add(ready {})"]),
        (
            "if ready() { let more = load(); add(x = ) } else",
            &[
                "let more = flow.add(load {})",
                "flow.add(add { x: mistake, })",
            ],
        ),
        (
            "match kind() { Kind::Rows(n) => add(n, x = 1), _ => load() }",
            &["match value {", "Kind::Rows(n) =>"],
        ),
    ]);
}

#[test]
fn heads() {
    for (source, expected) in [
        (
            "\"f\", state_ha, { load(); }",
            &["options::flow::{state_ha as _}", "flow.add(load {})"][..],
        ),
        (
            "\"f\", state_ha = [page], { load(); }",
            &["options::flow::{state_ha as _}", "flow.add(load {})"],
        ),
        (
            "\"f\", state_handlers = [page], state_handlers = , { load(); }",
            &["flow.state_handler(page)", "flow.add(load {})"],
        ),
        (
            "\"f\", state_handlers = [slack(only_states = [Faild, 3])], { load(); }",
            &["StateKind::Faild", "flow.add(load {})"],
        ),
        (
            "\"f\", |x: , y: i64| { load(); }",
            &["let y = flow.parameter::<i64>(\"y\")", "flow.add(load {})"],
        ),
        ("{ load(); }", &["flow.add(load {})"]),
    ] {
        let (expansion, errors) = expand(tokens(source));
        assert!(!errors.is_empty(), "nothing is wrong in\n{source}");
        assert_emits(source, &expansion, expected);
    }
    let source = "pub fn nightly(x: i64, y: ) -> i64 { let a = load(); add(x = ) }";
    let (expansion, _) = expand_function(tokens("nam = \"x\""), tokens(source));
    assert_emits(
        source,
        &expansion,
        &[
            "pub fn nightly() -> ::tribune::Flow<i64>",
            "let x = flow.parameter::<i64>(\"x\")",
            "let a = flow.add(load {})",
            "options::flow::{nam as _}",
        ],
    );
}

/// Editors find and rename by the places of tokens.
#[test]
fn names_stand_where_the_user_wrote_them() {
    let source = "\"f\", |limit: i64| { let sum = add(x = limit, y = ); for row in rows(sum) { last(row, sum";
    let source = closed(source);
    let (expansion, _) = expand(tokens(&source));
    for name in ["limit", "sum", "add", "x", "row", "rows", "last"] {
        let written = placed(&tokens(&source), name).len();
        let emitted = placed(&expansion, name).len();
        assert!(emitted >= written, "{name}: {emitted} of {written}");
    }
}
