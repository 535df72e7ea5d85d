//! What can be an argument, be bound, or be the output of a flow.
//!
//! What is more than Rust is parsed here, with recovery; everything else is left to the parser of
//! Rust.

use proc_macro2::{Delimiter, Ident, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::token::{Brace, Bracket, Paren};
use syn::{Error, Expr, Lifetime, Token, bracketed, parenthesized};

use super::{call, control};
use crate::diagnostics::Errors;
use crate::flow::ast::Value;
use crate::options::{at_end_of_item, end_of_item, is_punct};

/// Parses one value; after a mistake it stands before the next `,` or `;`.
pub(super) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> Value {
    if let Some(value) = control::parse(input, errors) {
        if !continues(input) {
            return value;
        }
        control::refuse_rest(&value, input, errors);
        return Value::Mistake;
    }
    if let Some(mistake) = refused(input, errors) {
        return mistake;
    }
    if let Some((path, ahead)) = call::task_path(input) {
        input.advance_to(&ahead);
        return match call::parse(path, input, errors) {
            Ok(call) => call,
            Err(error) => refuse(error, input, errors),
        };
    }
    if let Some(value) = list(input, errors).or_else(|| name(input)) {
        return value;
    }
    match input.parse() {
        Ok(value) => Value::Rust(value),
        Err(error) => refuse(error, input, errors),
    }
}

fn refuse(error: Error, input: ParseStream<'_>, errors: &mut Errors) -> Value {
    errors.keep(error);
    skip(input);
    Value::Mistake
}

/// Skips to the next `,` or `;`.
pub(super) fn skip(input: ParseStream<'_>) {
    while !at_end(input) && input.parse::<TokenTree>().is_ok() {}
}

fn at_end(input: ParseStream<'_>) -> bool {
    at_end_of_item(input) || input.peek(Token![;])
}

/// What Rust has and flows have not.
fn refused(input: ParseStream<'_>, errors: &mut Errors) -> Option<Value> {
    let ahead = input.fork();
    if ahead.parse::<Lifetime>().is_ok() {
        let _: Option<Token![:]> = ahead.parse().ok();
    }
    let keyword = ahead.call(Ident::parse_any).ok()?;
    let (message, help) = refusal(&keyword)?;
    errors.help(&keyword, message, help);
    if keyword == "return" {
        input.advance_to(&ahead);
        let nothing = at_end(input);
        return Some(if nothing {
            Value::Mistake
        } else {
            parse(input, errors)
        });
    }
    let ahead = input.fork();
    if ahead.parse::<Expr>().is_ok() {
        input.advance_to(&ahead);
    } else {
        skip(input);
    }
    Some(Value::Mistake)
}

/// What a keyword is told, and what to write instead of it.
fn refusal(keyword: &Ident) -> Option<(String, String)> {
    let never = format!("`{keyword}` cannot be used in a flow");
    let (message, help) = match &*keyword.to_string() {
        "while" | "loop" | "break" | "continue" => {
            let message = format!("{never}: its graph is fixed where it is declared");
            (message, "loop inside a task".to_owned())
        }
        "async" => {
            let help = "move its body into an `async fn` with `#[task]`";
            ("an `async` block is not a task".to_owned(), help.to_owned())
        }
        "return" => {
            let message = format!("{never}: its last expression is its output");
            (message, "remove `return`".to_owned())
        }
        _ => return None,
    };
    Some((message, help))
}

/// `[a, b]` or `(a, b)`, unless the expression goes on behind it.
fn list(input: ParseStream<'_>, errors: &mut Errors) -> Option<Value> {
    let ahead = input.fork();
    let Ok(TokenTree::Group(group)) = ahead.parse() else {
        return None;
    };
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let has = |mark| tokens.iter().any(|token| is_punct(token, mark));
    if continues(&ahead) {
        return None;
    }
    match group.delimiter() {
        // `[value; length]` is ordinary Rust.
        Delimiter::Bracket if !has(';') => array(input, errors).ok(),
        Delimiter::Parenthesis => tuple(input, tokens.is_empty() || has(','), errors).ok(),
        _ => None,
    }
}

fn array(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Value> {
    let content;
    let bracket = bracketed!(content in input);
    Ok(Value::Array(bracket, list_items(&content, errors)))
}

/// A tuple, or a value in parentheses.
fn tuple(input: ParseStream<'_>, is_tuple: bool, errors: &mut Errors) -> syn::Result<Value> {
    let content;
    let paren = parenthesized!(content in input);
    let mut items = list_items(&content, errors);
    Ok(match items.pop() {
        Some(only) if !is_tuple => only,
        last => {
            items.extend(last);
            Value::Tuple(paren, items)
        }
    })
}

pub(super) fn list_items(input: ParseStream<'_>, errors: &mut Errors) -> Vec<Value> {
    let mut items = Vec::new();
    while !input.is_empty() {
        items.push(parse(input, errors));
        end_of_item(input, errors);
    }
    items
}

/// `name` or `&name`, unless the expression goes on behind it.
fn name(input: ParseStream<'_>) -> Option<Value> {
    let ahead = input.fork();
    let borrow: Option<Token![&]> = ahead.parse().ok();
    let name: Ident = ahead.parse().ok()?;
    if continues(&ahead) {
        return None;
    }
    input.advance_to(&ahead);
    Some(match borrow {
        None => Value::Name(name),
        Some(and) => Value::Borrow(and, name),
    })
}

/// Tells whether an expression goes on: `+ 1`, `[0]`, `as u8`.
pub(super) fn continues(input: ParseStream<'_>) -> bool {
    let operator = match input.fork().parse() {
        Ok(TokenTree::Punct(punct)) => "+-*/%^&|<>=!.?:".contains(punct.as_char()),
        _ => false,
    };
    operator
        || input.peek(Paren)
        || input.peek(Bracket)
        || input.peek(Brace)
        || input.peek(Token![as])
}
