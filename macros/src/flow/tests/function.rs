//! `#[flow]`, which shares everything below its head with `flow!`.

use expect_test::expect;
use proc_macro2::TokenStream;

use super::super::expand_function;
use super::{NO_MUT, tokens};
use crate::testing::{assert_placed, assert_told, damaged, pretty_items};

const NIGHTLY: &str = "/// Adds up.\n#[must_use] pub(crate) fn nightly(source: String, #[default(3)] limit: i64) -> i64 { let a = load(source); sum(a, limit) }";

#[track_caller]
fn functions(table: &[(&str, &[(&str, &str)])]) {
    for (source, expected) in table {
        let errors = expand_function(TokenStream::new(), tokens(source)).1;
        assert_told(source, &errors, expected);
    }
}

#[test]
fn the_head_of_a_function() {
    let generic = "a flow cannot be generic: its graph has concrete types\nhelp: write a function for each type, or take a parameter";
    functions(&[
        (
            "struct Nightly;",
            &[("struct", "`#[flow]` goes on a function")],
        ),
        (
            "async fn nightly() {}",
            &[(
                "async",
                "a flow is declared at once, and only its run is `async`\nhelp: remove `async`",
            )],
        ),
        (
            "const unsafe extern \"C\" fn nightly() {}",
            &[
                ("const", "a flow cannot be `const`\nhelp: remove `const`"),
                ("unsafe", "a flow cannot be `unsafe`\nhelp: remove `unsafe`"),
                ("extern", "a flow cannot be `extern`\nhelp: remove `extern`"),
            ],
        ),
        ("fn nightly<T>(x: T) {}", &[("<T>", generic)]),
        (
            "fn nightly(x: i64) where i64: Copy {}",
            &[(
                "where",
                "a flow cannot be generic: its graph has concrete types",
            )],
        ),
        ("fn nightly();", &[(";", "expected curly braces")]),
        (
            "fn nightly(x, mut y: i64, z: &str) {}",
            &[
                (
                    "x",
                    "a flow parameter needs a type\nhelp: write `x: String`, or another type",
                ),
                ("mut", NO_MUT),
                (
                    "&str",
                    "a flow parameter must be owned: each run is given its own\nhelp: write the type without the `&`; tasks can still borrow the value",
                ),
            ],
        ),
        ("fn nightly(x: i64 y: i64) {}", &[("y", "expected `,`")]),
        (
            "fn nightly(self) {}",
            &[(
                "self",
                "a flow parameter needs a type\nhelp: write `self: String`, or another type",
            )],
        ),
        (
            "fn nightly() -> i64 { load(); }",
            &[(
                "i64",
                "this flow gives nothing: its body has no value\nhelp: end it with a call or a binding, without a `;`",
            )],
        ),
        ("fn nightly() -> () { load(); }", &[]),
        // The body is that of `flow!`.
        (
            "fn nightly() -> i64 { let a = load()?; a + 1 }",
            &[
                (
                    "?",
                    "`?` cannot be used in a flow: steps run later, and a failed task already fails the flow\nhelp: remove the `?`",
                ),
                (
                    "a",
                    "`a` is the future output of a step, so it cannot be part of an expression\nhelp: compute inside a task that takes `a`",
                ),
            ],
        ),
    ]);
}

#[test]
fn the_options_of_a_function() {
    let told = |options: &str, expected: &[(&str, &str)]| {
        let errors = expand_function(tokens(options), tokens("fn nightly() {}")).1;
        assert_told(options, &errors, expected);
    };
    told("\"nightly totals\", state_handlers = [page]", &[]);
    told("name = \"nightly totals\", reference_tasks = [a]", &[]);
    told(
        "nam = \"x\"",
        &[(
            "nam",
            "unknown flow option `nam`\nhelp: there is an option with a similar name: `name`",
        )],
    );
    told("\"\"", &[("\"\"", "a flow name must not be empty")]);
    told(
        "\"a\", \"b\"",
        &[(
            "\"b\"",
            "expected an option, or the body of the flow\nhelp: options are written `option = value`",
        )],
    );
}

#[test]
fn a_function_is_a_flow() {
    let (expansion, errors) = expand_function(tokens("crate = ::renamed"), tokens(NIGHTLY));
    assert_told(NIGHTLY, &errors, &[]);
    expect![[r#"
        /// Adds up.
        #[must_use]
        pub(crate) fn nightly() -> ::renamed::Flow<i64> {
            #[allow(unused_mut)]
            let mut flow = ::renamed::Flow::builder("nightly");
            let source = flow.parameter::<String>("source");
            let default: i64 = 3;
            let limit = flow.parameter_or("limit", default);
            #[allow(unused_variables)]
            let a = flow.add(<load>::__call(::renamed::input(source)));
            let step0 = flow.add(<sum>::__call(::renamed::input(a), ::renamed::input(limit)));
            ::renamed::__private::flow(flow, step0)
        }
        ///The parameters of the flow [`nightly()`].
        #[allow(
            clippy::exhaustive_structs,
            dead_code,
            missing_copy_implementations,
            missing_debug_implementations,
            non_camel_case_types,
            unreachable_pub,
        )]
        pub(crate) struct nightly {}
        #[allow(dead_code, non_upper_case_globals, unreachable_pub)]
        impl nightly {
            ///The parameter `source`.
            pub(crate) const source: ::renamed::Parameter<String> = ::renamed::Parameter::new(
                "source",
            );
            ///The parameter `limit`.
            pub(crate) const limit: ::renamed::Parameter<i64> = ::renamed::Parameter::new(
                "limit",
            );
            ///Runs the flow [`nightly()`] as ordinary Rust: every call is made where it is written, on this thread, without handlers, retries, triggers or states.
            ///
            ///# Errors
            ///
            ///The first error of a task.
            #[allow(unused_variables)]
            pub(crate) fn plain(
                source: String,
                limit: i64,
            ) -> ::core::result::Result<i64, ::renamed::TaskError> {
                #[allow(unused_mut)]
                let mut flow = <::renamed::__private::Plain as ::core::default::Default>::default();
                let source = flow.value(source);
                let limit = flow.value(limit);
                #[allow(unused_variables)]
                let a = flow.add(<load>::__call(::renamed::input(source)))?;
                let step0 = flow
                    .add(<sum>::__call(::renamed::input(a), ::renamed::input(limit)))?;
                flow.output(step0)
            }
        }
    "#]]
    .assert_eq(&pretty_items(&expansion));
}

/// The loops and branches of `name::plain` are those of Rust.
#[test]
fn a_function_as_ordinary_rust() {
    let source = "fn f(n: i64) -> Vec<i64> { let all = for x in range(n) { match half(x) { Some(y) if y > 1 => sum(x, y), _ => x } }; for x in all { if ready(x) { note(); } } all }";
    let (expansion, errors) = expand_function(TokenStream::new(), tokens(source));
    assert_told(source, &errors, &[]);
    let pretty = pretty_items(&expansion);
    let (_, plain) = pretty.split_once("fn plain").expect("it is there");
    expect![[r#"
        (n: i64) -> ::core::result::Result<Vec<i64>, ::tribune::TaskError> {
                #[allow(unused_mut)]
                let mut flow = <::tribune::__private::Plain as ::core::default::Default>::default();
                let n = flow.value(n);
                let step0 = flow.add(<range>::__call(::tribune::input(n)))?;
                #[allow(unused_variables)]
                let all = flow
                    .each(
                        step0,
                        |flow, x| {
                            let step1 = flow.add(<half>::__call(::tribune::input(x)))?;
                            let step3 = {
                                let arm0 = ::tribune::branch::Arm::new(0u32);
                                let arm1 = ::tribune::branch::Arm::new(1u32);
                                #[allow(clippy::suspicious_else_formatting)]
                                let branch = flow
                                    .decide(
                                        step1,
                                        |value| match value {
                                            Some(y) if y > 1 => arm0.take((y,)),
                                            _ => arm1.take(()),
                                        },
                                    )?;
                                if let ::core::option::Option::Some((y,)) = flow
                                    .enter(&branch, arm0)
                                {
                                    let step2 = flow
                                        .add(
                                            <sum>::__call(::tribune::input(x), ::tribune::input(y)),
                                        )?;
                                    step2
                                } else if let ::core::option::Option::Some(()) = flow
                                    .enter(&branch, arm1)
                                {
                                    x
                                } else {
                                    ::tribune::__private::core::unreachable!()
                                }
                            };
                            ::core::result::Result::Ok(step3)
                        },
                    )?;
                flow.each_without_value(
                    all,
                    |flow, x| {
                        let step4 = flow.add(<ready>::__call(::tribune::input(x)))?;
                        {
                            let arm0 = ::tribune::branch::Arm::new(0u32);
                            let arm1 = ::tribune::branch::Arm::new(1u32);
                            #[allow(clippy::suspicious_else_formatting)]
                            let branch = flow
                                .decide(
                                    step4,
                                    |value| if value { arm0.take(()) } else { arm1.take(()) },
                                )?;
                            if let ::core::option::Option::Some(()) = flow.enter(&branch, arm0) {
                                flow.add(note {})?;
                            } else if let ::core::option::Option::Some(()) = flow
                                .enter(&branch, arm1)
                            {} else {}
                        };
                        ::core::result::Result::Ok(())
                    },
                )?;
                flow.output(all)
            }
        }
    "#]]
    .assert_eq(plain);
}

#[test]
fn broken_functions_never_panic() {
    for function in damaged(tokens(NIGHTLY)) {
        if !function.is_empty() {
            let errors = expand_function(TokenStream::new(), function.clone()).1;
            assert_placed(&function, &errors);
        }
    }
    for options in damaged(tokens(
        "\"a\", state_handlers = [s(only_states = [Failed])], crate = ::x",
    )) {
        let errors = expand_function(options.clone(), tokens(NIGHTLY)).1;
        assert_placed(&options, &errors);
    }
}
