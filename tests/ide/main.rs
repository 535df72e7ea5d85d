//! What an editor offers inside of the macros, asked of rust-analyzer while a program is being typed.
//!
//! `cargo run -p tribune-tests --bin ide`: it needs `rust-analyzer`, and is no part of `cargo test`.
#![expect(clippy::print_stdout, reason = "its output is its report")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

use server::{Outcome, Server};

mod server;

/// What is expected at the place of `$0`.
enum Expect {
    /// These are among what is offered.
    Offers(&'static [&'static str]),
    /// The text that is shown has this in it.
    Shows(&'static str),
    /// The definition is in the line with this text.
    GoesTo(&'static str),
}

use Expect::{GoesTo, Offers, Shows};

const CASES: &[(&str, &str, Expect)] = &[
    (
        "the name of a task",
        "let flow = flow!(\"f\", { let sum = ad$0 });",
        Offers(&["add"]),
    ),
    (
        "the name of a task after a step",
        "let flow = flow!(\"f\", { let n = load(); ad$0; add(n, 1) });",
        Offers(&["add"]),
    ),
    (
        "the name of a task in a module",
        "let flow = flow!(\"f\", { tasks::dou$0 });",
        Offers(&["double"]),
    ),
    (
        "the name of an argument",
        "let flow = flow!(\"f\", { add(x = 1, b$0) });",
        Offers(&["by"]),
    ),
    (
        "the first argument",
        "let flow = flow!(\"f\", { add($0) });",
        Offers(&["number"]),
    ),
    (
        "a binding as an argument",
        "let flow = flow!(\"f\", { let number = load(); add(x = numb$0) });",
        Offers(&["number"]),
    ),
    (
        "a binding in a loop",
        "let flow = flow!(\"f\", { for number in rows() { add(numb$0, 1); } });",
        Offers(&["number"]),
    ),
    (
        "a list to go over",
        "let flow = flow!(\"f\", { for number in row$0 });",
        Offers(&["rows"]),
    ),
    (
        "an option of a call",
        "let flow = flow!(\"f\", { load().max_r$0 });",
        Offers(&["max_retries"]),
    ),
    (
        "a parameter of the flow",
        "let flow = flow!(\"f\", |limit: i64| { add(lim$0, 1) });",
        Offers(&["limit"]),
    ),
    (
        "a state in a filter",
        "#[task(state_handlers = [slack_notifier(only_states = [Fai$0])])] fn other() {}",
        Offers(&["Failed"]),
    ),
    (
        "a state in a filter of a flow",
        "let flow = flow!(\"f\", state_handlers = [slack_notifier(only_states = [Fai$0])], { load(); });",
        Offers(&["Failed"]),
    ),
    (
        "a handler",
        "#[task(state_handlers = [slack_no$0])] fn other() {}",
        Offers(&["slack_notifier"]),
    ),
    (
        "an option of a handler",
        "#[task(state_handlers = [slack_notifier(only_st$0)])] fn other() {}",
        Offers(&["only_states", "ignore_states"]),
    ),
    (
        "an option of a handler before its value",
        "#[task(state_handlers = [slack_notifier(only_st$0 = [Failed])])] fn other() {}",
        Offers(&["only_states"]),
    ),
    (
        "a trigger",
        "#[task(trigger = all_f$0)] fn other() {}",
        Offers(&["all_finished", "all_failed"]),
    ),
    (
        "an option of a task",
        "#[task(max_re$0)] fn other() {}",
        Offers(&["max_retries", "retry_delay"]),
    ),
    (
        "an option of a flow",
        "let flow = flow!(\"f\", state_ha$0, { load(); });",
        Offers(&["state_handlers"]),
    ),
    (
        "a name in the body of a task",
        "#[task] fn other(number: i64) -> i64 { numb$0 }",
        Offers(&["number"]),
    ),
    (
        "what a task is",
        "let flow = flow!(\"f\", { ad$0d(1, 2) });",
        Shows("Adds two numbers."),
    ),
    (
        "what a binding is",
        "let flow = flow!(\"f\", { let sum = load(); add(su$0m, 1) });",
        Shows("Handle<i64>"),
    ),
    (
        "where a task is",
        "let flow = flow!(\"f\", { ad$0d(1, 2) });",
        GoesTo("fn add(x: i64, by: i64)"),
    ),
    (
        "where a task by name is",
        "let flow = flow!(\"f\", { ad$0d(x = 1, by = 2) });",
        GoesTo("fn add(x: i64, by: i64)"),
    ),
    (
        "where an argument is",
        "let flow = flow!(\"f\", { add(x = 1, b$0y = 2) });",
        GoesTo("fn add(x: i64, by: i64)"),
    ),
    (
        "where a binding is",
        "let flow = flow!(\"f\", {\nlet sum = load();\nadd(su$0m, 1) });",
        GoesTo("let sum = load();"),
    ),
    (
        "where a handler is",
        "#[task(state_handlers = [pag$0e])] fn other() {}",
        GoesTo("fn page("),
    ),
];

/// The program around each case.
fn program(case: &str) -> String {
    format!(
        "use tribune::prelude::*;

/// Adds two numbers.
#[task]
fn add(x: i64, by: i64) -> i64 {{
    x + by
}}

#[task]
fn load() -> i64 {{
    1
}}

#[task]
fn rows() -> Vec<i64> {{
    vec![1]
}}

mod tasks {{
    #[tribune::task]
    pub fn double(x: i64) -> i64 {{
        2 * x
    }}
}}

fn page(_: &StateChange, new: State) -> State {{
    new
}}

fn main() {{
    let number = 1;
    {case}
}}
"
    )
}

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            println!("{failed} of {} are not as expected", CASES.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("the session broke off: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How many cases are not as expected.
fn run() -> Outcome<usize> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir()?;
    let library: PathBuf = tests.join("../runtime").canonicalize()?;
    let target = tests.join("../target/ide");
    let mut server = Server::start(&folder.path().canonicalize()?, &library, &target)?;
    let mut failed = 0;
    for (name, case, expected) in CASES {
        let program = program(case);
        match judge(&mut server, &program, expected)? {
            None => println!("ok      {name}"),
            Some(instead) => {
                println!("FAILED  {name}: {instead}");
                failed += 1;
            }
        }
    }
    Ok(failed)
}

/// What came instead of what was expected.
fn judge(server: &mut Server, program: &str, expected: &Expect) -> Outcome<Option<String>> {
    Ok(match expected {
        Offers(names) => {
            let answer = server.at(program, "textDocument/completion")?;
            let items = answer.get("items").unwrap_or(&answer).as_array().cloned();
            let offered: Vec<String> = items.unwrap_or_default().iter().filter_map(label).collect();
            let missing = names
                .iter()
                .find(|name| !offered.iter().any(|other| other == *name));
            missing.map(|name| {
                let first: Vec<_> = offered.iter().take(8).collect();
                format!(
                    "no `{name}` among {} offers, such as {first:?}",
                    offered.len()
                )
            })
        }
        Shows(text) => {
            let answer = server.at(program, "textDocument/hover")?;
            let shown = answer["contents"]["value"].as_str().unwrap_or_default();
            (!shown.contains(text)).then(|| format!("it shows {shown:?}"))
        }
        GoesTo(text) => {
            let answer = server.at(program, "textDocument/definition")?;
            let places = answer.as_array().cloned().unwrap_or_default();
            let lines: Vec<String> = places
                .iter()
                .filter_map(|place| line(place, program))
                .collect();
            let there = lines.iter().any(|line| line.contains(text));
            (!there).then(|| format!("it goes to {lines:?}"))
        }
    })
}

/// The line of the program that a place is in; generated code has further places elsewhere.
fn line(place: &Value, program: &str) -> Option<String> {
    let file = place.get("uri").or_else(|| place.get("targetUri"))?;
    if !file.as_str()?.ends_with("src/main.rs") {
        return None;
    }
    let range = place
        .get("range")
        .or_else(|| place.get("targetSelectionRange"))?;
    let number = usize::try_from(range["start"]["line"].as_u64()?).ok()?;
    Some(program.lines().nth(number)?.replace("$0", ""))
}

/// The name that is offered, without what follows it.
fn label(item: &Value) -> Option<String> {
    let label = item["label"].as_str()?;
    let end = label
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(label.len());
    Some(label[..end].to_owned())
}
