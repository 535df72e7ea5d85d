//! A flow that is written as a function: `fn nightly(source: String) -> usize { .. }`.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::token::{Brace, Paren};
use syn::{
    Attribute, Error, Expr, ExprLit, Generics, Lit, LitStr, ReturnType, Token, Visibility,
    parenthesized,
};

use super::{OPTIONS, block, parameters, parse_name, understand};
use crate::diagnostics::Errors;
use crate::flow::ast::{Flow, Function};
use crate::options::{at_setting, end_of_item, next_span, parse_input, skip_all};

/// Parses the options of the attribute and the function below it.
pub(in crate::flow) fn function(
    options: TokenStream,
    item: TokenStream,
    errors: &mut Errors,
) -> Option<Function> {
    let mut flow = Flow::default();
    let parsed = parse_input(options, |input| head(input, &mut flow, errors));
    if let Err(error) = parsed {
        errors.keep(error);
    }
    let parsed = parse_input(item, |input| item_of(input, flow, errors));
    parsed
        .and_then(|function| function)
        .map_err(|error| errors.keep(error))
        .ok()
}

/// The name and the options, with commas between them.
fn head(input: ParseStream<'_>, flow: &mut Flow, errors: &mut Errors) {
    let mut settings = Vec::new();
    while !input.is_empty() {
        if at_setting(input) {
            OPTIONS.parse_one(input, &mut settings, errors);
        } else {
            parse_name(input, flow, errors);
        }
        end_of_item(input, errors);
    }
    understand(settings, flow, errors);
}

fn item_of(input: ParseStream<'_>, mut flow: Flow, errors: &mut Errors) -> syn::Result<Function> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility: Visibility = input.parse()?;
    qualifiers(input, errors)?;
    let keyword: Token![fn] = input.parse()?;
    let name = input.call(Ident::parse_any)?;
    refuse_generics(input, errors)?;
    if !input.peek(Paren) {
        return Err(Error::new(next_span(input), "expected `(`"));
    }
    let content;
    let paren = parenthesized!(content in input);
    flow.parameters = parameters::parse(&content, errors);
    skip_all(&content);
    let output: ReturnType = input.parse()?;
    if input.peek(Token![where]) {
        return Err(Error::new(next_span(input), NO_GENERICS));
    }
    if !input.peek(Brace) {
        return Err(Error::new(next_span(input), "expected curly braces"));
    }
    block(input, &mut flow, errors)?;
    if flow.name.is_none() {
        let text = LitStr::new(&name.unraw().to_string(), name.span());
        flow.name = Some(Expr::Lit(ExprLit {
            attrs: Vec::new(),
            lit: Lit::Str(text),
        }));
    }
    Ok(Function {
        attributes,
        visibility,
        keyword,
        name,
        paren,
        output,
        flow,
    })
}

/// Refuses what may stand before `fn`, and everything that is no function.
fn qualifiers(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
    while !input.peek(Token![fn]) {
        let place = next_span(input);
        let word = input.call(Ident::parse_any);
        match word.as_ref().map(Ident::to_string).as_deref() {
            Ok("async") => errors.help_at(
                place,
                "a flow is declared at once, and only its run is `async`",
                "remove `async`",
            ),
            Ok(word @ ("const" | "unsafe" | "extern")) => {
                let message = format!("a flow cannot be `{word}`");
                errors.help_at(place, message, format!("remove `{word}`"));
                let _: Option<LitStr> = input.parse().ok();
            }
            _ => return Err(Error::new(place, "`#[flow]` goes on a function")),
        }
    }
    Ok(())
}

const NO_GENERICS: &str = "a flow cannot be generic: its graph has concrete types";

fn refuse_generics(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
    if !input.peek(Token![<]) {
        return Ok(());
    }
    let generics: Generics = input.parse()?;
    if !generics.params.is_empty() {
        errors.help(
            &generics,
            NO_GENERICS,
            "write a function for each type, or take a parameter",
        );
    }
    Ok(())
}
