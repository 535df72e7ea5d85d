//! Lists of handlers that cannot be meant.

use super::{ADD, expand, options, tokens};

#[test]
fn state_handlers() {
    let no_list = "`state_handlers` takes a list\nhelp: write `state_handlers = [slack_notifier]`";
    options(&[
        (
            "state_handlers = slack_notifier",
            &[("slack_notifier", no_list)],
        ),
        (
            r#"state_handlers = [slack(only_states = ["Failed"])]"#,
            &[(r#""Failed""#, "a state is written without quotes: `Failed`")],
        ),
        (
            "state_handlers = [slack(only_states = Failed)]",
            &[(
                "Failed",
                "`only_states` takes a list of states\nhelp: write `only_states = [Failed]`",
            )],
        ),
        (
            r#"state_handlers = [slack(ignore_states = "Failed")]"#,
            &[(
                r#""Failed""#,
                "`ignore_states` takes a list of states\nhelp: write `ignore_states = [Failed]`",
            )],
        ),
        (
            "state_handlers = [slack(only_states = [])]",
            &[(
                "[]",
                "`only_states = []` lets nothing through\nhelp: list a state, or remove the option",
            )],
        ),
        (
            "state_handlers = [slack(ignore_states = [])]",
            &[(
                "[]",
                "`ignore_states = []` has no effect\nhelp: list a state, or remove the option",
            )],
        ),
        (
            "state_handlers = [slack(only_states = [Failed, Success, Failed])]",
            &[("Failed", "`Failed` is listed twice")],
        ),
        (
            "state_handlers = [slack(only_states = [3])]",
            &[("3", "expected the name of a state, such as `Failed`")],
        ),
        (
            r#"state_handlers = [slack(proxy = "a", proxy = "b")]"#,
            &[
                ("proxy", "handler option `proxy` is given twice"),
                ("proxy", "`proxy` is first given here"),
            ],
        ),
        (
            r#"state_handlers = [slack("a", proxy = "b")]"#,
            &[(
                r#""a""#,
                "expected a handler option\nhelp: options are written `option = value`",
            )],
        ),
    ]);
}

#[test]
fn filters_that_leave_nothing() {
    let message = "`ignore_states` leaves nothing of `only_states`: the handler would never be called\nhelp: remove one of the two";
    let told: &[(&str, &str)] = &[("ignore_states", message)];
    options(&[
        (
            "state_handlers = [s(only_states = [Failed], ignore_states = [Failed])]",
            told,
        ),
        (
            "state_handlers = [s(only_states = [TimedOut], ignore_states = [Finished])]",
            told,
        ),
        (
            "state_handlers = [s(only_states = [Retrying], ignore_states = [Pending])]",
            told,
        ),
        // What is left are the other failures, and all but the timeouts.
        (
            "state_handlers = [s(only_states = [Failed], ignore_states = [TimedOut])]",
            &[],
        ),
        (
            "state_handlers = [s(only_states = [Failed, Running], ignore_states = [Failed])]",
            &[],
        ),
        // What only rustc knows.
        (
            "state_handlers = [s(only_states = [Faild], ignore_states = [Failed])]",
            &[],
        ),
        (
            "state_handlers = [s(only_states = [StateKind::Failed], ignore_states = [Failed])]",
            &[],
        ),
    ]);
}

#[test]
fn lists_without_effect() {
    options(&[
        (
            "state_handlers = []",
            &[(
                "[]",
                "`state_handlers = []` has no effect\nhelp: list a handler, or remove the option",
            )],
        ),
        (
            "state_handlers = [s(only_states = [Failed], ignore_states = [Running, Success])]",
            &[(
                "ignore_states",
                "`ignore_states` has no effect: `only_states` lets none of these states through\nhelp: remove `ignore_states`",
            )],
        ),
        (
            "state_handlers = [s(ignore_states = [Pending, Running, Finished])]",
            &[(
                "ignore_states",
                "`ignore_states` leaves nothing: the handler would never be called\nhelp: leave a state out of the list, or remove the handler",
            )],
        ),
        (
            "state_handlers = [s(ignore_states = [Pending, Running, Success])]",
            &[],
        ),
    ]);
}

#[test]
fn handlers_that_are_never_called() {
    let retrying = "a task without `max_retries` is never `Retrying`: the handler would never be called\nhelp: add `max_retries = 3, retry_delay = \"10s\"`; if the task returns a `signal::retry`, or a call has retries, write `StateKind::Retrying`";
    let timed_out = "a task without `timeout` is never `TimedOut`: the handler would never be called\nhelp: add `timeout = \"1m\"`; if a call has a timeout, write `StateKind::TimedOut`";
    let cached = "a task without `cache_for` is never `Cached`: the handler would never be called\nhelp: add `cache_for = \"1h\"`; if a call has it, write `StateKind::Cached`";
    let elsewhere = "no run is ever in this state: the handler would never be called\nhelp: list another state, or remove the handler";
    options(&[
        (
            "state_handlers = [s(only_states = [Retrying])]",
            &[("Retrying", retrying)],
        ),
        (
            "max_retries = 0, state_handlers = [s(only_states = [Retrying])]",
            &[("Retrying", retrying)],
        ),
        (
            "state_handlers = [s(only_states = [TimedOut])]",
            &[("TimedOut", timed_out)],
        ),
        (
            "state_handlers = [s(only_states = [Cached])]",
            &[("Cached", cached)],
        ),
        (
            "state_handlers = [s(only_states = [TimedOut, Retrying])]",
            &[("TimedOut", timed_out)],
        ),
        (
            "state_handlers = [s(only_states = [Failed, Retrying], ignore_states = [Failed])]",
            &[("Retrying", retrying)],
        ),
        (
            "state_handlers = [s(only_states = [Submitted])]",
            &[("Submitted", elsewhere)],
        ),
        // One of the states comes, or may come for all that the macro knows.
        (
            "state_handlers = [s(only_states = [Failed, Retrying])]",
            &[],
        ),
        ("state_handlers = [s(only_states = [Scheduled])]", &[]),
        (
            "state_handlers = [s(only_states = [StateKind::Retrying])]",
            &[],
        ),
        (
            "max_retries = N, retry_delay = \"1s\", state_handlers = [s(only_states = [Retrying])]",
            &[],
        ),
        (
            "timeout = LIMIT, state_handlers = [s(only_states = [TimedOut])]",
            &[],
        ),
    ]);
}

#[test]
fn handlers_that_are_called_twice() {
    let twice: &[(&str, &str)] = &[
        ("page", "this handler is listed twice"),
        ("page", "it is first listed here"),
    ];
    let overlap = "this handler would be called twice for the same change, such as one to `Failed`\nhelp: list each state in one of the two filters";
    options(&[
        ("state_handlers = [page, page]", twice),
        ("state_handlers = [page, log, page]", twice),
        (
            "state_handlers = [s, s(only_states = [Failed])]",
            &[
                ("s(only_states = [Failed])", overlap),
                ("s", "it is first listed here"),
            ],
        ),
        (
            "state_handlers = [s(only_states = [Failed], to = A), s(to = A, only_states = [Finished])]",
            &[
                ("s(to = A, only_states = [Finished])", overlap),
                (
                    "s(only_states = [Failed], to = A)",
                    "it is first listed here",
                ),
            ],
        ),
        (
            "state_handlers = [s(only_states = [Failed]), s(only_states = [Success])]",
            &[],
        ),
        ("state_handlers = [s(to = A), s(to = B)]", &[]),
        ("state_handlers = [s, s(only_states = [MINE])]", &[]),
        ("state_handlers = [callback(a, b), callback(a, c)]", &[]),
    ]);
}

#[test]
fn secrets_in_the_source() {
    let secret = "this is the URL of a webhook, which is a secret: whoever reads it can write to the channel\nhelp: keep it out of the code, and write the name of the secret: `webhook_secret = \"OPS_WEBHOOK\"`";
    options(&[
        (
            r#"state_handlers = [slack(webhook_secret = "https://hooks.slack.com/x")]"#,
            &[(r#""https://hooks.slack.com/x""#, secret)],
        ),
        (
            r#"state_handlers = [slack(webhook_secret = "http://chat.internal/hook")]"#,
            &[(r#""http://chat.internal/hook""#, secret)],
        ),
        (
            r#"state_handlers = [slack.webhook_secret("https://chat.internal/hook"), page]"#,
            &[(r#""https://chat.internal/hook""#, secret)],
        ),
        (
            r#"state_handlers = [|change, state| post("https://hooks.slack.com/services/T0/B0/x", state)]"#,
            &[(r#""https://hooks.slack.com/services/T0/B0/x""#, secret)],
        ),
        (
            r#"state_handlers = [slack(proxy = "http://proxy.internal", webhook_secret = "OPS")]"#,
            &[],
        ),
    ]);
}

#[test]
fn times_of_notifiers_are_written_as_those_of_tasks() {
    let options =
        r#"state_handlers = [slack(timeout = "1m 30s", proxy = "10s", backoff = "soon")]"#;
    let (expansion, errors) = expand(tokens(options), tokens(ADD));
    assert!(errors.is_empty());
    let written = tokens(
        r#"slack.timeout(::core::time::Duration::from_secs(90u64)).proxy("10s").backoff("soon")"#,
    );
    let expansion = expansion.to_string();
    assert!(expansion.contains(&written.to_string()), "{expansion}");
}
