//! Lists of state handlers: `[ALERTS, slack_notifier(only_states = [Failed])]`.
//!
//! Both macros share this syntax. Which handlers, options and states there are is left to rustc.

use std::time::Duration;

use proc_macro2::{Ident, Literal, TokenStream, TokenTree};
use quote::ToTokens;
use syn::token::Bracket;
use syn::{Expr, ExprCall, Lit, LitStr};

use crate::diagnostics::Errors;
use crate::options::{Setting, named};
use crate::values::{literal, parse_time, source};

pub(crate) use filters::{Never, check_reachable};

mod filters;
mod states;
#[cfg(test)]
mod tests;

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
    /// A time written as a string, for the options of notifiers that take one.
    Time(Duration, LitStr),
    /// The value of `only_states` or `ignore_states`.
    States(Bracket, Vec<Expr>),
}

impl Handler {
    /// The options, if there are any.
    fn options(&self) -> Option<&[HandlerOption]> {
        match self {
            Self::Plain(_) => None,
            Self::Configured { options, .. } => Some(options),
        }
    }

    /// The text of everything but the filters: handlers with the same are the same handler.
    fn identity(&self) -> String {
        match self {
            Self::Plain(handler) => source(handler),
            Self::Configured { handler, options } => {
                let mut texts: Vec<String> =
                    options.iter().filter_map(HandlerOption::text).collect();
                texts.sort();
                texts.insert(0, source(handler));
                texts.join(" ")
            }
        }
    }
}

impl HandlerOption {
    /// The option as it is written, unless it is a filter.
    fn text(&self) -> Option<String> {
        match &self.value {
            OptionValue::Rust(value) => Some(format!("{} = {}", self.key, source(value))),
            OptionValue::Time(_, text) => Some(format!("{} = {}", self.key, source(text))),
            OptionValue::States(..) => None,
        }
    }
}

/// Parses the value of `state_handlers`.
pub(crate) fn parse(key: &Ident, value: Expr, errors: &mut Errors) -> Vec<Handler> {
    let Expr::Array(list) = value else {
        let text = source(&value);
        errors.help(
            &value,
            format!("`{key}` takes a list"),
            format!("write `{key} = [{text}]`"),
        );
        return Vec::new();
    };
    if list.elems.is_empty() {
        let brackets = list.bracket_token.span.join();
        let message = format!("`{key} = []` has no effect");
        errors.help_at(brackets, message, "list a handler, or remove the option");
    }
    let mut handlers: Vec<(Expr, Handler)> = Vec::new();
    for value in list.elems {
        if let Some(url) = webhook_in(value.to_token_stream()) {
            errors.help(&url, NO_WEBHOOK, SECRET);
            continue;
        }
        let handler = handler(value.clone(), errors);
        check_other(&value, &handler, &handlers, errors);
        handlers.push((value, handler));
    }
    handlers.into_iter().map(|(_, handler)| handler).collect()
}

/// Refuses a handler that would be called twice for the same change.
fn check_other(value: &Expr, handler: &Handler, before: &[(Expr, Handler)], errors: &mut Errors) {
    let text = source(value);
    let (identity, hears) = (handler.identity(), filters::through(handler));
    for (first, other) in before {
        if source(first) == text {
            errors.two(
                value,
                "this handler is listed twice",
                first,
                "it is first listed here",
            );
            return;
        }
        if other.identity() != identity {
            continue;
        }
        let (Some(hears), Some(others)) = (&hears, filters::through(other)) else {
            continue;
        };
        if let Some(state) = hears.iter().find(|state| others.contains(state)) {
            let message = format!(
                "this handler would be called twice for the same change, such as one to `{state}`\n\
                 help: list each state in one of the two filters"
            );
            errors.two(value, message, first, "it is first listed here");
            return;
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
    filters::check_together(&options, errors);
    Handler::Configured {
        handler: *call.func,
        options,
    }
}

fn option(Setting { key, value }: Setting, errors: &mut Errors) -> Option<HandlerOption> {
    let value = if key == "only_states" || key == "ignore_states" {
        states::parse(&key, value, errors)?
    } else if let Some((time, text)) = time(&key, &value) {
        OptionValue::Time(time, text)
    } else {
        OptionValue::Rust(value)
    };
    Some(HandlerOption { key, value })
}

/// The time that the value of a notifier's option is, if it is a text that says one.
fn time(key: &Ident, value: &Expr) -> Option<(Duration, LitStr)> {
    let takes_time = key == "timeout" || key == "backoff" || key == "max_age";
    match literal(value) {
        Some(Lit::Str(text)) if takes_time => Some((parse_time(&text.value())?, text.clone())),
        _ => None,
    }
}

/// What a webhook in the source is told: everybody who reads the code could post to the channel.
const NO_WEBHOOK: &str = "this is the URL of a webhook, which is a secret: \
                          whoever reads it can write to the channel";

const SECRET: &str = "keep it out of the code, and write the name of the secret: \
                      `webhook_secret = \"OPS_WEBHOOK\"`";

/// The first text in the tokens that is the URL of a webhook.
fn webhook_in(tokens: TokenStream) -> Option<Literal> {
    webhook_after(tokens, false)
}

/// The same, after a word that tells whether any URL is one.
fn webhook_after(tokens: TokenStream, mut names_secret: bool) -> Option<Literal> {
    for token in tokens {
        match token {
            TokenTree::Literal(text) => {
                let url = text.to_string();
                if url.contains("hooks.slack.com") || (names_secret && url.contains("://")) {
                    return Some(text);
                }
            }
            TokenTree::Group(group) => {
                if let Some(found) = webhook_after(group.stream(), names_secret) {
                    return Some(found);
                }
            }
            TokenTree::Ident(word) => names_secret = word == "webhook_secret",
            TokenTree::Punct(mark) => names_secret &= mark.as_char() == '=',
        }
    }
    None
}
