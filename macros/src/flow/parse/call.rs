//! Calls of tasks: their arguments, and the options of the call.

use proc_macro2::{Ident, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseBuffer, ParseStream};
use syn::token::Paren;
use syn::{AngleBracketedGenericArguments, Error, Lit, Path, Token, parenthesized};

use super::value::{self, continues, list_items, skip};
use crate::diagnostics::Errors;
use crate::flow::ast::{Arguments, Call, CallOption, Value};
use crate::options::{
    Setting, at_end_of_item, at_setting, end_of_item, next_span, skip_all, tokens_between,
};
use crate::values::setters;

mod clean_up;

/// The methods of a call whose arguments are more than Rust.
const UNDERSTOOD: &[&str] = &[
    "after",
    "name",
    "tags",
    "max_retries",
    "retry_delay",
    "timeout",
    "trigger",
    "cache_for",
    "cache_validator",
    "cache_key",
    "state_handlers",
];

/// The path of a task call: every segment begins with a lower-case letter.
///
/// `&load()` is the same as `load()`: the task that takes an output decides whether it borrows it.
pub(super) fn task_path(input: ParseStream<'_>) -> Option<(Path, ParseBuffer<'_>)> {
    let ahead = input.fork();
    let _: Option<Token![&]> = ahead.parse().ok();
    let path = ahead.call(Path::parse_mod_style).ok()?;
    let is_task = path
        .segments
        .iter()
        .all(|segment| is_lower_case(&segment.ident));
    (is_task && ahead.peek(Paren)).then_some((path, ahead))
}

pub(in crate::flow) fn is_lower_case(name: &Ident) -> bool {
    !name.unraw().to_string().starts_with(char::is_uppercase)
}

/// Parses what follows the path of a task call.
pub(super) fn parse(path: Path, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Value> {
    let content;
    let paren = parenthesized!(content in input);
    let arguments = arguments(&content, errors);
    let (mut options, mut clean_up) = (Vec::new(), None);
    loop {
        if let Ok(mark) = input.parse::<Token![?]>() {
            let message = "`?` cannot be used in a flow: steps run later, \
                           and a failed task already fails the flow";
            errors.help(&mark, message, "remove the `?`");
        } else if input.peek(Token![.]) && !input.peek(Token![..]) {
            let _: Token![.] = input.parse()?;
            match clean_up::method(input) {
                Some(method) => clean_up::parse(&method, input, &mut clean_up, errors)?,
                None => option(input, &mut options, errors)?,
            }
        } else {
            break;
        }
    }
    if continues(input) {
        errors.help(&path, computed(&path), COMPUTE);
        skip(input);
        return Ok(Value::Mistake);
    }
    Ok(Value::Call(Box::new(Call {
        path,
        paren,
        arguments,
        options,
        clean_up,
    })))
}

/// What is said of a task call inside of an ordinary expression.
pub(in crate::flow) fn computed(path: &Path) -> String {
    let name: String = path
        .to_token_stream()
        .into_iter()
        .map(|token| token.to_string())
        .collect();
    format!("`{name}(..)` is the future output of a step, so it cannot be part of an expression")
}

/// What to do instead.
pub(in crate::flow) const COMPUTE: &str = "compute inside a task, or write `{ .. }` around \
                                           what is computed where the flow is declared";

fn arguments(input: ParseStream<'_>, errors: &mut Errors) -> Arguments {
    let (mut named, mut positional) = (Vec::new(), Vec::new());
    let mut unnamed = None;
    while !input.is_empty() {
        if at_setting(input)
            && let (Ok(name), Ok(equals)) = (input.call(Ident::parse_any), input.parse())
        {
            let value = argument(&name, input, errors);
            named.push((name, equals, value));
        } else {
            let start = input.cursor();
            positional.push(value::parse(input, errors));
            unnamed = unnamed.or(Some(start..input.cursor()));
        }
        end_of_item(input, errors);
    }
    match unnamed {
        None => Arguments::Named(named),
        Some(_) if named.is_empty() => Arguments::Positional(positional),
        Some(place) => {
            let message = "arguments are given all by name or all by position";
            errors.help_between(place, message, "name this one too: `argument = value`");
            let given = named.into_iter().map(|(name, ..)| name);
            let words = positional.into_iter().filter_map(|value| match value {
                Value::Name(name) => Some(name),
                _ => None,
            });
            Arguments::Mistake(given.chain(words).collect())
        }
    }
}

/// The value of a named argument.
fn argument(name: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> Value {
    if at_end_of_item(input) {
        errors.help(
            name,
            format!("argument `{name}` needs a value"),
            format!("write `{name} = ..`"),
        );
        return Value::Mistake;
    }
    value::parse(input, errors)
}

/// One method on a call, after its dot.
fn option(
    input: ParseStream<'_>,
    options: &mut Vec<CallOption>,
    errors: &mut Errors,
) -> syn::Result<()> {
    if let Ok(keyword) = input.parse::<Token![await]>() {
        errors.help(
            &keyword,
            "`.await` cannot be used in a flow: steps run later",
            "remove the `.await`",
        );
        return Ok(());
    }
    if let Ok(Lit::Int(_) | Lit::Float(_)) = input.fork().parse() {
        let message = "an output is taken apart by a pattern";
        let help = "write `let (a, b) = task(..);`";
        return Err(Error::new(input.span(), format!("{message}\nhelp: {help}")));
    }
    let start = input.cursor();
    let method = input.call(Ident::parse_any)?;
    if input.peek(Paren) && UNDERSTOOD.contains(&&*method.to_string()) {
        let content;
        parenthesized!(content in input);
        understood(method, &content, options, errors)?;
    } else {
        if input.peek(Token![::]) {
            let _: AngleBracketedGenericArguments = input.parse()?;
        }
        if input.peek(Paren) {
            let _: TokenTree = input.parse()?;
        }
        options.push(CallOption::Rust(tokens_between(start, input.cursor())));
    }
    Ok(())
}

fn understood(
    method: Ident,
    arguments: ParseStream<'_>,
    options: &mut Vec<CallOption>,
    errors: &mut Errors,
) -> syn::Result<()> {
    if arguments.is_empty() {
        errors.help(
            &method,
            format!("`{method}` needs a value"),
            format!("write `.{method}(..)`"),
        );
        return Ok(());
    }
    if method == "after" {
        let values = list_items(arguments, errors);
        options.push(CallOption::After(method, values));
        return Ok(());
    }
    let value = arguments.parse();
    let _: Option<Token![,]> = arguments.parse().ok();
    if let (Ok(_), false) = (&value, arguments.is_empty()) {
        errors.at_span(next_span(arguments), format!("`{method}` takes one value"));
    }
    skip_all(arguments);
    let setting = Setting {
        key: method,
        value: value?,
    };
    let setters = setters(setting, errors).into_iter().map(Box::new);
    options.extend(setters.map(CallOption::Setter));
    Ok(())
}
