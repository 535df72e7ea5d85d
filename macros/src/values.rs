//! Values of options that the macros understand: times, triggers and texts.
//!
//! Every other expression is passed on as it is, for rustc to check.

use std::time::Duration;

use proc_macro2::Ident;
use syn::{Expr, ExprCall, ExprLit, ExprPath, Lit, LitStr, UnOp};

use crate::diagnostics::Errors;
use crate::handlers::{self, Handler};
use crate::options::{Setting, named};

/// One call of a builder's method: `.name(value)`.
pub(crate) struct Setter {
    /// The method, with the place of the option's key.
    pub(crate) method: Ident,
    pub(crate) value: SetterValue,
}

pub(crate) enum SetterValue {
    /// Any expression of Rust.
    Rust(Expr),
    /// A time written as a string.
    Time(Duration, LitStr),
    /// A trigger by its bare name.
    Trigger(Ident),
    /// A trigger by its bare name, with bounds.
    BoundedTrigger(Ident, Vec<Setting>),
    /// A cache validator by its bare name, or a call of one.
    Validator(Expr),
    /// One state handler.
    Handler(Handler),
}

/// Understands the value of an option that tasks and calls of tasks have.
pub(crate) fn setters(setting: Setting, errors: &mut Errors) -> Vec<Setter> {
    let Setting { key, value } = setting;
    let value = match key.to_string().as_str() {
        "retry_delay" | "timeout" | "cache_for" => time(&key, value, errors),
        "cache_validator" => validator(value, errors),
        "cache_key" => text("cache key", value, errors),
        "trigger" => trigger(value, errors),
        "max_retries" => retries(value, errors),
        "tags" => tags(value, errors),
        "name" => text("task name", value, errors),
        "slug" => text("slug", value, errors),
        "state_handlers" => return handlers(&key, value, errors),
        _ => Some(SetterValue::Rust(value)),
    };
    value
        .map(|value| Setter { method: key, value })
        .into_iter()
        .collect()
}

/// The value of `state_handlers`, as a call of `state_handler` for each.
fn handlers(key: &Ident, value: Expr, errors: &mut Errors) -> Vec<Setter> {
    let method = Ident::new("state_handler", key.span());
    handlers::parse(key, value, errors)
        .into_iter()
        .map(|handler| Setter {
            method: method.clone(),
            value: SetterValue::Handler(handler),
        })
        .collect()
}

/// A name is shown to people, and a slug is looked for, so each must say something.
fn text(what: &str, value: Expr, errors: &mut Errors) -> Option<SetterValue> {
    match literal(&value) {
        Some(Lit::Str(text)) if text.value().trim().is_empty() => {
            errors.at(&value, format!("a {what} must not be empty"));
            None
        }
        Some(Lit::Str(_)) | None => Some(SetterValue::Rust(value)),
        Some(_) => {
            errors.at(&value, format!("a {what} must be a string literal"));
            None
        }
    }
}

fn tags(value: Expr, errors: &mut Errors) -> Option<SetterValue> {
    match &value {
        Expr::Array(array) if array.elems.is_empty() => {
            let brackets = array.bracket_token.span.join();
            let help = "list a tag, or remove the option";
            errors.help_at(brackets, "`tags = []` has no effect", help);
            None
        }
        Expr::Lit(_) => {
            let text = source(&value);
            errors.help(
                &value,
                "`tags` takes a list",
                format!("write `tags = [{text}]`"),
            );
            None
        }
        _ => Some(SetterValue::Rust(value)),
    }
}

fn retries(value: Expr, errors: &mut Errors) -> Option<SetterValue> {
    match (&value, literal(&value)) {
        (Expr::Unary(unary), _) if is_negative_literal(unary.op, &unary.expr) => errors.help(
            &value,
            "`max_retries` counts retries, so it cannot be negative",
            "use `max_retries = 0` to never retry",
        ),
        (_, Some(Lit::Int(number))) if number.base10_parse::<u32>().is_err() => errors.help(
            &value,
            "`max_retries` does not fit in a `u32`",
            "a task can be retried 4294967295 times",
        ),
        (_, Some(Lit::Int(_)) | None) => return Some(SetterValue::Rust(value)),
        _ => errors.at(
            &value,
            "expected a number of retries, such as `max_retries = 3`",
        ),
    }
    None
}

fn is_negative_literal(op: UnOp, of: &Expr) -> bool {
    matches!((op, of), (UnOp::Neg(_), Expr::Lit(_)))
}

/// Understands `"1m 30s"`.
fn time(key: &Ident, value: Expr, errors: &mut Errors) -> Option<SetterValue> {
    match literal(&value) {
        Some(Lit::Str(text)) => {
            let time = parse_time(&text.value());
            if time.is_none() {
                errors.help(
                    &value,
                    format!("`\"{}\"` is not a time", text.value()),
                    "write numbers with units, such as `\"10s\"` or `\"1m 30s\"`; \
                     the units are `ms`, `s`, `m`, `h` and `d`",
                );
            }
            if key != "retry_delay" && time.is_some_and(|time| time.is_zero()) {
                let message = format!("`{key} = \"{}\"` has no effect", text.value());
                errors.help(&value, message, "write how long, or remove the option");
                return None;
            }
            time.map(|time| SetterValue::Time(time, text.clone()))
        }
        Some(Lit::Int(number)) => {
            let digits = number.base10_digits();
            errors.help(
                &value,
                "a time needs a unit",
                format!("write `{key} = \"{digits}s\"`"),
            );
            None
        }
        _ => Some(SetterValue::Rust(value)),
    }
}

/// The time that a text such as `1m 30s` says.
pub(crate) fn parse_time(text: &str) -> Option<Duration> {
    let mut total: Option<u64> = None;
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let unit_end = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        let part = number.parse::<u64>().ok()?.checked_mul(millis)?;
        total = Some(total.unwrap_or(0).checked_add(part)?);
        rest = after.trim_start();
    }
    total.map(Duration::from_millis)
}

/// A bare lower-case name is one of the library's triggers; rustc suggests the near one.
fn trigger(value: Expr, errors: &mut Errors) -> Option<SetterValue> {
    Some(match value {
        Expr::Path(path) => match trigger_name(&path) {
            Some(name) if counts(&name) => {
                let message = format!("`{name}` without bounds always lets the task run");
                errors.help(&name, message, format!("write `{name}(at_least = 1)`"));
                return None;
            }
            Some(name) => SetterValue::Trigger(name),
            None => SetterValue::Rust(Expr::Path(path)),
        },
        Expr::Call(call) => bounded_trigger(call, errors),
        Expr::Lit(_) => {
            errors.help(
                &value,
                "a trigger is written without quotes",
                "write `trigger = all_finished`",
            );
            return None;
        }
        other => SetterValue::Rust(other),
    })
}

fn bounded_trigger(call: ExprCall, errors: &mut Errors) -> SetterValue {
    let name = match &*call.func {
        Expr::Path(path) => trigger_name(path),
        _ => None,
    };
    let has_bounds = call.args.iter().any(|arg| matches!(arg, Expr::Assign(_)));
    match name {
        Some(name) if has_bounds => {
            let bounds = named("trigger option", call.args, errors);
            check_bounds(&name, &bounds, errors);
            SetterValue::BoundedTrigger(name, bounds)
        }
        _ => SetterValue::Rust(Expr::Call(call)),
    }
}

/// Tells whether a trigger is one of those that count their upstreams.
fn counts(trigger: &Ident) -> bool {
    trigger == "some_failed" || trigger == "some_successful"
}

/// Bounds have to leave a number between them, and a trigger that counts.
fn check_bounds(name: &Ident, bounds: &[Setting], errors: &mut Errors) {
    if let (Some(first), false) = (bounds.first(), counts(name)) {
        let message = format!("`{name}` does not count, so it has no bounds");
        errors.help(
            &first.key,
            message,
            "the triggers with bounds are `some_successful` and `some_failed`",
        );
        return;
    }
    let bound = |key: &str| {
        let bound = bounds.iter().find(|bound| bound.key == key)?;
        let value = match literal(&bound.value)? {
            Lit::Int(number) => number.base10_parse::<f64>(),
            Lit::Float(number) => number.base10_parse(),
            _ => return None,
        };
        Some((&bound.key, value.ok()?))
    };
    if let (Some((_, least)), Some((key, most))) = (bound("at_least"), bound("at_most")) {
        // A number of upstreams and a share of them cannot be compared.
        let comparable = (least < 1.0) == (most < 1.0);
        if comparable && most < least {
            errors.help(
                key,
                "`at_most` is below `at_least`: the trigger would never let the task run",
                "exchange the two",
            );
        }
    }
}

/// A bare lower-case name is one of the library's validators, as is one that is called with names.
fn validator(value: Expr, errors: &mut Errors) -> Option<SetterValue> {
    let is_ours = match &value {
        Expr::Path(path) => trigger_name(path).is_some(),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                trigger_name(path).is_some_and(|name| name.to_string().starts_with("partial_"))
            }
            _ => false,
        },
        Expr::Lit(_) => {
            errors.help(
                &value,
                "a validator is written without quotes",
                "write `cache_validator = all_inputs`",
            );
            return None;
        }
        _ => false,
    };
    Some(match is_ours {
        true => SetterValue::Validator(value),
        false => SetterValue::Rust(value),
    })
}

fn trigger_name(path: &ExprPath) -> Option<Ident> {
    let name = path.path.get_ident()?;
    name.to_string()
        .starts_with(|c: char| c.is_lowercase())
        .then(|| name.clone())
}

/// The literal that an expression is, if it is one.
pub(crate) fn literal(value: &Expr) -> Option<&Lit> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        // A literal that a `macro_rules!` was given.
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

/// The text of an expression for a help, as the user wrote it.
pub(crate) fn source(tokens: &impl quote::ToTokens) -> String {
    tokens.to_token_stream().to_string()
}
