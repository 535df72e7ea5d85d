//! Tokens to tree: the options of `flow!`, and the parameters of its body.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::token::Brace;
use syn::{Expr, Lit, Token, braced};

use super::ast::Flow;
use crate::diagnostics::Errors;
use crate::handlers::{Never, check_reachable};
use crate::options::{
    Setting, Vocabulary, at_end_of_item, at_setting, end_of_item, next_span, parse_input, skip_all,
    skip_item,
};
use crate::values::{SetterValue, literal, setters, source};

pub(super) use call::{COMPUTE, computed, is_lower_case};
pub(super) use function::function;

mod call;
mod control;
mod function;
mod parameters;
mod pattern;
mod steps;
mod text;
mod value;

pub(in crate::flow) const OPTIONS: Vocabulary = Vocabulary {
    what: "flow option",
    keys: &[
        "name",
        "state_handlers",
        "on_failure",
        "schedule",
        "reference_tasks",
        "crate",
    ],
};

/// Parses the input of `flow!`.
pub(super) fn flow(tokens: TokenStream, errors: &mut Errors) -> Flow {
    let mut flow = Flow::default();
    if let Err(error) = parse_input(tokens, |input| parts(input, &mut flow, errors)) {
        errors.keep(error);
    }
    flow
}

/// The name, the options and the body, with commas between them.
fn parts(input: ParseStream<'_>, flow: &mut Flow, errors: &mut Errors) {
    let start = next_span(input);
    let (mut settings, mut named, mut body) = (Vec::new(), false, false);
    while !input.is_empty() {
        if at_setting(input) {
            named |= input
                .fork()
                .call(Ident::parse_any)
                .is_ok_and(|key| key == "name");
            OPTIONS.parse_one(input, &mut settings, errors);
        } else if at_body(input) && !body {
            body = true;
            parse_body(input, flow, errors);
        } else {
            named = true;
            parse_name(input, flow, errors);
        }
        if body {
            end_of_item(input, errors);
        } else {
            body = end_of_head(input, errors);
        }
    }
    if !named {
        errors.help_at(
            start,
            "a flow starts with its name",
            "write `flow!(\"my flow\", { .. })`",
        );
    } else if !body {
        errors.help_at(
            start,
            "a flow needs a body",
            "write `flow!(\"my flow\", { .. })`",
        );
    }
    understand(settings, flow, errors);
}

/// Takes the comma before the body, which is read without one too.
///
/// Answers whether the rest was skipped, so that no body is missed.
fn end_of_head(input: ParseStream<'_>, errors: &mut Errors) -> bool {
    if at_body(input) {
        errors.at_span(next_span(input), "expected `,`");
        return false;
    }
    let Ok(semicolon) = input.parse::<Token![;]>() else {
        end_of_item(input, errors);
        return false;
    };
    errors.at(&semicolon, "expected `,`");
    let other = !at_body(input);
    if other {
        skip_all(input);
    }
    other
}

fn parse_name(input: ParseStream<'_>, flow: &mut Flow, errors: &mut Errors) {
    match input.parse::<Expr>() {
        Ok(extra) if flow.name.is_some() => {
            if let Expr::Path(path) = &extra
                && let Some(key) = path.path.get_ident()
            {
                errors.unknown_option(key);
            }
            errors.help(
                &extra,
                "expected an option, or the body of the flow",
                "options are written `option = value`",
            );
        }
        Ok(name) => {
            check_name(&name, errors);
            flow.name = Some(name);
        }
        Err(error) => {
            errors.keep(error);
            skip_item(input);
        }
    }
}

fn check_name(name: &Expr, errors: &mut Errors) {
    match literal(name) {
        Some(Lit::Str(text)) if text.value().trim().is_empty() => {
            errors.at(name, "a flow name must not be empty");
        }
        Some(Lit::Str(_)) | None => {}
        Some(_) => errors.at(name, "a flow name must be a string"),
    }
}

fn understand(settings: Vec<Setting>, flow: &mut Flow, errors: &mut Errors) {
    for setting in settings {
        let Setting { key, value } = &setting;
        match (key.to_string().as_str(), value) {
            ("name", name) if flow.name.is_none() => {
                check_name(name, errors);
                flow.name = Some(name.clone());
            }
            ("name", _) => errors.help(key, "the flow has a name already", "give it once"),
            ("crate", Expr::Path(path)) => flow.library = Some(path.path.clone()),
            ("crate", other) => errors.at(other, "expected a path, such as `crate = ::tribune`"),
            ("reference_tasks", list) => flow.references = references(list, errors),
            _ => flow.setters.extend(setters(setting, errors)),
        }
    }
    let handlers = flow
        .setters
        .iter()
        .filter_map(|setter| match &setter.value {
            SetterValue::Handler(handler) => Some(handler),
            _ => None,
        });
    check_reachable(handlers, NEVER, errors);
    flow.setters
        .sort_by_key(|setter| setter.method == "on_failure");
}

/// The states that tasks have, and flows have not.
const NEVER: &[Never] = &[
    never("Retrying"),
    never("Cached"),
    never("Mapped"),
    never("Looped"),
    never("TimedOut"),
    never("TriggerFailed"),
];

const fn never(state: &'static str) -> Never {
    Never {
        state,
        because: "a flow is never in this state, only its tasks are",
        help: "list the handler at the tasks, or another state",
    }
}

/// Which of the bindings there are is left to rustc.
fn references(list: &Expr, errors: &mut Errors) -> Vec<Ident> {
    let Expr::Array(list) = list else {
        let text = source(list);
        errors.help(
            list,
            "`reference_tasks` takes a list",
            format!("write `reference_tasks = [{text}]`"),
        );
        return Vec::new();
    };
    if list.elems.is_empty() {
        errors.help_at(
            list.bracket_token.span.join(),
            "`reference_tasks = []` has no effect",
            "list a binding, or remove the option",
        );
    }
    let mut names = Vec::new();
    for task in &list.elems {
        match task {
            Expr::Path(path) if path.path.get_ident().is_some() => {
                names.extend(path.path.get_ident().cloned());
            }
            _ => errors.help(
                task,
                "expected a binding of the flow",
                "bind the task with `let`, and name the binding",
            ),
        }
    }
    names
}

/// Tells whether a block or a closure follows.
fn at_body(input: ParseStream<'_>) -> bool {
    input.peek(Brace)
        || input.peek(Token![|])
        || input.peek(Token![||])
        || input.peek(Token![move])
        || input.peek(Token![async])
}

fn parse_body(input: ParseStream<'_>, flow: &mut Flow, errors: &mut Errors) {
    if let Ok(keyword) = input.parse::<Token![async]>() {
        errors.help(
            &keyword,
            "a flow is declared at once, and only its run is `async`",
            "remove `async`",
        );
    }
    let _: Option<Token![move]> = input.parse().ok();
    let before = errors.count();
    if input.parse::<Token![||]>().is_err() && input.parse::<Token![|]>().is_ok() {
        flow.parameters = parameters::parse(input, errors);
    }
    if input.peek(Token![->]) {
        errors.help_at(
            next_span(input),
            "the output type of a flow is inferred",
            "remove it",
        );
        while !at_end_of_item(input) && !input.peek(Brace) && input.parse::<TokenTree>().is_ok() {}
    }
    if input.is_empty() && errors.count() > before {
        // It is half-typed: what is missing here comes after what is wrong there.
        return;
    }
    if let Err(error) = block(input, flow, errors) {
        errors.keep(error);
        skip_item(input);
    }
}

fn block(input: ParseStream<'_>, flow: &mut Flow, errors: &mut Errors) -> syn::Result<()> {
    let content;
    braced!(content in input);
    steps::parse(&content, &mut flow.body, errors);
    skip_all(&content);
    Ok(())
}

/// What `mut` is told everywhere in a flow.
const MUT: &str = "names in a flow are never assigned to, so `mut` has no effect";
