#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use expect_test::{Expect, expect, expect_file};
use proc_macro2::TokenStream;
use syn::Error;

use super::expand;
use crate::testing::{
    assert_placed, assert_told, count, damaged, idents, page, pretty_items, told,
};

mod effects;
mod half_typed;
mod handlers;

const ADD: &str = "fn add(x: i64) -> i64 { x + 1 }";

fn tokens(source: &str) -> TokenStream {
    source.parse().expect("it is a list of tokens")
}

fn mistakes(options: &str, function: &str) -> Vec<Error> {
    expand(tokens(options), tokens(function)).1
}

#[track_caller]
fn options(table: &[(&str, &[(&str, &str)])]) {
    for (source, expected) in table {
        assert_told(source, &mistakes(source, ADD), expected);
    }
}

#[track_caller]
fn functions(table: &[(&str, &[(&str, &str)])]) {
    for (source, expected) in table {
        assert_told(source, &mistakes("", source), expected);
    }
}

#[test]
fn options_that_are_no_options() {
    options(&[
        (
            r#"nam = "x""#,
            &[(
                "nam",
                "unknown task option `nam`\nhelp: there is an option with a similar name: `name`",
            )],
        ),
        (
            "priority = 3",
            &[(
                "priority",
                "unknown task option `priority`\nhelp: the options are `name`, `slug`, `tags`, \
                 `max_retries`, `retry_delay`, `timeout`, `trigger`, `skip_on_upstream_skip`, `retry_on`, \
                 `cache_for`, `cache_validator`, `cache_key`, `task_run_name`, \
                 `state_handlers`, `on_failure` and `crate`",
            )],
        ),
        (
            r#"name = "a", name = "b""#,
            &[
                ("name", "task option `name` is given twice"),
                ("name", "`name` is first given here"),
            ],
        ),
        (
            "name",
            &[(
                "name",
                "task option `name` needs a value\nhelp: write `name = ..`",
            )],
        ),
        (
            "name =",
            &[(
                "name",
                "task option `name` needs a value\nhelp: write `name = ..`",
            )],
        ),
        (
            r#"name =, slug = "a""#,
            &[(
                "name",
                "task option `name` needs a value\nhelp: write `name = ..`",
            )],
        ),
        (
            r#""add""#,
            &[(
                r#""add""#,
                "expected a task option, such as `name = \"..\"`",
            )],
        ),
        (r#"name = "a" slug = "b""#, &[("slug", "expected `,`")]),
        (
            "max_retries = 3 +, tags = 4",
            &[
                (",", "expected an expression"),
                ("4", "`tags` takes a list\nhelp: write `tags = [4]`"),
            ],
        ),
        (
            "cache_for = 3",
            &[("3", "a time needs a unit\nhelp: write `cache_for = \"3s\"`")],
        ),
        (
            r#"cache_for = "1h", cache_validator = "all_inputs""#,
            &[(
                "\"all_inputs\"",
                "a validator is written without quotes\nhelp: write `cache_validator = all_inputs`",
            )],
        ),
        (
            "task_run_name = x",
            &[(
                "x",
                "a task run name is a string literal\nhelp: write the arguments that it shows in braces: `task_run_name = \"load {table}\"`",
            )],
        ),
        (
            r#"task_run_name = "load {tabel}""#,
            &[(
                r#""load {tabel}""#,
                "there is no argument `tabel`\nhelp: the arguments are `x`",
            )],
        ),
        (
            r#"task_run_name = "load {}""#,
            &[(
                r#""load {}""#,
                "a task run name shows arguments by their names\nhelp: the arguments are `x`",
            )],
        ),
        (r#"task_run_name = "{{load}} {x:>3}""#, &[]),
        (
            "crate = 3",
            &[("3", "expected a path, such as `crate = ::tribune`")],
        ),
    ]);
}

#[test]
fn values_that_do_not_fit_their_option() {
    let times = "help: write numbers with units, such as `\"10s\"` or `\"1m 30s\"`; the units are `ms`, `s`, `m`, `h` and `d`";
    options(&[
        ("name = 3", &[("3", "a task name must be a string literal")]),
        (
            r#"name = """#,
            &[(r#""""#, "a task name must not be empty")],
        ),
        (
            "max_retries = -1",
            &[(
                "-1",
                "`max_retries` counts retries, so it cannot be negative\nhelp: use `max_retries = 0` to never retry",
            )],
        ),
        (
            r#"max_retries = 5_000_000_000, retry_delay = "1s""#,
            &[(
                "5_000_000_000",
                "`max_retries` does not fit in a `u32`\nhelp: a task can be retried 4294967295 times",
            )],
        ),
        (
            r#"max_retries = "3", retry_delay = "1s""#,
            &[(
                r#""3""#,
                "expected a number of retries, such as `max_retries = 3`",
            )],
        ),
        (
            "max_retries = 3",
            &[(
                "max_retries",
                "`max_retries` needs a `retry_delay`\nhelp: add `retry_delay = \"10s\"`",
            )],
        ),
        (
            r#"retry_delay = "10s""#,
            &[(
                "retry_delay",
                "`retry_delay` has no effect without `max_retries`\nhelp: add `max_retries = 3`",
            )],
        ),
        (
            r#"timeout = "10x""#,
            &[(r#""10x""#, &format!("`\"10x\"` is not a time\n{times}"))],
        ),
        (
            r#"timeout = """#,
            &[(r#""""#, &format!("`\"\"` is not a time\n{times}"))],
        ),
        (
            r#"timeout = "1.5s""#,
            &[(r#""1.5s""#, &format!("`\"1.5s\"` is not a time\n{times}"))],
        ),
        (
            "timeout = 10",
            &[("10", "a time needs a unit\nhelp: write `timeout = \"10s\"`")],
        ),
        (
            r#"tags = "a""#,
            &[(
                r#""a""#,
                "`tags` takes a list\nhelp: write `tags = [\"a\"]`",
            )],
        ),
        (
            r#"trigger = "all_finished""#,
            &[(
                r#""all_finished""#,
                "a trigger is written without quotes\nhelp: write `trigger = all_finished`",
            )],
        ),
        (
            "trigger = some_failed(at_least = 1, 3)",
            &[(
                "3",
                "expected a trigger option\nhelp: options are written `option = value`",
            )],
        ),
        (
            "trigger = some_failed(at_least = 1, at_least = 2)",
            &[
                ("at_least", "trigger option `at_least` is given twice"),
                ("at_least", "`at_least` is first given here"),
            ],
        ),
    ]);
}

#[test]
fn mistakes_do_not_hide_each_other() {
    options(&[(
        r#"nam = "x", max_retries = -1, state_handlers = [a(only_states = "X"), b(only_states = [])], timeout = 3"#,
        &[
            (
                "nam",
                "unknown task option `nam`\nhelp: there is an option with a similar name: `name`",
            ),
            (
                "-1",
                "`max_retries` counts retries, so it cannot be negative\nhelp: use `max_retries = 0` to never retry",
            ),
            (
                r#""X""#,
                "`only_states` takes a list of states\nhelp: write `only_states = [X]`",
            ),
            (
                "[]",
                "`only_states = []` lets nothing through\nhelp: list a state, or remove the option",
            ),
            ("3", "a time needs a unit\nhelp: write `timeout = \"3s\"`"),
        ],
    )]);
}

#[test]
fn functions_that_cannot_be_tasks() {
    functions(&[
        ("struct Add;", &[("struct", "`#[task]` goes on a function")]),
        ("impl Add {}", &[("impl", "`#[task]` goes on a function")]),
        (
            "pub const ADD: i64 = 1;",
            &[("const", "`#[task]` goes on a function")],
        ),
        (
            "unsafe impl Send for Add {}",
            &[("impl", "`#[task]` goes on a function")],
        ),
        (
            "#[task] fn add() {}",
            &[("#[task]", "`#[task]` is given twice")],
        ),
        (
            "#[tribune::task(name = \"a\")] fn add() {}",
            &[("#[tribune::task(name = \"a\")]", "`#[task]` is given twice")],
        ),
        (
            "const fn add() {}",
            &[(
                "const",
                "a task cannot be `const`: it runs only when its flow does\nhelp: remove `const`",
            )],
        ),
        (
            "unsafe fn add() {}",
            &[(
                "unsafe",
                "a task cannot be `unsafe`: the runtime calls it from safe code\nhelp: write a safe task that calls the `unsafe` function",
            )],
        ),
        (
            r#"extern "C" fn add() {}"#,
            &[(
                r#"extern "C""#,
                "a task cannot be `extern`\nhelp: write a task that calls the `extern` function",
            )],
        ),
        (
            "fn add<T, const N: usize>(x: T) {}",
            &[(
                "<T, const N: usize>",
                "a task cannot be generic: a flow needs one concrete type for each argument\nhelp: write a concrete task that calls the generic function",
            )],
        ),
        (
            "fn add<'a>(x: &'a str) {}",
            &[(
                "<'a>",
                "a task cannot name lifetimes: its arguments are lent to it for the call\nhelp: write the references without lifetimes",
            )],
        ),
        (
            "fn add(self) {}",
            &[(
                "self",
                "a task cannot take `self`: it must be a free function\nhelp: take the value as an ordinary argument",
            )],
        ),
        (
            "fn add(&mut self) {}",
            &[(
                "&mut self",
                "a task cannot take `self`: it must be a free function\nhelp: take the value as an ordinary argument",
            )],
        ),
    ]);
}

#[test]
fn arguments_that_cannot_be_inputs() {
    let owned = "a task argument cannot hold a borrow: it comes from another task, or from where the flow is declared\nhelp: take the value itself, or borrow all of it as `&_`";
    functions(&[
        (
            "fn add(x: impl Into<i64>) {}",
            &[(
                "impl Into<i64>",
                "`impl Trait` makes the task generic\nhelp: name the concrete type",
            )],
        ),
        (
            "fn add((x, y): (i64, i64)) {}",
            &[(
                "(x, y)",
                "a task argument must be a plain name, because flows pass arguments by name\nhelp: take the argument apart in the body",
            )],
        ),
        (
            "fn add(_: i64) {}",
            &[(
                "_",
                "a task argument needs a name, because flows pass arguments by name\nhelp: write `_name` if the task does not read it",
            )],
        ),
        (
            "fn add(x: &mut i64) {}",
            &[(
                "&mut",
                "a task cannot take `&mut`: other tasks may read the same value\nhelp: take the value itself, and return the changed one",
            )],
        ),
        ("fn add(x: Option<&str>) {}", &[("&", owned)]),
        ("fn add(x: Cow<'_, str>) {}", &[("_", owned)]),
        (
            "fn add(x: &[&str]) {}",
            &[(
                "&",
                "a borrowed argument cannot hold another borrow\nhelp: borrow it once, or take the value itself",
            )],
        ),
        (
            "fn add(x: &(dyn Debug + Send)) {}",
            &[(
                "dyn Debug + Send",
                "a task cannot borrow a `dyn` type: an input has one concrete type\nhelp: name the concrete type, or take an `Arc<dyn _>`",
            )],
        ),
        (
            "fn add(#[cfg_attr(test, cfg(unix))] x: i64) {}",
            &[(
                "#[cfg_attr(test, cfg(unix))]",
                "a task argument cannot be configured away by a `cfg_attr`\nhelp: write the whole condition as a `#[cfg(..)]`",
            )],
        ),
        (
            "fn add(#[cfg(test)] x: i64, #[cfg_attr(test, allow(unused))] y: i64) {}",
            &[],
        ),
        // What is no borrow, or one of a function's own.
        (
            "fn add(x: &'static str, y: Option<&'static str>, mut z: Cow<'static, str>) {}",
            &[],
        ),
        (
            "fn add(x: fn(&str) -> &str, y: Arc<dyn Fn(&str) -> i64>, z: &Arc<dyn Fn(&i64)>) {}",
            &[],
        ),
        ("fn add(x: for<'a> fn(&'a str) -> &'a str) {}", &[]),
    ]);
}

#[test]
fn outputs_that_cannot_be_kept() {
    let borrow = "a task cannot return a borrow: its output is kept after the call\nhelp: return an owned value, or an `Arc<_>`";
    functions(&[
        (
            "fn add() -> impl Display { 1 }",
            &[(
                "impl Display",
                "a task must name its output type: `impl Trait` hides it from the tasks that take it\nhelp: return the type itself, or a `Box<dyn Trait>`",
            )],
        ),
        ("fn add(x: &str) -> &str { x }", &[("&", borrow)]),
        (
            "fn add(x: &str) -> Result<&str, Error> { x }",
            &[("&", borrow)],
        ),
        (
            "fn add() -> ! { panic!() }",
            &[("!", "a task has to return: other tasks wait for its output")],
        ),
        ("fn add() -> &'static str { \"x\" }", &[]),
    ]);
}

#[test]
fn several_mistakes_of_one_signature() {
    let told = told(&mistakes(
        "nam = 1",
        "const fn add<T>(&self, x: &mut i64) -> &str { }",
    ));
    let underlined: Vec<_> = told
        .iter()
        .map(|(underlined, _)| underlined.as_str())
        .collect();
    assert_eq!(underlined, ["nam", "const", "<T>", "&", "&self", "&mut"]);
}

/// Beside a signature that is refused nothing is written: it would only cause further errors.
#[test]
fn the_function_survives_every_mistake() {
    for (options, function) in [
        ("nam = 1", "fn add(x: &mut i64) { x += ; }"),
        ("", "struct Add { x: i64 }"),
    ] {
        let (expansion, errors) = expand(tokens(options), tokens(function));
        let expansion = expansion.to_string();
        assert!(
            expansion.starts_with(&tokens(function).to_string()),
            "{expansion}"
        );
        assert_eq!(expansion.matches("compile_error").count(), errors.len());
        assert!(!expansion.contains("struct add"), "{expansion}");
    }
    let (expansion, _) = expand(tokens("nam = 1"), tokens(ADD));
    assert!(
        expansion.to_string().contains("struct add"),
        "a task keeps its defaults"
    );
}

/// Rustc says of a function without a body that it needs one.
#[test]
fn a_function_without_a_body_is_left_to_rustc() {
    let (expansion, errors) = expand(tokens(""), tokens("fn add(x: i64);"));
    assert_told("", &errors, &[]);
    assert_eq!(expansion.to_string(), tokens("fn add(x: i64);").to_string());
}

#[test]
fn broken_input_never_panics() {
    const OPTIONS: &str = r#"name = "a", max_retries = 3, retry_delay = "1m 30s", trigger = some_failed(at_least = 1), state_handlers = [ALERTS, slack(only_states = [Failed], proxy = "x"), callback(a, b)], on_failure = |c, s| {}, crate = ::tribune"#;
    const FUNCTION: &str = "#[cfg(test)] pub(crate) async fn add(x: i64, y: &[str], mut z: Option<&'static str>) -> Result<Vec<i64>, Error> { x + 1 }";
    for options in damaged(tokens(OPTIONS)) {
        assert_placed(&options, &expand(options.clone(), tokens(ADD)).1);
    }
    for function in damaged(tokens(FUNCTION))
        .into_iter()
        .filter(|tokens| !tokens.is_empty())
    {
        assert_placed(&function, &expand(TokenStream::new(), function.clone()).1);
    }
}

#[test]
fn another_name_for_the_library() {
    let options = "crate = ::renamed, trigger = all_failed, timeout = \"1s\", state_handlers = [a(only_states = [Failed])]";
    let (expansion, errors) = expand(
        tokens(options),
        tokens("fn f(x: &str, y: i64) -> i64 { y }"),
    );
    assert_told(options, &errors, &[]);
    assert!(!idents(expansion).contains("tribune"));
}

/// What each task costs its users in code to compile.
#[test]
fn the_smallest_task_stays_small() {
    let (expansion, _) = expand(tokens(""), tokens(ADD));
    let (whole, function) = (pretty_items(&expansion), pretty_items(&tokens(ADD)));
    let lines = whole.lines().count() - function.lines().count();
    let bytes = whole.len() - function.len();
    let tokens = count(expansion) - count(tokens(ADD));
    assert!(tokens <= 361, "{tokens} tokens");
    assert!(lines <= 35, "{lines} lines");
    assert!(bytes <= 1225, "{bytes} bytes");
}

#[track_caller]
fn expansion(options: &str, function: &str, expected: &Expect) {
    let (expansion, errors) = expand(tokens(options), tokens(function));
    assert_told(options, &errors, &[]);
    expected.assert_eq(&pretty_items(&expansion));
}

/// It is shown in the documentation.
#[test]
fn the_smallest_task() {
    let (expansion, errors) = expand(tokens(""), tokens(ADD));
    assert_told(ADD, &errors, &[]);
    let page = page(
        "This is what `#[task]` writes for the smallest task, `fn add(x: i64) -> i64 { x + 1 }`:",
        &pretty_items(&expansion),
    );
    expect_file!["../../../runtime/src/macros/task-expansion.md"].assert_eq(&page);
}

#[test]
fn a_public_async_task_that_borrows() {
    expansion(
        "",
        r#"#[cfg(unix)] #[inline] pub async fn r#match(x: &str, mut y: u8) -> Result<(), String> { Ok(()) }"#,
        &expect![[r##"
            #[cfg(unix)]
            #[inline]
            pub async fn r#match(x: &str, mut y: u8) -> Result<(), String> {
                Ok(())
            }
            #[cfg(unix)]
            ///The inputs of one call of the task [`r#match()`].
            #[allow(
                clippy::exhaustive_structs,
                clippy::pub_underscore_fields,
                clippy::struct_field_names,
                missing_copy_implementations,
                missing_debug_implementations,
                missing_docs,
                non_camel_case_types,
                unnameable_types,
                unreachable_pub,
            )]
            pub struct r#match {
                pub x: ::tribune::Input<::tribune::__private::Stored<str>>,
                pub y: ::tribune::Input<u8>,
            }
            #[cfg(unix)]
            const _: () = {
                #[allow(unused_imports)]
                use ::tribune::__private::{self as __rt, NoResult as _, NoText as _};
                type __T = Result<(), String>;
                const __R: __rt::Flag = __rt::Probe::<__T>::IS_RESULT;
                fn __body(inputs: &mut __rt::Inputs) -> __rt::Body {
                    let mut inputs = __rt::core::mem::take(inputs);
                    __rt::Box::pin(async move {
                        let inputs = &mut inputs;
                        let y = <u8 as __rt::Argument<_>>::take(inputs, 1);
                        __rt::outcome::<
                            __R,
                            __T,
                            _,
                        >(__rt::borrowing(r#match(<str as __rt::Lent<_>>::take(inputs, 0), y)).await)
                    })
                }
                static __SPEC: __rt::Spec = __rt::Spec::new(|| {
                    __rt::TaskSpec::future::<r#match, __R>("match", &["x", "y"], __body)
                });
                #[automatically_derived]
                impl __rt::Task for r#match {
                    type Output = <__T as __rt::Returns<__R>>::Value;
                    const TEXTS: &'static [__rt::Text] = &[
                        __rt::Written::<__rt::Stored<str>>::TEXT,
                        __rt::Written::<u8>::TEXT,
                    ];
                    fn spec() -> &'static __rt::TaskSpec {
                        &__SPEC
                    }
                    fn bind(self, bindings: &mut __rt::Bindings) {
                        <str as __rt::Lent<_>>::bind(self.x, bindings);
                        <u8 as __rt::Argument<_>>::bind(self.y, bindings);
                    }
                }
                impl r#match {
                    #[inline]
                    #[doc(hidden)]
                    pub fn __call(x: __rt::Input<__rt::Stored<str>>, y: __rt::Input<u8>) -> Self {
                        Self { x, y }
                    }
                }
            };
        "##]],
    );
}

/// The options alone.
#[track_caller]
fn spec(options: &str, expected: &Expect) {
    let (expansion, errors) = expand(tokens(options), tokens("fn f() {}"));
    assert_told(options, &errors, &[]);
    let pretty = pretty_items(&expansion);
    let (_, spec) = pretty.split_once("__SPEC:").expect("there is a spec");
    let (spec, _) = spec
        .split_once("#[automatically_derived]")
        .expect("there is an impl");
    expected.assert_eq(spec.trim());
}

#[track_caller]
fn contains(options: &str, expected: &str) {
    let (expansion, errors) = expand(tokens(options), tokens("fn f() {}"));
    assert_told(options, &errors, &[]);
    let pretty = pretty_items(&expansion);
    assert!(pretty.contains(expected), "{pretty}");
}

#[test]
fn plain_options() {
    spec(
        r#"on_failure = alert, name = "1/x task", slug = "div", tags = ["a", "b"], max_retries = 0, skip_on_upstream_skip = false"#,
        &expect![[r#"
            __rt::Spec = __rt::Spec::new(|| {
                    __rt::TaskSpec::sync::<f, __R>("f", &[], __body)
                        .name("1/x task")
                        .slug("div")
                        .tags(["a", "b"])
                        .max_retries(0)
                        .skip_on_upstream_skip(false)
                        .on_failure(alert)
                });"#]],
    );
    spec(
        "max_retries = 0, trigger = MINE, name = NAME",
        &expect![[r#"
            __rt::Spec = __rt::Spec::new(|| {
                    __rt::TaskSpec::sync::<f, __R>("f", &[], __body)
                        .max_retries(0)
                        .trigger(MINE)
                        .name(NAME)
                });"#]],
    );
}

#[test]
fn times_and_triggers() {
    spec(
        r#"max_retries = n(), retry_delay = "1m 30s", timeout = "1s500ms", trigger = any_failed"#,
        &expect![[r#"
            __rt::Spec = __rt::Spec::new(|| {
                    __rt::TaskSpec::sync::<f, __R>("f", &[], __body)
                        .max_retries(n())
                        .retry_delay(::core::time::Duration::from_secs(90u64))
                        .timeout(::core::time::Duration::from_millis(1500u64))
                        .trigger(::tribune::trigger::any_failed)
                });"#]],
    );
    spec(
        "max_retries = N, retry_delay = BACKOFF, trigger = trigger::custom(f)",
        &expect![[r#"
            __rt::Spec = __rt::Spec::new(|| {
                    __rt::TaskSpec::sync::<f, __R>("f", &[], __body)
                        .max_retries(N)
                        .retry_delay(BACKOFF)
                        .trigger(trigger::custom(f))
                });"#]],
    );
    spec(
        "trigger = some_successful(at_least = 1, at_most = 3)",
        &expect![[r#"
            __rt::Spec = __rt::Spec::new(|| {
                    __rt::TaskSpec::sync::<f, __R>("f", &[], __body)
                        .trigger(::tribune::trigger::some_successful.at_least(1).at_most(3))
                });"#]],
    );
}

#[test]
fn handlers() {
    spec(
        "state_handlers = [ALERTS, page, callback(check, action), |c, s| s]",
        &expect![[r#"
            __rt::Spec = __rt::Spec::new(|| {
                    __rt::TaskSpec::sync::<f, __R>("f", &[], __body)
                        .state_handler(ALERTS)
                        .state_handler(page)
                        .state_handler(callback(check, action))
                        .state_handler(|c, s| s)
                });"#]],
    );
    spec(
        r#"state_handlers = [slack(only_states = [Failed, StateKind::Running], proxy = "x"), ops::ALERTS(each_attempt = true)]"#,
        &expect![[r#"
            __rt::Spec = __rt::Spec::new(|| {
                    __rt::TaskSpec::sync::<f, __R>("f", &[], __body)
                        .state_handler(
                            slack
                                .only_states(&[::tribune::StateKind::Failed, StateKind::Running])
                                .proxy("x"),
                        )
                        .state_handler(ops::ALERTS.each_attempt(true))
                });"#]],
    );
}
