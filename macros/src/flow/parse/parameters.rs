//! The parameters of a flow: `|source: String, #[default(100)] limit: usize|`.

use proc_macro2::{Ident, TokenTree};
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::token::Brace;
use syn::{Attribute, Expr, Meta, Pat, Token, Type};

use super::{MUT, steps};
use crate::diagnostics::Errors;
use crate::flow::ast::Parameter;
use crate::options::{at_end_of_item, next_span};

/// The parameters of a closure, up to the closing `|`, or all that the parentheses of a function have.
pub(super) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    while !input.is_empty() && input.parse::<Token![|]>().is_err() {
        let understood = match parameter(input, errors) {
            Ok(parameter) => {
                parameters.extend(parameter);
                true
            }
            Err(error) => {
                errors.keep(error);
                skip_parameter(input);
                false
            }
        };
        if input.parse::<Token![,]>().is_ok() || input.peek(Token![|]) || input.is_empty() {
            continue;
        }
        if understood {
            errors.at_span(next_span(input), "expected `,`");
            skip_parameter(input);
        }
        if input.parse::<Token![,]>().is_err() && !input.peek(Token![|]) {
            break;
        }
    }
    parameters
}

/// Skips to the end of a parameter, or of them all.
fn skip_parameter(input: ParseStream<'_>) {
    while !at_end_of_parameter(input) && input.parse::<TokenTree>().is_ok() {}
}

fn at_end_of_parameter(input: ParseStream<'_>) -> bool {
    at_end_of_item(input) || input.peek(Token![|]) || input.peek(Brace)
}

/// `#[default(100)] limit: usize`; of a refused pattern each name, so that its uses are no errors.
fn parameter(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Vec<Parameter>> {
    let attributes = input.call(Attribute::parse_outer)?;
    let pattern = Pat::parse_single(input)?;
    let _: Option<Token![:]> = input.parse().ok();
    let ty: Option<Type> = if at_end_of_parameter(input) {
        None
    } else {
        Some(input.parse()?)
    };
    let default = default(&attributes, errors);
    let name = match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
            if let Some(keyword) = &name.mutability {
                errors.help(keyword, MUT, "remove it");
            }
            name.ident
        }
        other => {
            errors.at(
                &other,
                "a flow parameter must be a plain name, because runs give parameters by name",
            );
            let mut names = Vec::new();
            steps::lower_case_names(other.to_token_stream(), &mut names);
            let unknown = |name| Parameter {
                name,
                ty: None,
                default: None,
            };
            return Ok(names.into_iter().map(unknown).collect());
        }
    };
    let ty = parameter_type(&name, ty, errors);
    Ok(vec![Parameter { name, ty, default }])
}

fn parameter_type(name: &Ident, ty: Option<Type>, errors: &mut Errors) -> Option<Type> {
    match ty {
        None => {
            errors.help(
                name,
                "a flow parameter needs a type",
                format!("write `{name}: String`, or another type"),
            );
            None
        }
        Some(Type::Reference(borrow)) => {
            errors.help(
                &borrow,
                "a flow parameter must be owned: each run is given its own",
                "write the type without the `&`; tasks can still borrow the value",
            );
            None
        }
        owned => owned,
    }
}

fn default(attributes: &[Attribute], errors: &mut Errors) -> Option<Expr> {
    let mut default = None;
    for attribute in attributes {
        match &attribute.meta {
            Meta::List(list) if list.path.is_ident("default") => {
                default = list.parse_args().map_err(|error| errors.keep(error)).ok();
            }
            meta if meta.path().is_ident("default") => {
                errors.help(attribute, "expected a value", "write `#[default(value)]`");
            }
            _ => errors.at(
                attribute,
                "the only attribute of a flow parameter is `#[default(value)]`",
            ),
        }
    }
    default
}
