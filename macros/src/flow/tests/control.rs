//! `for`, `if` and `match`.

use expect_test::expect;

use super::{expansion, steps, tokens};
use crate::flow::expand;
use crate::testing::{assert_placed, assert_told, damaged, idents};

#[test]
fn a_loop() {
    expansion(
        r#""f", { let rows = load(); for row in rows { enrich(row) } }"#,
        &expect![[r#"
            {
                #[allow(unused_mut)]
                let mut flow = ::tribune::Flow::builder("f");
                #[allow(unused_variables)]
                let rows = flow.add(load {});
                let step1 = {
                    let row = flow.enter_each(rows);
                    let step0 = flow.add(<enrich>::__call(::tribune::input(row)));
                    flow.leave_each(step0)
                };
                ::tribune::__private::flow(flow, step1)
            }"#]],
    );
}

#[test]
fn a_loop_without_a_value() {
    expansion(
        r#""f", { for _ in vec![1, 2] { let a = load(); sum(a, 1); } }"#,
        &expect![[r#"
            {
                #[allow(unused_mut)]
                let mut flow = ::tribune::Flow::builder("f");
                {
                    let _ = flow.enter_each(vec![1, 2]);
                    #[allow(unused_variables)]
                    let a = flow.add(load {});
                    flow.add(<sum>::__call(::tribune::input(a), ::tribune::input(1)));
                    flow.leave_each_without_value();
                };
                ::tribune::__private::flow(flow, ())
            }"#]],
    );
}

#[test]
fn loops_in_step() {
    expansion(
        r#""f", { let sums = for (x, (y, _)) in (load(), &pairs) { for (a, b) in &pairs { sum(x, y, a, b) } }; sums }"#,
        &expect![[r#"
            {
                #[allow(unused_mut)]
                let mut flow = ::tribune::Flow::builder("f");
                let step0 = flow.add(load {});
                #[allow(unused_variables)]
                let sums = {
                    let (x, step1) = flow.enter_each((step0, &pairs));
                    #[allow(unused_variables)]
                    let (y, _) = flow.split(step1);
                    let step4 = {
                        let step2 = flow.enter_each(&pairs);
                        #[allow(unused_variables)]
                        let (a, b) = flow.split(step2);
                        let step3 = flow
                            .add(
                                <sum>::__call(
                                    ::tribune::input(x),
                                    ::tribune::input(y),
                                    ::tribune::input(a),
                                    ::tribune::input(b),
                                ),
                            );
                        flow.leave_each(step3)
                    };
                    flow.leave_each(step4)
                };
                ::tribune::__private::flow(flow, sums)
            }"#]],
    );
}

#[test]
fn an_if() {
    expansion(
        r#""f", { if ready() { load(); } }"#,
        &expect![[r#"
            {
                #[allow(unused_mut)]
                let mut flow = ::tribune::Flow::builder("f");
                let step0 = flow.add(ready {});
                {
                    let arm0 = ::tribune::branch::Arm::new(0u32);
                    let arm1 = ::tribune::branch::Arm::new(1u32);
                    #[allow(clippy::suspicious_else_formatting)]
                    let branch = ::tribune::__private::branch(
                        &mut flow,
                        "if ready()",
                        step0,
                        move |value| if value { arm0.take(()) } else { arm1.take(()) },
                    );
                    {
                        let () = flow.enter(branch, arm0, "if ready()");
                        flow.add(load {});
                        flow.leave();
                    }
                };
                ::tribune::__private::flow(flow, ())
            }"#]],
    );
}

#[test]
fn an_if_with_a_value() {
    expansion(
        r#""f", |a: bool, b: bool, n: i64| { let x = if a { load(n) } else if b { n } else { sum(n, 1) }; x }"#,
        &expect![[r#"
            {
                #[allow(unused_mut)]
                let mut flow = ::tribune::Flow::builder("f");
                let a = flow.parameter::<bool>("a");
                let b = flow.parameter::<bool>("b");
                let n = flow.parameter::<i64>("n");
                #[allow(unused_variables)]
                let x = {
                    let arm0 = ::tribune::branch::Arm::new(0u32);
                    let arm1 = ::tribune::branch::Arm::new(1u32);
                    #[allow(clippy::suspicious_else_formatting)]
                    let branch = ::tribune::__private::branch(
                        &mut flow,
                        "if a",
                        a,
                        move |value| if value { arm0.take(()) } else { arm1.take(()) },
                    );
                    let value0 = {
                        let () = flow.enter(branch, arm0, "if a");
                        let step0 = flow.add(<load>::__call(::tribune::input(n)));
                        flow.leave();
                        step0
                    };
                    let value1 = {
                        let () = flow.enter(branch, arm1, "else");
                        let step2 = {
                            let arm0 = ::tribune::branch::Arm::new(0u32);
                            let arm1 = ::tribune::branch::Arm::new(1u32);
                            #[allow(clippy::suspicious_else_formatting)]
                            let branch = ::tribune::__private::branch(
                                &mut flow,
                                "if b",
                                b,
                                move |value| if value { arm0.take(()) } else { arm1.take(()) },
                            );
                            let value0 = {
                                let () = flow.enter(branch, arm0, "if b");
                                flow.leave();
                                n
                            };
                            let value1 = {
                                let () = flow.enter(branch, arm1, "else");
                                let step1 = flow
                                    .add(<sum>::__call(::tribune::input(n), ::tribune::input(1)));
                                flow.leave();
                                step1
                            };
                            flow.choose(branch, [value0, value1])
                        };
                        flow.leave();
                        step2
                    };
                    flow.choose(branch, [value0, value1])
                };
                ::tribune::__private::flow(flow, x)
            }"#]],
    );
}

#[test]
fn an_if_let() {
    expansion(
        r#""f", { let x = if let Some(n) = &find() { n } else { load() }; sum(x) }"#,
        &expect![[r#"
            {
                #[allow(unused_mut)]
                let mut flow = ::tribune::Flow::builder("f");
                let step0 = flow.add(find {});
                #[allow(unused_variables)]
                let x = {
                    let arm0 = ::tribune::branch::Arm::new(0u32);
                    let arm1 = ::tribune::branch::Arm::new(1u32);
                    #[allow(clippy::suspicious_else_formatting)]
                    let branch = ::tribune::__private::branch_ref(
                        &mut flow,
                        "if let Some(n) = &find()",
                        step0,
                        move |value| {
                            if let Some(n) = value {
                                arm0.take((::tribune::__private::owned(n),))
                            } else {
                                arm1.take(())
                            }
                        },
                    );
                    let value0 = {
                        let (n,) = flow.enter(branch, arm0, "if let Some(n) = &find()");
                        flow.leave();
                        n
                    };
                    let value1 = {
                        let () = flow.enter(branch, arm1, "else");
                        let step1 = flow.add(load {});
                        flow.leave();
                        step1
                    };
                    flow.choose(branch, [value0, value1])
                };
                let step2 = flow.add(<sum>::__call(::tribune::input(x)));
                ::tribune::__private::flow(flow, step2)
            }"#]],
    );
}

#[test]
fn a_match() {
    expansion(
        r#""f", { match kind() { Kind::Empty | NONE => {} Kind::Rows(n, _m) if n > 1000 => load(n), ref other => other, } }"#,
        &expect![[r#"
            {
                #[allow(unused_mut)]
                let mut flow = ::tribune::Flow::builder("f");
                let step0 = flow.add(kind {});
                {
                    let arm0 = ::tribune::branch::Arm::new(0u32);
                    let arm1 = ::tribune::branch::Arm::new(1u32);
                    let arm2 = ::tribune::branch::Arm::new(2u32);
                    #[allow(clippy::suspicious_else_formatting)]
                    let branch = ::tribune::__private::branch(
                        &mut flow,
                        "match kind()",
                        step0,
                        move |value| match value {
                            Kind::Empty | NONE => arm0.take(()),
                            Kind::Rows(n, _m) if n > 1000 => arm1.take((n,)),
                            ref other => arm2.take((::tribune::__private::owned(other),)),
                        },
                    );
                    {
                        let (n,) = flow.enter(branch, arm1, "Kind::Rows(n, _m) if n > 1000");
                        flow.add(<load>::__call(::tribune::input(n)));
                        flow.leave();
                    }
                    {
                        let (other,) = flow.enter(branch, arm2, "ref other");
                        let _ = other;
                        flow.leave();
                    }
                };
                ::tribune::__private::flow(flow, ())
            }"#]],
    );
}

#[test]
fn a_match_as_a_statement() {
    expansion(
        r#""f", { let a = load(); match &a { Point { x, y: [_, &y, ..] } => { let x = sum(x, y); sum(x, a) } _ => (), }; }"#,
        &expect![[r#"
            {
                #[allow(unused_mut)]
                let mut flow = ::tribune::Flow::builder("f");
                #[allow(unused_variables)]
                let a = flow.add(load {});
                {
                    let arm0 = ::tribune::branch::Arm::new(0u32);
                    let arm1 = ::tribune::branch::Arm::new(1u32);
                    #[allow(clippy::suspicious_else_formatting)]
                    let branch = ::tribune::__private::branch_ref(
                        &mut flow,
                        "match &a",
                        a,
                        move |value| match value {
                            Point { x, y: [_, &y, ..] } => {
                                arm0.take((::tribune::__private::owned(x), y))
                            }
                            _ => arm1.take(()),
                        },
                    );
                    {
                        let (x, y) = flow.enter(branch, arm0, "Point { x, y: [_, &y, ..] }");
                        #[allow(unused_variables)]
                        let x = flow.add(<sum>::__call(::tribune::input(x), ::tribune::input(y)));
                        flow.add(<sum>::__call(::tribune::input(x), ::tribune::input(a)));
                        flow.leave();
                    }
                };
                ::tribune::__private::flow(flow, ())
            }"#]],
    );
}

#[test]
fn what_is_bound_where() {
    let outside = |name: &str| {
        format!("help: if `{name}` is a variable from outside of the flow, bind to another name")
    };
    let before = |name: &str| {
        let help = outside(name);
        format!(
            "`{name}` is used before it is bound: a step can only depend on steps above it\n{help}"
        )
    };
    let computes = |name: &str| {
        format!(
            "`{name}` is the future output of a step, so it cannot be part of an expression\nhelp: compute inside a task that takes `{name}`"
        )
    };
    let guard = |name: &str| {
        format!(
            "`{name}` is the future output of a step, so a guard cannot use it\nhelp: match on both values: `match (value, {name}) {{ .. }}`"
        )
    };
    let reference = "`a` is bound in a loop or an arm, so it is not one task of the flow\nhelp: bind the value of the whole loop or branch with `let`, and name that";
    steps(&[
        (
            "for x in load() { let y = sum(b); let b = load(); sum(y, b); }",
            &[("b", &before("b")), ("b", "`b` is bound here")],
        ),
        (
            "for x in load() { sum(b); } let b = load();",
            &[("b", &before("b")), ("b", "`b` is bound here")],
        ),
        (
            "for x in xs { sum(x); } let xs = load();",
            &[("xs", &before("xs")), ("xs", "`xs` is bound here")],
        ),
        (
            "let x = for y in x { sum(y) };",
            &[("x", &format!("`x` depends on itself\n{}", outside("x")))],
        ),
        ("for x in load() { sum(x + 1); }", &[("x", &computes("x"))]),
        (
            "let n = load(); for x in 0..n { sum(x); }",
            &[("n", &computes("n"))],
        ),
        (
            "let n = load(); if n > 3 { sum(n); }",
            &[("n", &computes("n"))],
        ),
        (
            "let n = load(); if !n { sum(n); }",
            &[("n", &computes("n"))],
        ),
        (
            "let n = load(); match n.len() { 0 => sum(n), _ => {} }",
            &[("n", &computes("n"))],
        ),
        (
            "match load() { Some(n) => sum(n * 2), None => {} }",
            &[("n", &computes("n"))],
        ),
        (
            "let a = load(); match a { x if x > a => sum(x), _ => sum(a) }",
            &[("a", &guard("a"))],
        ),
        (
            "let a = load(); match a { a if a > 3 => sum(a), _ => sum(a) }",
            &[],
        ),
        (
            "let a = load(); match a { Some(b) => sum(a, b), None => { let a = sum(a); sum(a) } } sum(a);",
            &[],
        ),
        (
            "let a = load(); let b = for a in a { let b = sum(a); sum(b) }; sum(b)",
            &[],
        ),
        (
            "for x in load() { let y = sum(x); sum(y); } let y = load(); sum(y)",
            &[],
        ),
        ("let n = 3; for x in vec![n, n + 1] { sum(x, n * 2); }", &[]),
    ]);
    for body in [
        "for x in load() { let a = sum(x); sum(a); }",
        "for a in load() { sum(a); }",
        "match load() { Some(a) => sum(a), None => {} }",
        "for x in load() { if x { let a = load(); sum(a); } }",
    ] {
        let flow = format!("\"f\", reference_tasks = [a], {{ {body} }}");
        assert_told(&flow, &expand(tokens(&flow)).1, &[("a", reference)]);
    }
}

#[test]
fn values_of_loops_and_branches() {
    let no_list = "this loop gives no list: its body has no value\nhelp: end it with a call or a binding, without a `;`";
    let no_value = "this arm has no value\nhelp: end it with a call or a binding, without a `;`";
    let no_else = "`if` without `else` has no value\nhelp: add an `else`";
    let no_output = "the value of a loop or an arm is the output of one task\nhelp: end with a call or a binding; a task can return anything else";
    let no_macro = "a macro is not a task: it would run where the flow is declared\nhelp: call it inside a task";
    let part = |word: &str| {
        format!(
            "the value of `{word}` is the future output of a step, so it cannot be part of an expression\nhelp: bind it with `let`, and compute inside a task that takes it"
        )
    };
    steps(&[
        ("let a = for x in load() { sum(x); };", &[("for", no_list)]),
        ("sum(for x in load() {});", &[("for", no_list)]),
        ("let a = if ready() { load() };", &[("if", no_else)]),
        (
            "let a = if let Some(x) = find() { load(x) };",
            &[("if", no_else)],
        ),
        (
            "let a = if ready() { load() } else { load(); };",
            &[("}", no_value)],
        ),
        (
            "let a = match find() { Some(n) => load(n), None => () };",
            &[(")", no_value)],
        ),
        (
            "let a = match find() { Some(n) => { load(n); } None => load() };",
            &[("}", no_value)],
        ),
        (
            "let a = if a() { load() } else if b() { load() };",
            &[("}", no_value)],
        ),
        (
            "match find() { Some(n) => sum(n), None => 0 }",
            &[("0", no_output)],
        ),
        (
            "match find() { Some(n) => sum(n), None => String::new() }",
            &[("String::new()", no_output)],
        ),
        (
            "match find() { Some(n) => sum(n), None => panic!() }",
            &[("panic", no_macro)],
        ),
        ("for x in load() { (x, x) }", &[("(", no_output)]),
        ("for x in load() { [x, x] }", &[("[", no_output)]),
        (
            "if ready() { 1 } else { &n }",
            &[("1", no_output), ("&", no_output)],
        ),
        (
            "let a = match find() { _ => load() }.await;",
            &[("match", &part("match"))],
        ),
        (
            "let a = if ready() { load() } else { load() } + 1; sum(a);",
            &[("if", &part("if"))],
        ),
        (
            "for x in load() { sum(x) }.len(); load();",
            &[("for", &part("for"))],
        ),
        (
            "sum(for x in load() { sum(x) }?, 1);",
            &[("for", &part("for"))],
        ),
        // Statements and outputs need no value.
        (
            "if ready() { load() } for x in load() {} match load() { 1 => sum(1), _ => {} } sum(2)",
            &[],
        ),
        ("for x in load() { if ready() { sum(x) } }", &[]),
        (
            "match load() { 1 => if ready() { sum(1) }, _ => for x in load() { sum(x); }, }",
            &[],
        ),
    ]);
}

#[test]
fn half_typed_loops() {
    let no_label =
        "a loop of a flow cannot be left early, so it has no label\nhelp: remove the label";
    let no_pattern =
        "a flow step binds a name, or a tuple of names\nhelp: take the value apart inside a task";
    let no_name = "a loop needs a name for the element\nhelp: write `for element in list { .. }`";
    let no_mut = "names in a flow are never assigned to, so `mut` has no effect\nhelp: remove it";
    let no_type = "the type of a binding is the output of its task\nhelp: remove the type";
    let fixed = |word: &str| {
        format!(
            "`{word}` cannot be used in a flow: its graph is fixed where it is declared\nhelp: loop inside a task"
        )
    };
    steps(&[
        ("'a: for x in load() { sum(x); }", &[("'a", no_label)]),
        (
            "let a = 'a: for x in load() { sum(x) }; sum(a);",
            &[("'a", no_label)],
        ),
        (
            "for x in load() { sum(x); break; }",
            &[("break", &fixed("break"))],
        ),
        (
            "for x in load() { if x { continue } else { sum(x) } }",
            &[("continue", &fixed("continue"))],
        ),
        ("for mut x in load() { sum(x); }", &[("mut", no_mut)]),
        (
            "match load() { Some(mut x) => sum(x), None => {} }",
            &[("mut", no_mut)],
        ),
        ("for x: i64 in load() { sum(x); }", &[("i64", no_type)]),
        (
            "for Some(x) in load() { sum(x); }",
            &[("Some(x)", no_pattern)],
        ),
        ("for &x in load() { sum(x); }", &[("&x", no_pattern)]),
        ("for in load() { load(); }", &[("for", no_name)]),
        ("for x load() { load(); }", &[("load", "expected `in`")]),
        ("for x in { load(); }", &[("{", "expected an expression")]),
        (
            "for x in load(); load();",
            &[(";", "expected curly braces")],
        ),
        (
            "for x in load(x = ) { sum(x); }",
            &[("x", "argument `x` needs a value\nhelp: write `x = ..`")],
        ),
    ]);
}

#[test]
fn half_typed_branches() {
    let computed = "`ready(..)` is the future output of a step, so it cannot be part of an expression\nhelp: compute inside a task, or write `{ .. }` around what is computed where the flow is declared";
    let no_arm =
        "a `match` in a flow needs an arm\nhelp: write `pattern => task(..),` for each case";
    let no_body =
        "this arm needs a body\nhelp: write a call of a task, or `{}` if there is nothing to do";
    let attribute =
        "a flow step has no attributes but `#[cfg(..)]`\nhelp: put it on the flow, or on the task";
    let many = "an arm can use 8 names of its pattern\nhelp: bind what several of them are a part of, and take it apart inside a task";
    steps(&[
        ("if { load(); }", &[("{", "expected an expression")]),
        ("if ready(); load();", &[(";", "expected curly braces")]),
        (
            "if ready() { load(); } else load();",
            &[("load", "expected curly braces")],
        ),
        (
            "if let Some(x) { load(); } load();",
            &[("{", "expected `=`")],
        ),
        ("if ready() && other() { load(); }", &[("ready", computed)]),
        ("match load() {}", &[("match", no_arm)]),
        ("let a = match load() {}; sum(a);", &[("match", no_arm)]),
        (
            "match load() { Some(x) => , None => load() }",
            &[("=>", no_body)],
        ),
        (
            "match load() { Some(x) => sum(x) None => load() }",
            &[("None", "expected `,`")],
        ),
        (
            "match load() { Some(x) => sum(x); None => load() }",
            &[(";", "expected `,`")],
        ),
        (
            "match load() { Some(x), None => load() }",
            &[(",", "expected `=>`")],
        ),
        (
            "match load() { Some(x) if => load(), None => {} }",
            &[("=", "expected an expression")],
        ),
        (
            "match load() { #[cfg(test)] Some(x) => load(), _ => {} }",
            &[("#[cfg(test)]", attribute)],
        ),
        ("match load() foo { _ => {} }", &[("foo", "expected `{`")]),
        (
            "match load() { (a, b, c, d, e, f, g, h, i) => sum([a, b, c, d, e, f, g, h, i]) }",
            &[("i", many)],
        ),
        (
            "match load() { (a, b, c, d, e, f, g, h, i) => sum([b, c, d, e, f, g, h, i]) }",
            &[],
        ),
    ]);
}

#[test]
fn broken_loops_and_branches_never_panic() {
    const FLOW: &str = r#""f", |limit: usize| {
            let a = for (x, (y, _)) in (load(), pairs) { if ready(x) { y } else { sum(x, y) } };
            match &kind(a) {
                Kind::Rows(n, ..) | Kind::Cells { n } if *n > 1_000 => load(n),
                other @ Kind::Empty => for x in vec![1] { sum(x, other); },
                _ => (),
            }
            if let Some(b) = a { sum(b); } else if limit { a; }
        }"#;
    for flow in damaged(tokens(FLOW)) {
        let errors = expand(flow.clone()).1;
        if !flow.is_empty() {
            assert_placed(&flow, &errors);
        }
    }
}

#[test]
fn another_name_for_the_library_in_branches() {
    let source = r#"crate = crate::renamed, "f", |x: i64| { for y in load() { match &x { Some(n) => sum(n, y), None => load() } } }"#;
    let (expansion, errors) = expand(tokens(source));
    assert_told(source, &errors, &[]);
    assert!(!idents(expansion).contains("tribune"));
}
