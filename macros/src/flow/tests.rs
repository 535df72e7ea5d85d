#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use expect_test::{Expect, expect, expect_file};
use proc_macro2::TokenStream;

use super::expand;
use crate::testing::{assert_placed, assert_told, count, damaged, idents, page, pretty_expression};

const NO_STEP: &str = "only the call of a task is a step of a flow\nhelp: move other code into a function with `#[task]`";

const NO_MUT: &str =
    "names in a flow are never assigned to, so `mut` has no effect\nhelp: remove it";

mod control;
mod function;
mod half_typed;

fn tokens(source: &str) -> TokenStream {
    source.parse().expect("it is a list of tokens")
}

#[track_caller]
fn told(table: &[(&str, &[(&str, &str)])]) {
    for (source, expected) in table {
        assert_told(source, &expand(tokens(source)).1, expected);
    }
}

/// The mistakes of the steps of a flow.
#[track_caller]
fn steps(table: &[(&str, &[(&str, &str)])]) {
    for (source, expected) in table {
        let flow = format!("\"f\", {{ {source} }}");
        assert_told(source, &expand(tokens(&flow)).1, expected);
    }
}

#[test]
fn the_parts_of_a_flow() {
    let no_name = "a flow starts with its name\nhelp: write `flow!(\"my flow\", { .. })`";
    let no_body = "a flow needs a body\nhelp: write `flow!(\"my flow\", { .. })`";
    told(&[
        ("{ a(); }", &[("{", no_name)]),
        ("|x: i64| { a(x); }", &[("|", no_name)]),
        (
            "state_handlers = [s], { a(); }",
            &[("state_handlers", no_name)],
        ),
        (r#""f""#, &[(r#""f""#, no_body)]),
        (r#"name = "f""#, &[("name", no_body)]),
        (
            r#"name =, {}"#,
            &[(
                "name",
                "flow option `name` needs a value\nhelp: write `name = ..`",
            )],
        ),
        (r#""", {}"#, &[(r#""""#, "a flow name must not be empty")]),
        ("3, {}", &[("3", "a flow name must be a string")]),
        (
            r#""f", name = "g", {}"#,
            &[("name", "the flow has a name already\nhelp: give it once")],
        ),
        (r#""f" { a(); }"#, &[("{", "expected `,`")]),
        (r#""f"; { a(); }"#, &[(";", "expected `,`")]),
        (
            r#""f", "g", {}"#,
            &[(
                r#""g""#,
                "expected an option, or the body of the flow\nhelp: options are written `option = value`",
            )],
        ),
        (
            r#""f", state_handler = [], {}"#,
            &[(
                "state_handler",
                "unknown flow option `state_handler`\nhelp: there is an option with a similar name: `state_handlers`",
            )],
        ),
        (
            r#""f", on_failure = a, on_failure = b, {}"#,
            &[
                ("on_failure", "flow option `on_failure` is given twice"),
                ("on_failure", "`on_failure` is first given here"),
            ],
        ),
        (
            r#""f", state_handlers = slack, {}"#,
            &[(
                "slack",
                "`state_handlers` takes a list\nhelp: write `state_handlers = [slack]`",
            )],
        ),
        (
            r#""f", reference_tasks = a, { let a = b(); }"#,
            &[(
                "a",
                "`reference_tasks` takes a list\nhelp: write `reference_tasks = [a]`",
            )],
        ),
        (
            r#""f", reference_tasks = [b()], {}"#,
            &[(
                "b()",
                "expected a binding of the flow\nhelp: bind the task with `let`, and name the binding",
            )],
        ),
        (
            r#""f", reference_tasks = [], {}"#,
            &[(
                "[]",
                "`reference_tasks = []` has no effect\nhelp: list a binding, or remove the option",
            )],
        ),
        (
            r#""f", state_handlers = [slack(only_states = [Retrying, TimedOut])], {}"#,
            &[(
                "Retrying",
                "a flow is never in this state, only its tasks are: the handler would never be called\nhelp: list the handler at the tasks, or another state",
            )],
        ),
        (
            r#""f", async {}"#,
            &[(
                "async",
                "a flow is declared at once, and only its run is `async`\nhelp: remove `async`",
            )],
        ),
        (
            r#""f", || -> i64 { a() }"#,
            &[(
                "-",
                "the output type of a flow is inferred\nhelp: remove it",
            )],
        ),
        (r#""f", |x: i64| a(x)"#, &[("a", "expected curly braces")]),
        (r#""f", move || {}"#, &[]),
        (r#"NAMES[0], {},"#, &[]),
    ]);
}

#[test]
fn parameters() {
    let attribute = "the only attribute of a flow parameter is `#[default(value)]`";
    told(&[
        (
            r#""f", |x| {}"#,
            &[(
                "x",
                "a flow parameter needs a type\nhelp: write `x: String`, or another type",
            )],
        ),
        (r#""f", |mut x: i64| {}"#, &[("mut", NO_MUT)]),
        (
            r#""f", |(x, y): (i64, i64)| {}"#,
            &[(
                "(x, y)",
                "a flow parameter must be a plain name, because runs give parameters by name",
            )],
        ),
        (
            r#""f", |x: &str, y: u8| {}"#,
            &[(
                "&str",
                "a flow parameter must be owned: each run is given its own\nhelp: write the type without the `&`; tasks can still borrow the value",
            )],
        ),
        (
            r#""f", |#[default] x: i64| {}"#,
            &[(
                "#[default]",
                "expected a value\nhelp: write `#[default(value)]`",
            )],
        ),
        (
            r#""f", |#[default = 1] x: i64| {}"#,
            &[(
                "#[default = 1]",
                "expected a value\nhelp: write `#[default(value)]`",
            )],
        ),
        (
            r#""f", |#[serde(default)] x: i64| {}"#,
            &[("#[serde(default)]", attribute)],
        ),
        (
            r#""f", |#[default()] x: i64| {}"#,
            &[(")", "unexpected end of input, expected an expression")],
        ),
        (r#""f", |x: i64 y: i64| {}"#, &[("y", "expected `,`")]),
        (
            r#""f", |x: , y: i64| {}"#,
            &[(
                "x",
                "a flow parameter needs a type\nhelp: write `x: String`, or another type",
            )],
        ),
    ]);
}

#[test]
fn statements() {
    let item = "an item cannot be declared in a flow\nhelp: move it above the flow";
    steps(&[
        ("let mut a = load();", &[("mut", NO_MUT)]),
        (
            "let a: i64 = load(); sum(a);",
            &[(
                "i64",
                "the type of a binding is the output of its task\nhelp: remove the type",
            )],
        ),
        (
            "let Some(a) = load() else { return }; sum(a);",
            &[
                (
                    "Some(a)",
                    "a flow step binds a name, or a tuple of names\nhelp: take the value apart inside a task",
                ),
                (
                    "else",
                    "a binding in a flow always matches\nhelp: remove the `else`",
                ),
            ],
        ),
        (
            "let Point { x, y: z } = load(); sum(x, z);",
            &[(
                "Point { x, y: z }",
                "a flow step binds a name, or a tuple of names\nhelp: take the value apart inside a task",
            )],
        ),
        (
            "let a;",
            &[(
                "let a",
                "a binding in a flow needs a value\nhelp: write `let name = task(..);`",
            )],
        ),
        (
            "let a = load()\nlet b = sum(a);",
            &[("let a = load()", "missing `;` after this flow step")],
        ),
        (
            "load()\nsum(1);",
            &[("load()", "missing `;` after this flow step")],
        ),
        (
            "let a = load()",
            &[("let a = load()", "missing `;` after this flow step")],
        ),
        ("use tasks::*; load();", &[("use", item)]),
        ("fn helper() {} load();", &[("fn", item)]),
        ("const X: i64 = 1; load(X);", &[("const", item)]),
        (
            "#[inline] load();",
            &[(
                "#[inline]",
                "a flow step has no attributes but `#[cfg(..)]`\nhelp: put it on the flow, or on the task",
            )],
        ),
        (
            "let a = load(); #[cfg(test)] a",
            &[(
                "#[cfg(test)]",
                "the last value of a block is always there\nhelp: bind each of two values under its own condition, and end with the binding",
            )],
        ),
        (
            "#[cfg(test)] load(); #[cfg_attr(test, cfg(unix))] let a = load(); sum(a)",
            &[],
        ),
        (
            "println!(\"x\");",
            &[(
                "println",
                "a macro is not a task: it would run where the flow is declared\nhelp: call it inside a task",
            )],
        ),
        ("let a = load(); a;", &[("a", NO_STEP)]),
        ("String::new();", &[("String::new()", NO_STEP)]),
        ("{ helper() };", &[("{ helper() }", NO_STEP)]),
        ("(load(), load());", &[("(", NO_STEP)]),
        (";; load();;", &[]),
    ]);
}

#[test]
fn rust_that_flows_have_not() {
    let fixed = |word: &str| {
        format!(
            "`{word}` cannot be used in a flow: its graph is fixed where it is declared\nhelp: loop inside a task"
        )
    };
    let no_return = "`return` cannot be used in a flow: its last expression is its output\nhelp: remove `return`";
    let no_async =
        "an `async` block is not a task\nhelp: move its body into an `async fn` with `#[task]`";
    steps(&[
        ("while true { load(); }", &[("while", &fixed("while"))]),
        (
            "let a = loop { break 1; }; sum(a);",
            &[("loop", &fixed("loop"))],
        ),
        ("return;", &[("return", no_return)]),
        ("let a = load(); return a", &[("return", no_return)]),
        ("let a = async { 1 }; sum(a);", &[("async", no_async)]),
        ("async move { load() };", &[("async", no_async)]),
        (
            "let a = load()?; sum(a);",
            &[(
                "?",
                "`?` cannot be used in a flow: steps run later, and a failed task already fails the flow\nhelp: remove the `?`",
            )],
        ),
        (
            "let a = load().await; sum(a);",
            &[(
                "await",
                "`.await` cannot be used in a flow: steps run later\nhelp: remove the `.await`",
            )],
        ),
        (
            "let a = pair().0; sum(a);",
            &[(
                "0",
                "an output is taken apart by a pattern\nhelp: write `let (a, b) = task(..);`",
            )],
        ),
    ]);
}

#[test]
fn computing_with_outputs() {
    let name = |name: &str| {
        format!(
            "`{name}` is the future output of a step, so it cannot be part of an expression\nhelp: compute inside a task that takes `{name}`"
        )
    };
    let call = |path: &str| {
        format!(
            "`{path}(..)` is the future output of a step, so it cannot be part of an expression\nhelp: compute inside a task, or write `{{ .. }}` around what is computed where the flow is declared"
        )
    };
    let (a, load) = (name("a"), call("load"));
    let bound = |step: &str| format!("let a = load(); {step}");
    let table: &[(&str, &[(&str, &str)])] = &[
        ("sum(x = a + 1);", &[("a", &a)]),
        ("sum(x = -a, y = [1, 2 * a]);", &[("a", &a), ("a", &a)]),
        ("sum(x = a.len());", &[("a", &a)]),
        ("sum(x = Some(a));", &[("a", &a)]),
        ("sum(x = vec![a]);", &[("a", &a)]),
        ("sum(x = &mut a);", &[("a", &a)]),
        ("sum(x = { a + 1 });", &[("a", &a)]),
        ("sum(x = Point { x: a });", &[("a", &a)]),
        ("sum(x = a as u8);", &[("a", &a)]),
        ("sum(x = a[0]);", &[("a", &a)]),
        ("sum(x = 0..a);", &[("a", &a)]),
        ("sum(x = n != a && a != n);", &[("a", &a)]),
        ("sum(1).name(format!(\"{}\", a));", &[("a", &a)]),
        ("sum(1).slug(a);", &[("a", &a)]),
        ("let b = a + 1; sum(b);", &[("a", &a)]),
        ("a += 1;", &[("a", &a)]),
        (
            "sum(x = a.0);",
            &[(
                "a",
                "`a` is the future output of a step, so it has no fields yet\nhelp: take it apart with `let (a, b) = a;`",
            )],
        ),
        ("load() + 1;", &[("load", &load)]),
        ("sum(x = 1 + load());", &[("load", &load)]),
        ("sum(x = -load());", &[("load", &load)]),
        ("sum(x = load()[0]);", &[("load", &load)]),
        ("sum(x = load() as u8);", &[("load", &load)]),
        (
            "sum(x = tasks::load() == 2);",
            &[("tasks::load", &call("tasks::load"))],
        ),
        // What only looks like it.
        (
            "sum(x = b.a, y = a::b, z = P { a: 1 }, w = { a(1) }, v = { a!() });",
            &[],
        ),
        (
            "sum(x = |a| a + 1, y = { let a = 1; a }, z = Some(3).map(|a| a + 1));",
            &[],
        ),
        ("let a = 1; sum(x = a + 1);", &[]),
        (
            "sum(x = &a, y = (a, a), z = [a, load()], w = &load());",
            &[],
        ),
    ];
    for (source, expected) in table {
        let source = bound(source);
        steps(&[(&source, expected)]);
    }
}

#[test]
fn the_order_of_steps() {
    let outside = |name: &str| {
        format!("help: if `{name}` is a variable from outside of the flow, bind to another name")
    };
    let before = format!(
        "`b` is used before it is bound: a step can only depend on steps above it\n{}",
        outside("b")
    );
    let itself = format!("`a` depends on itself\n{}", outside("a"));
    steps(&[
        (
            "let a = sum(b); let b = load();",
            &[("b", &before), ("b", "`b` is bound here")],
        ),
        (
            "sum(x = &b); let (c, b) = load();",
            &[("b", &before), ("b", "`b` is bound here")],
        ),
        (
            "load().after(b); let b = load();",
            &[("b", &before), ("b", "`b` is bound here")],
        ),
        ("let a = sum(a);", &[("a", &itself)]),
        ("let a = load(); let a = sum(a);", &[]),
        ("let (a, b) = (load(), load()); let (a, b) = (b, a);", &[]),
    ]);
}

#[test]
fn arguments() {
    steps(&[
        (
            "sum(x = 1, 2);",
            &[(
                "2",
                "arguments are given all by name or all by position\nhelp: name this one too: `argument = value`",
            )],
        ),
        (
            "sum(x = );",
            &[("x", "argument `x` needs a value\nhelp: write `x = ..`")],
        ),
        (
            "let a = sum(x = , y = 1); sum(a);",
            &[("x", "argument `x` needs a value\nhelp: write `x = ..`")],
        ),
        ("sum(x = 1 y = 2);", &[("y", "expected `,`")]),
        (
            "let a = sum(1 +); sum(a);",
            &[(")", "unexpected end of input, expected an expression")],
        ),
        ("let a = ; sum(a);", &[(";", "expected an expression")]),
        (
            "load().after();",
            &[("after", "`after` needs a value\nhelp: write `.after(..)`")],
        ),
        (
            "load().name();",
            &[("name", "`name` needs a value\nhelp: write `.name(..)`")],
        ),
        (
            "load().name(\"a\", \"b\");",
            &[(r#""b""#, "`name` takes one value")],
        ),
        (
            "load().timeout(10);",
            &[("10", "a time needs a unit\nhelp: write `timeout = \"10s\"`")],
        ),
        (
            "load().state_handlers([slack(only_states = Failed)]);",
            &[(
                "Failed",
                "`only_states` takes a list of states\nhelp: write `only_states = [Failed]`",
            )],
        ),
    ]);
}

#[test]
fn broken_input_never_panics() {
    const FLOW: &str = r#"name = "f", state_handlers = [slack(only_states = [Failed])], reference_tasks = [b],
        |source: String, #[default(100)] limit: usize| {
            let (a, (b, _)) = pair();
            let c = fetch(x = limit, y = &source).name("first").after(a, b).timeout("1m");
            tasks::sum([a, load(1 + 2)], { helper() }, (a, c));
            let d = -1;
            (c, a)
        }"#;
    for flow in damaged(tokens(FLOW)) {
        let errors = expand(flow.clone()).1;
        if !flow.is_empty() {
            assert_placed(&flow, &errors);
        }
    }
}

#[test]
fn another_name_for_the_library() {
    let source = r#"crate = crate::renamed, "f", state_handlers = [a(only_states = [Failed])], |x: i64| { let (a, b) = f(x).timeout("1s").trigger(all_failed); g(a = h(b)) }"#;
    let (expansion, errors) = expand(tokens(source));
    assert_told(source, &errors, &[]);
    assert!(!idents(expansion).contains("tribune"));
}

#[track_caller]
fn expansion(source: &str, expected: &Expect) {
    let (expansion, errors) = expand(tokens(source));
    assert_told(source, &errors, &[]);
    expected.assert_eq(&pretty_expression(&expansion));
}

/// It is shown in the documentation.
#[test]
fn the_smallest_flow() {
    let source = r#""example", { let sum = add(x = 1, y = load()); report(sum) }"#;
    let (expansion, errors) = expand(tokens(source));
    assert_told(source, &errors, &[]);
    let introduction = format!("This is what `flow!({source})` is: calls of the public builder.");
    let page = page(&introduction, &pretty_expression(&expansion));
    expect_file!["../../../runtime/src/macros/flow-expansion.md"].assert_eq(&page);
}

/// What each call costs in code to compile.
#[test]
fn a_call_stays_small() {
    let flow = |calls: usize| {
        let calls = "let a = sum(x = a, y = 1);".repeat(calls);
        let flow = format!("\"f\", {{ let a = load(); {calls} }}");
        count(expand(tokens(&flow)).0)
    };
    let each = flow(11) - flow(10);
    assert!(each <= 43, "{each} tokens");
}

#[test]
fn calls() {
    expansion(
        r#""f", { let a = load(); tasks::sum(x = a, y = 1); let _ = sum(load(), &a); }"#,
        &expect![[r#"
            {
                #[allow(unused_mut)]
                let mut flow = ::tribune::Flow::builder("f");
                #[allow(unused_variables)]
                let a = flow.add(load {});
                flow.add(tasks::sum {
                    x: ::tribune::input(a),
                    y: ::tribune::input(1),
                });
                let step0 = flow.add(load {});
                let _ = flow.add(<sum>::__call(::tribune::input(step0), ::tribune::input(a)));
                ::tribune::__private::flow(flow, ())
            }"#]],
    );
}

#[test]
fn values() {
    expansion(
        r#""f", { let a = load(); let n = 2; sum([a, load()], (a, 1 + n), { helper() }, &n, String::from("x")); (a, a) }"#,
        &expect![[r#"
            {
                #[allow(unused_mut)]
                let mut flow = ::tribune::Flow::builder("f");
                #[allow(unused_variables)]
                let a = flow.add(load {});
                let n = 2;
                let step0 = flow.add(load {});
                flow.add(
                    <sum>::__call(
                        ::tribune::input([a, step0]),
                        ::tribune::input((a, 1 + n)),
                        ::tribune::input({ helper() }),
                        ::tribune::input(&n),
                        ::tribune::input(String::from("x")),
                    ),
                );
                ::tribune::__private::flow(flow, (a, a))
            }"#]],
    );
}

#[test]
fn options_of_calls() {
    expansion(
        r#""f", { let a = load(); sum(x = 1).name("s").max_retries(3).retry_delay("10s").after(a, [load()]).state_handlers([A, b(c = 1)]).custom::<u8>(3) }"#,
        &expect![[r#"
            {
                #[allow(unused_mut)]
                let mut flow = ::tribune::Flow::builder("f");
                #[allow(unused_variables)]
                let a = flow.add(load {});
                let step0 = flow.add(load {});
                let step1 = flow
                    .add(
                        ::tribune::Call::new(sum { x: ::tribune::input(1) })
                            .name("s")
                            .max_retries(3)
                            .retry_delay(::core::time::Duration::from_secs(10u64))
                            .after(a)
                            .after(step0)
                            .state_handler(A)
                            .state_handler(b.c(1))
                            .custom::<u8>(3),
                    );
                ::tribune::__private::flow(flow, step1)
            }"#]],
    );
}

#[test]
fn patterns() {
    expansion(
        r#""f", { let (a, (b, _)) = pair(); let (c, d) = (a, b); let ((e, f), g) = (pair(), load()); let (h, i) = a; let (j, k) = { (1, 2) }; }"#,
        &expect![[r#"
            {
                #[allow(unused_mut)]
                let mut flow = ::tribune::Flow::builder("f");
                let step0 = flow.add(pair {});
                #[allow(unused_variables)]
                let (a, step1) = flow.split(step0);
                #[allow(unused_variables)]
                let (b, _) = flow.split(step1);
                #[allow(unused_variables)]
                let (c, d) = (a, b);
                let step2 = flow.add(pair {});
                let step4 = flow.add(load {});
                #[allow(unused_variables)]
                let (step3, g) = (step2, step4);
                #[allow(unused_variables)]
                let (e, f) = flow.split(step3);
                #[allow(unused_variables)]
                let (h, i) = flow.split(a);
                let (j, k) = { (1, 2) };
                ::tribune::__private::flow(flow, ())
            }"#]],
    );
}

#[test]
fn options_of_the_flow() {
    expansion(
        r#"NAME, on_failure = alert, state_handlers = [slack(only_states = [Failed]), page], reference_tasks = [a], |source: String, #[default(100)] limit: usize| { let a = load(source, limit); }"#,
        &expect![[r#"
            {
                #[allow(unused_mut)]
                let mut flow = ::tribune::Flow::builder(NAME);
                flow.state_handler(slack.only_states(&[::tribune::StateKind::Failed]));
                flow.state_handler(page);
                flow.on_failure(alert);
                let source = flow.parameter::<String>("source");
                let default: usize = 100;
                let limit = flow.parameter_or("limit", default);
                #[allow(unused_variables)]
                let a = flow.add(<load>::__call(::tribune::input(source), ::tribune::input(limit)));
                flow.reference_task(a);
                ::tribune::__private::flow(flow, ())
            }"#]],
    );
}

/// The errors are one variable, whose type is an error too: rustc says nothing more of its users.
#[test]
fn what_is_understood_is_emitted() {
    let (expansion, errors) = expand(tokens(
        r#""f", { let a = load(x = ); let b = loop { 1 }; sum(a, b) }"#,
    ));
    assert_eq!(errors.len(), 2);
    expect![[r#"
        {
            let mistake = {
                ::core::compile_error! {
                    "argument `x` needs a value\nhelp: write `x = ..`"
                }
                ::core::compile_error! {
                    "`loop` cannot be used in a flow: its graph is fixed where it is declared\nhelp: loop inside a task"
                }
            };
            #[allow(unused_mut)]
            let mut flow = ::tribune::Flow::builder("f");
            #[allow(unused_variables)]
            let a = flow.add(load { x: mistake });
            #[allow(unused_variables)]
            let b = mistake;
            let step0 = flow.add(<sum>::__call(::tribune::input(a), ::tribune::input(b)));
            ::tribune::__private::flow(flow, step0);
            mistake
        }"#]].assert_eq(&pretty_expression(&expansion));
}

#[test]
fn clean_ups_that_are_none() {
    let forms = "a clean-up is a call of a task\nhelp: write `.clean_up(close)`, or `.clean_up(|file| close(file))`";
    let nested =
        "a clean-up is one call of a task\nhelp: bind what else it takes before the resource";
    steps(&[
        ("load().clean_up(close);", &[]),
        ("load().clean_up(|a| close(file = a, verbose = true));", &[]),
        ("load().clean_up(Close);", &[("Close", forms)]),
        ("load().clean_up(close());", &[("close", forms)]),
        ("load().clean_up(|a| a);", &[("|", forms)]),
        (
            "load().clean_up(close, 3);",
            &[("3", "`clean_up` takes one value")],
        ),
        (
            "load().clean_up(close).clean_up(close);",
            &[(
                "clean_up",
                "a resource is cleaned up once\nhelp: call the second task in the first one",
            )],
        ),
        (
            "load().clean_up(|a| close(a, sum()));",
            &[("close", nested)],
        ),
        (
            "load().clean_up(|a| close(a).clean_up(close));",
            &[(
                "close",
                "a clean-up is one call of a task\nhelp: there is nothing to clean up after a clean-up",
            )],
        ),
        (
            "load().clean_up(|a| close(a + 1));",
            &[(
                "a",
                "`a` is the future output of a step, so it cannot be part of an expression\nhelp: compute inside a task that takes `a`",
            )],
        ),
    ]);
}
