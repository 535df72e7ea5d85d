//! Tokens to tree: the options of `#[task]` and the head of its function.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Expr, Lit, LitStr, Visibility};

use super::ast::{Function, Options};
use crate::diagnostics::Errors;
use crate::options::{Vocabulary, parse_input};
use crate::values::{literal, setters};

mod effects;

pub(in crate::task) const OPTIONS: Vocabulary = Vocabulary {
    what: "task option",
    keys: &[
        "name",
        "slug",
        "tags",
        "max_retries",
        "retry_delay",
        "timeout",
        "trigger",
        "skip_on_upstream_skip",
        "retry_on",
        "cache_for",
        "cache_validator",
        "cache_key",
        "task_run_name",
        "state_handlers",
        "on_failure",
        "crate",
    ],
};

/// Parses the options; what cannot be understood keeps its default.
pub(super) fn options(tokens: TokenStream, errors: &mut Errors) -> Options {
    let settings = match parse_input(tokens, |input| OPTIONS.parse(input, errors)) {
        Ok(settings) => settings,
        Err(error) => {
            errors.keep(error);
            return Options::default();
        }
    };
    let mut options = Options::default();
    for setting in &settings {
        match (setting.key.to_string().as_str(), &setting.value) {
            ("crate", Expr::Path(path)) => options.library = Some(path.path.clone()),
            ("crate", other) => errors.at(other, "expected a path, such as `crate = ::tribune`"),
            ("task_run_name", value) => options.run_name = run_name(value, errors),
            _ => options.setters.extend(setters(setting.clone(), errors)),
        }
    }
    effects::check(&settings, &mut options, errors);
    // It hears of what the handlers made of a failure.
    options
        .setters
        .sort_by_key(|setter| setter.method == "on_failure");
    options
}

/// The text of `task_run_name`, in which names of arguments stand in braces.
fn run_name(value: &Expr, errors: &mut Errors) -> Option<LitStr> {
    match literal(value) {
        Some(Lit::Str(text)) if text.value().trim().is_empty() => {
            errors.at(value, "a task run name must not be empty");
            None
        }
        Some(Lit::Str(text)) => Some(text.clone()),
        _ => {
            errors.help(
                value,
                "a task run name is a string literal",
                "write the arguments that it shows in braces: `task_run_name = \"load {table}\"`",
            );
            None
        }
    }
}

/// Parses the function up to its body.
pub(super) fn function(item: TokenStream, errors: &mut Errors) -> Option<Function> {
    let function = parse_input(item, |input| head(input, errors)).and_then(|function| function);
    function.unwrap_or_else(|error| {
        errors.keep(error);
        None
    })
}

fn head(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Option<Function>> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility: Visibility = input.parse()?;
    if let Some(keyword) = other_item(input) {
        errors.at(&keyword, "`#[task]` goes on a function");
        return Ok(None);
    }
    let signature = input.parse()?;
    // Rustc misses the body of a function without one.
    Ok(input.peek(syn::token::Brace).then_some(Function {
        attributes,
        visibility,
        signature,
    }))
}

/// The words with which items begin that are no functions.
const OTHERS: &[&str] = &[
    "struct",
    "enum",
    "union",
    "impl",
    "trait",
    "mod",
    "type",
    "static",
    "use",
    "macro_rules",
];

/// The keyword of an item that is no function.
fn other_item(input: ParseStream<'_>) -> Option<Ident> {
    let ahead = input.fork();
    let mut keyword = ahead.call(Ident::parse_any).ok()?;
    if matches!(&*keyword.to_string(), "const" | "unsafe") {
        let next = ahead.call(Ident::parse_any).ok()?;
        match &*next.to_string() {
            "fn" | "async" | "unsafe" | "extern" => return None,
            "impl" | "trait" => keyword = next,
            _ => return Some(keyword),
        }
    }
    OTHERS.contains(&&*keyword.to_string()).then_some(keyword)
}
