//! `.clean_up(..)`: what runs after the last task that depends on the call.

use proc_macro2::{Ident, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::token::Paren;
use syn::{Path, Token, parenthesized};

use super::{is_lower_case, parse as parse_call, task_path};
use crate::diagnostics::Errors;
use crate::flow::ast::{CleanUp, Value};
use crate::options::{next_span, skip_all};

/// What to write.
const FORMS: &str = "write `.clean_up(close)`, or `.clean_up(|file| close(file))`";

/// The name of the method, if it is this one.
pub(super) fn method(input: ParseStream<'_>) -> Option<Ident> {
    let ahead = input.fork();
    let method = ahead.call(Ident::parse_any).ok()?;
    (method == "clean_up" && ahead.peek(Paren)).then_some(method)
}

/// Parses the method and its argument.
pub(super) fn parse(
    method: &Ident,
    input: ParseStream<'_>,
    clean_up: &mut Option<CleanUp>,
    errors: &mut Errors,
) -> syn::Result<()> {
    let _: TokenTree = input.parse()?;
    let content;
    parenthesized!(content in input);
    if clean_up.is_some() {
        let message = "a resource is cleaned up once";
        errors.help(method, message, "call the second task in the first one");
        skip_all(&content);
        return Ok(());
    }
    let at = next_span(&content);
    *clean_up = match closure(&content) {
        Some((name, path)) => match parse_call(path, &content, errors)? {
            Value::Call(call) => Some(CleanUp::Call(name, call)),
            _ => {
                // It was reported.
                skip_all(&content);
                return Ok(());
            }
        },
        None => task(&content).map(CleanUp::Task),
    };
    let _: Option<Token![,]> = content.parse().ok();
    if clean_up.is_none() {
        errors.help_at(at, "a clean-up is a call of a task", FORMS);
    } else if !content.is_empty() {
        errors.at_span(next_span(&content), "`clean_up` takes one value");
    }
    skip_all(&content);
    Ok(())
}

/// `|file| close`, up to the arguments.
fn closure(input: ParseStream<'_>) -> Option<(Ident, Path)> {
    let ahead = input.fork();
    let _: Token![|] = ahead.parse().ok()?;
    let name = ahead.parse().ok()?;
    let _: Token![|] = ahead.parse().ok()?;
    let (path, ahead) = task_path(&ahead)?;
    input.advance_to(&ahead);
    Some((name, path))
}

/// The path of a task, alone.
fn task(input: ParseStream<'_>) -> Option<Path> {
    let ahead = input.fork();
    let path = ahead.call(Path::parse_mod_style).ok()?;
    let is_task = path.segments.iter().all(|part| is_lower_case(&part.ident));
    if !is_task || ahead.peek(Paren) {
        return None;
    }
    input.advance_to(&ahead);
    Some(path)
}
