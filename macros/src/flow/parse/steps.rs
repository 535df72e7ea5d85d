//! The statements of a flow.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::buffer::Cursor;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::token::{Brace, Paren};
use syn::{Attribute, Error, Pat, Token, Type, parenthesized};

use super::{MUT, control, is_lower_case, value};
use crate::diagnostics::Errors;
use crate::flow::ast::{Block, Pattern, Step, Value};
use crate::options::{at_end_of_item, end_of_item, tokens_between};

/// The words with which items begin.
const ITEMS: &[&str] = &[
    "fn", "use", "struct", "enum", "const", "static", "mod", "impl", "trait", "type", "pub",
    "extern",
];

/// Parses the statements up to the end of the block.
pub(super) fn parse(input: ParseStream<'_>, block: &mut Block, errors: &mut Errors) {
    while !input.is_empty() {
        if input.parse::<Token![;]>().is_ok() {
            continue;
        }
        let before = input.cursor();
        let steps = block.steps.len();
        let attributes = input.call(Attribute::parse_outer);
        let cfg = conditions(attributes.unwrap_or_default(), errors);
        if input.peek(Token![let]) {
            binding(input, block, errors);
        } else if let Some(keyword) = item_keyword(input) {
            errors.help(
                &keyword,
                "an item cannot be declared in a flow",
                "move it above the flow",
            );
            skip_rest_of_item(input);
        } else {
            expression(input, block, errors);
        }
        configure(cfg, block, steps, errors);
        if input.cursor() == before {
            // Nothing was understood: go on behind it.
            let _: Option<TokenTree> = input.parse().ok();
        }
    }
}

/// The attributes that a step can have: those that decide whether it is there.
fn conditions(mut attributes: Vec<Attribute>, errors: &mut Errors) -> Vec<Attribute> {
    let is_condition = |attribute: &Attribute| {
        attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr")
    };
    let others: Vec<_> = attributes
        .extract_if(.., |other| !is_condition(other))
        .collect();
    refuse_attributes(&others, errors);
    attributes
}

/// Gives the step that was parsed after `steps` others its conditions.
fn configure(cfg: Vec<Attribute>, block: &mut Block, steps: usize, errors: &mut Errors) {
    let Some(first) = cfg.first() else { return };
    match block.steps.get_mut(steps) {
        Some(step) => step.cfg = cfg,
        None if block.output.is_some() => errors.help(
            first,
            "the last value of a block is always there",
            "bind each of two values under its own condition, and end with the binding",
        ),
        None => {}
    }
}

pub(super) fn refuse_attributes(attributes: &[Attribute], errors: &mut Errors) {
    for attribute in attributes {
        errors.help(
            attribute,
            "a flow step has no attributes but `#[cfg(..)]`",
            "put it on the flow, or on the task",
        );
    }
}

/// `let PATTERN = VALUE;`
fn binding(input: ParseStream<'_>, block: &mut Block, errors: &mut Errors) {
    let start = input.cursor();
    let _: Option<Token![let]> = input.parse().ok();
    let pattern = pattern(input, errors);
    if input.parse::<Token![:]>().is_ok() {
        refuse_type(input, errors);
    }
    if input.parse::<Token![=]>().is_err() {
        let message = "a binding in a flow needs a value";
        let help = "write `let name = task(..);`";
        errors.help_between(start..input.cursor(), message, help);
        skip_statement(input);
        block.steps.push(Step::new(Some(pattern), Value::Mistake));
        return;
    }
    let value = value::parse(input, errors);
    if let Ok(keyword) = input.parse::<Token![else]>() {
        errors.help(
            &keyword,
            "a binding in a flow always matches",
            "remove the `else`",
        );
        skip_statement(input);
    }
    end(input, start, &value, errors);
    block.steps.push(Step::new(Some(pattern), value));
}

/// `VALUE;`, or the output at the end.
fn expression(input: ParseStream<'_>, block: &mut Block, errors: &mut Errors) {
    let start = input.cursor();
    if let Some(value) = control::parse(input, errors) {
        return control_flow(value, input, block, errors);
    }
    let value = value::parse(input, errors);
    if input.is_empty() {
        block.output = Some(value);
    } else {
        end(input, start, &value, errors);
        block.steps.push(Step::new(None, value));
    }
}

/// `for .. { .. }`, which needs no semicolon, or the output at the end.
fn control_flow(value: Value, input: ParseStream<'_>, block: &mut Block, errors: &mut Errors) {
    if input.peek(Token![?]) || (input.peek(Token![.]) && !input.peek(Token![..])) {
        control::refuse_rest(&value, input, errors);
    }
    let is_step = input.parse::<Token![;]>().is_ok() || !input.is_empty();
    if is_step {
        block.steps.push(Step::new(None, value));
    } else {
        block.end_with(value);
    }
}

/// Takes the semicolon after a statement.
fn end(input: ParseStream<'_>, start: Cursor<'_>, value: &Value, errors: &mut Errors) {
    if input.parse::<Token![;]>().is_ok() {
        return;
    }
    if !matches!(value, Value::Mistake) {
        let step = start..input.cursor();
        errors.keep(Error::new_range(step, "missing `;` after this flow step"));
    } else if input.peek(Token![,]) {
        skip_statement(input);
    }
}

pub(super) fn pattern(input: ParseStream<'_>, errors: &mut Errors) -> Pattern {
    if let Ok(keyword) = input.parse::<Token![mut]>() {
        errors.help(&keyword, MUT, "remove it");
    }
    if let Ok(wild) = input.parse::<Token![_]>() {
        return Pattern::Wild(wild);
    }
    if input.peek(Paren)
        && let Ok(pattern) = tuple(input, errors)
    {
        return pattern;
    }
    let ahead = input.fork();
    if let Ok(name) = ahead.parse::<Ident>()
        && !ahead.peek(Token![::])
        && !ahead.peek(Token![@])
        && !ahead.peek(Token![!])
        && !ahead.peek(Paren)
        && !ahead.peek(Brace)
    {
        input.advance_to(&ahead);
        return Pattern::Name(name);
    }
    refuse_pattern(input, errors)
}

fn tuple(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Pattern> {
    let content;
    let paren = parenthesized!(content in input);
    let mut patterns = Vec::new();
    while !content.is_empty() {
        patterns.push(pattern(&content, errors));
        end_of_item(&content, errors);
    }
    Ok(Pattern::Tuple(paren, patterns))
}

/// The names of a refused pattern are bound, so that their uses cause no further errors.
fn refuse_pattern(input: ParseStream<'_>, errors: &mut Errors) -> Pattern {
    let start = input.cursor();
    match Pat::parse_multi_with_leading_vert(input) {
        Ok(_) => {
            let message = "a flow step binds a name, or a tuple of names";
            let end = input.cursor();
            errors.help_between(start..end, message, "take the value apart inside a task");
            let mut names = Vec::new();
            lower_case_names(tokens_between(start, end), &mut names);
            Pattern::Mistake(names)
        }
        Err(error) => {
            errors.keep(error);
            while !at_end_of_item(input) && !input.peek(Token![=]) && !input.peek(Token![;]) {
                let _: Option<TokenTree> = input.parse().ok();
            }
            Pattern::Mistake(Vec::new())
        }
    }
}

/// The names that a pattern binds, as far as its tokens tell.
pub(super) fn lower_case_names(tokens: TokenStream, names: &mut Vec<Ident>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) if is_lower_case(&name) => names.push(name),
            TokenTree::Group(group) => lower_case_names(group.stream(), names),
            _ => {}
        }
    }
}

pub(super) fn refuse_type(input: ParseStream<'_>, errors: &mut Errors) {
    match input.parse::<Type>() {
        Ok(ty) => errors.help(
            &ty,
            "the type of a binding is the output of its task",
            "remove the type",
        ),
        Err(error) => errors.keep(error),
    }
}

/// The word with which an item begins.
fn item_keyword(input: ParseStream<'_>) -> Option<Ident> {
    let keyword = input.fork().call(Ident::parse_any).ok()?;
    let is_block = input.peek2(Brace);
    (!is_block && ITEMS.contains(&&*keyword.to_string())).then_some(keyword)
}

/// Skips to behind a semicolon or a block.
fn skip_rest_of_item(input: ParseStream<'_>) {
    while let Ok(token) = input.parse::<TokenTree>() {
        let ends = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        if ends {
            return;
        }
    }
}

/// Skips to behind the next semicolon.
fn skip_statement(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![;]) {
        let _: Option<TokenTree> = input.parse().ok();
    }
}
