//! Options that would do nothing, or never what is meant.

use super::options;

#[test]
fn options_without_effect() {
    let empty = |key: &str, value: &str, help: &str| {
        format!("`{key} = {value}` has no effect\nhelp: {help}")
    };
    options(&[
        (
            r#"timeout = "0s""#,
            &[(
                r#""0s""#,
                &empty("timeout", "\"0s\"", "write how long, or remove the option"),
            )],
        ),
        (
            "tags = []",
            &[(
                "[]",
                &empty("tags", "[]", "list a tag, or remove the option"),
            )],
        ),
        (
            r#"max_retries = 0, retry_delay = "1s""#,
            &[(
                "retry_delay",
                "`retry_delay` has no effect with `max_retries = 0`\nhelp: remove one of the two",
            )],
        ),
        (
            "retry_on = is_temporary",
            &[(
                "retry_on",
                "`retry_on` has no effect without `max_retries`\nhelp: add `max_retries = 3, retry_delay = \"10s\"`",
            )],
        ),
        (
            r#"cache_key = "a", cache_validator = all_inputs"#,
            &[
                (
                    "cache_validator",
                    "`cache_validator` has no effect without `cache_for`\nhelp: add `cache_for = \"1h\"`",
                ),
                (
                    "cache_key",
                    "`cache_key` has no effect without `cache_for`\nhelp: add `cache_for = \"1h\"`",
                ),
            ],
        ),
        (
            r#"cache_for = "0s""#,
            &[(
                r#""0s""#,
                &empty(
                    "cache_for",
                    "\"0s\"",
                    "write how long, or remove the option",
                ),
            )],
        ),
        // Never to retry is what the default is, and worth saying.
        ("max_retries = 0", &[]),
        (r#"max_retries = 2, retry_delay = "0s""#, &[]),
        (r#"slug = """#, &[(r#""""#, "a slug must not be empty")]),
    ]);
}

#[test]
fn triggers_that_say_always_or_never() {
    options(&[
        (
            "trigger = some_failed",
            &[(
                "some_failed",
                "`some_failed` without bounds always lets the task run\nhelp: write `some_failed(at_least = 1)`",
            )],
        ),
        (
            "trigger = any_failed(at_least = 2)",
            &[(
                "at_least",
                "`any_failed` does not count, so it has no bounds\nhelp: the triggers with bounds are `some_successful` and `some_failed`",
            )],
        ),
        (
            "trigger = some_successful(at_least = 3, at_most = 2)",
            &[(
                "at_most",
                "`at_most` is below `at_least`: the trigger would never let the task run\nhelp: exchange the two",
            )],
        ),
        (
            "trigger = some_successful(at_least = 0.5, at_most = 0.25)",
            &[(
                "at_most",
                "`at_most` is below `at_least`: the trigger would never let the task run\nhelp: exchange the two",
            )],
        ),
        (
            "trigger = some_successful(at_least = 2, at_most = 0.5)",
            &[],
        ),
        ("trigger = some_successful(at_least = N, at_most = 2)", &[]),
    ]);
}

/// What only the compiler knows is looked at by the compiler.
#[test]
fn retries_that_are_a_constant() {
    super::contains(
        "max_retries = limits::RETRIES",
        "const _: () = __rt::core::assert!(",
    );
    options(&[
        ("max_retries = limits::retries()", &[]),
        ("max_retries = N", &[]),
    ]);
}

#[test]
fn types_that_hide_another() {
    let generic = "`impl Trait` makes the task generic\nhelp: name the concrete type";
    let hidden = "a task must name its output type: `impl Trait` hides it from the tasks that take it\nhelp: return the type itself, or a `Box<dyn Trait>`";
    super::functions(&[
        ("fn add(x: Vec<impl Into<i64>>) {}", &[("impl", generic)]),
        ("fn add(x: &impl Display) {}", &[("impl", generic)]),
        (
            "fn add() -> Result<impl Display, Error> { Ok(1) }",
            &[("impl", hidden)],
        ),
        (
            "fn add() -> (i64, impl Display) { (1, 2) }",
            &[("impl", hidden)],
        ),
    ]);
}
