//! What is emitted while a task is being typed: always the function, and for editors what may become
//! an option.

use super::super::expand;
use super::{ADD, tokens};
use crate::testing::{assert_emits, closed};

#[test]
fn options() {
    for (source, expected) in [
        (
            "max_re",
            &["options::task::{max_re as _}", "struct add"][..],
        ),
        (
            "name = \"a\", max_re = 3, trig",
            &["options::task::{max_re as _, trig as _}", ".name(\"a\")"],
        ),
        ("name = ", &["struct add"]),
        ("name = \"a\", state_handlers = [", &[".name(\"a\")"]),
        (
            "state_handlers = [slack_notifier(only_st)]",
            &["#[cfg(rust_analyzer)] { slack_notifier.only_st; }"],
        ),
        (
            "state_handlers = [slack_notifier(only_st = [Failed])]",
            &["slack_notifier.only_st("],
        ),
        (
            "state_handlers = [slack_notifier(only_states = )]",
            &["struct add"],
        ),
        (
            "state_handlers = [slack_notifier(only_states = [Faild])]",
            &["::tribune::StateKind::Faild"],
        ),
        ("trigger = all_f", &["::tribune::trigger::all_f"]),
    ] {
        let (expansion, _) = expand(tokens(&closed(source)), tokens(ADD));
        assert_emits(source, &expansion, &[ADD]);
        assert_emits(source, &expansion, expected);
    }
}

#[test]
fn functions() {
    for function in [
        "fn add(x: i64) -> i64 { x. }",
        "fn add(x: i64) -> i64 { let y = ; x + }",
        "fn add(x: i64, y) -> i64 { x }",
        "fn add(x: ) { x }",
        "fn add() -> { 1 }",
        "pub async fn add(x: &mut i64) { x }",
        "#[cfg(test)] fn add<T>(x: T) { x.a }",
        "fn add(",
        "struct add",
    ] {
        let closed = closed(function);
        let (expansion, _) = expand(tokens("max_retries = 3"), tokens(&closed));
        assert_emits(function, &expansion, &[&closed]);
    }
}
