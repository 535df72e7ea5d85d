//! Lists of state handlers: `[ALERTS, slack_notifier(only_states = [Failed])]`.
//!
//! Both macros share this syntax. Which handlers, options and states there are is left to rustc.

use proc_macro2::Ident;
use syn::token::Bracket;
use syn::{Expr, ExprCall, Lit};

use crate::diagnostics::Errors;
use crate::options::{Setting, named};
use crate::values::{literal, source};

mod states;

/// One state handler.
pub(crate) enum Handler {
    /// Any value: a constant, a function, a closure, a call of a function that gives a handler.
    Plain(Expr),
    /// A value with options: `slack_notifier(only_states = [Failed])`.
    Configured {
        handler: Expr,
        options: Vec<HandlerOption>,
    },
}

pub(crate) struct HandlerOption {
    pub(crate) key: Ident,
    pub(crate) value: OptionValue,
}

pub(crate) enum OptionValue {
    Rust(Expr),
    /// The value of `only_states` or `ignore_states`.
    States(Bracket, Vec<Expr>),
}

/// Parses the value of `state_handlers`.
pub(crate) fn parse(key: &Ident, value: Expr, errors: &mut Errors) -> Vec<Handler> {
    match value {
        Expr::Array(list) => list
            .elems
            .into_iter()
            .map(|value| handler(value, errors))
            .collect(),
        other => {
            let text = source(&other);
            errors.help(
                &other,
                format!("`{key}` takes a list"),
                format!("write `{key} = [{text}]`"),
            );
            Vec::new()
        }
    }
}

fn handler(value: Expr, errors: &mut Errors) -> Handler {
    match value {
        Expr::Call(call) if call.args.iter().any(|arg| matches!(arg, Expr::Assign(_))) => {
            configured(call, errors)
        }
        other => Handler::Plain(other),
    }
}

fn configured(call: ExprCall, errors: &mut Errors) -> Handler {
    let settings = named("handler option", call.args, errors);
    let options: Vec<_> = settings
        .into_iter()
        .filter_map(|setting| option(setting, errors))
        .collect();
    states::check_something_left(&options, errors);
    Handler::Configured {
        handler: *call.func,
        options,
    }
}

fn option(Setting { key, value }: Setting, errors: &mut Errors) -> Option<HandlerOption> {
    let value = if key == "only_states" || key == "ignore_states" {
        states::parse(&key, value, errors)?
    } else {
        if key == "webhook_secret" {
            check_secret(&value, errors)?;
        }
        OptionValue::Rust(value)
    };
    Some(HandlerOption { key, value })
}

/// A webhook URL lets everybody who reads the code post to the channel.
fn check_secret(value: &Expr, errors: &mut Errors) -> Option<()> {
    match literal(value) {
        Some(Lit::Str(text)) if text.value().starts_with("http") => {
            errors.help(
                value,
                "this is the URL, not the name of a secret",
                "keep the URL in a secret, such as `OPS_WEBHOOK`, \
                 and write `webhook_secret = \"OPS_WEBHOOK\"`",
            );
            None
        }
        _ => Some(()),
    }
}
