//! Options that only make sense together, and handlers that wait for what never comes.

use syn::{Expr, Lit};

use crate::diagnostics::Errors;
use crate::handlers::{Never, check_reachable};
use crate::options::Setting;
use crate::task::ast::Options;
use crate::values::{Setter, SetterValue, literal};

/// Options without effect unless another one is given, and what to add.
const NEEDS: &[(&str, &str, &str)] = &[
    ("retry_delay", "max_retries", "add `max_retries = 3`"),
    (
        "retry_on",
        "max_retries",
        "add `max_retries = 3, retry_delay = \"10s\"`",
    ),
    ("cache_validator", "cache_for", "add `cache_for = \"1h\"`"),
    ("cache_key", "cache_for", "add `cache_for = \"1h\"`"),
];

/// Checks the options of one task.
pub(super) fn check(settings: &[Setting], options: &mut Options, errors: &mut Errors) {
    let find = |key: &str| settings.iter().find(|setting| setting.key == key);
    for (key, needs, help) in NEEDS {
        let Some(setting) = find(key) else { continue };
        match find(needs) {
            None => {
                let message = format!("`{key}` has no effect without `{needs}`");
                errors.help(&setting.key, message, help);
            }
            Some(other) if number(&other.value) == Some(0) => {
                let message = format!("`{key}` has no effect with `{needs} = 0`");
                errors.help(&setting.key, message, "remove one of the two");
            }
            Some(_) => {}
        }
    }
    if let (Some(retries), None) = (find("max_retries"), find("retry_delay")) {
        check_delay(retries, options, errors);
    }
    check_handlers(settings, &options.setters, errors);
}

/// Retries without a delay are refused when a flow is built: better say so now.
fn check_delay(retries: &Setting, options: &mut Options, errors: &mut Errors) {
    match number(&retries.value) {
        Some(0) => {}
        Some(_) => errors.help(
            &retries.key,
            "`max_retries` needs a `retry_delay`",
            "add `retry_delay = \"10s\"`",
        ),
        None if is_constant(&retries.value) => options.zero = Some(retries.value.clone()),
        None => {}
    }
}

/// Refuses handlers that hear only of states which this task is never in.
fn check_handlers(settings: &[Setting], setters: &[Setter], errors: &mut Errors) {
    let find = |key: &str| settings.iter().find(|setting| setting.key == key);
    let retried = find("max_retries").is_some_and(|retries| number(&retries.value) != Some(0));
    let cached = settings.iter().any(|setting| {
        let key = setting.key.to_string();
        key.starts_with("cache") || key == "target"
    });
    let rules = [
        (
            retried,
            Never {
                state: "Retrying",
                because: "a task without `max_retries` is never `Retrying`",
                help: "add `max_retries = 3, retry_delay = \"10s\"`; if the task returns a \
                   `signal::retry`, or a call has retries, write `StateKind::Retrying`",
            },
        ),
        (
            find("timeout").is_some(),
            Never {
                state: "TimedOut",
                because: "a task without `timeout` is never `TimedOut`",
                help: "add `timeout = \"1m\"`; if a call has a timeout, write `StateKind::TimedOut`",
            },
        ),
        (
            cached,
            Never {
                state: "Cached",
                because: "a task without `cache_for` is never `Cached`",
                help: "add `cache_for = \"1h\"`; if a call has it, write `StateKind::Cached`",
            },
        ),
    ];
    let never: Vec<Never> = rules
        .into_iter()
        .filter_map(|(comes, never)| (!comes).then_some(never))
        .collect();
    let handlers = setters.iter().filter_map(|setter| match &setter.value {
        SetterValue::Handler(handler) => Some(handler),
        _ => None,
    });
    check_reachable(handlers, &never, errors);
}

/// The number that a value surely is.
fn number(value: &Expr) -> Option<u32> {
    match literal(value) {
        Some(Lit::Int(number)) => number.base10_parse().ok(),
        _ => None,
    }
}

/// Tells whether a value is named like a constant, and so can be looked at when it is compiled.
fn is_constant(value: &Expr) -> bool {
    let Expr::Path(path) = value else {
        return false;
    };
    path.path.segments.last().is_some_and(|last| {
        let name = last.ident.to_string();
        last.arguments.is_none() && !name.contains(char::is_lowercase)
    })
}
