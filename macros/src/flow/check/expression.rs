//! Ordinary Rust in a flow: it runs where the flow is declared, when no step has an output yet.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, Member, Path};

use super::Scope;
use crate::diagnostics::Errors;
use crate::flow::parse::{COMPUTE, computed, is_lower_case};
use crate::options::is_punct;

/// Refuses an expression that computes with outputs of steps.
pub(super) fn check(expression: &Expr, scope: &Scope, errors: &mut Errors) -> bool {
    if let Some(name) = projection(expression, scope) {
        errors.help(
            name,
            format!("`{name}` is the future output of a step, so it has no fields yet"),
            format!("take it apart with `let (a, b) = {name};`"),
        );
        return false;
    }
    if let Some(path) = called(expression) {
        errors.help(path, computed(path), COMPUTE);
        return false;
    }
    check_tokens(expression.to_token_stream(), scope, errors)
}

/// Refuses tokens that name an output of a step.
pub(super) fn check_tokens(tokens: TokenStream, scope: &Scope, errors: &mut Errors) -> bool {
    let Some(name) = used(tokens, scope) else {
        return true;
    };
    errors.help(
        &name,
        format!("`{name}` is the future output of a step, so it cannot be part of an expression"),
        format!("compute inside a task that takes `{name}`"),
    );
    false
}

/// `pair.0`, for which there is a way.
fn projection<'a>(expression: &'a Expr, scope: &Scope) -> Option<&'a Ident> {
    let Expr::Field(field) = expression else {
        return None;
    };
    let (Expr::Path(base), Member::Unnamed(_)) = (&*field.base, &field.member) else {
        return None;
    };
    base.path.get_ident().filter(|name| scope.is_handle(name))
}

/// The task whose call is an operand: `load() + 1`.
fn called(expression: &Expr) -> Option<&Path> {
    match expression {
        Expr::Call(call) => match &*call.func {
            Expr::Path(path)
                if path
                    .path
                    .segments
                    .iter()
                    .all(|part| is_lower_case(&part.ident)) =>
            {
                Some(&path.path)
            }
            _ => None,
        },
        Expr::Binary(binary) => called(&binary.left).or_else(|| called(&binary.right)),
        Expr::Assign(assign) => called(&assign.right),
        Expr::Unary(unary) => called(&unary.expr),
        Expr::Paren(paren) => called(&paren.expr),
        Expr::Cast(cast) => called(&cast.expr),
        Expr::Index(index) => called(&index.expr),
        Expr::Field(field) => called(&field.base),
        Expr::MethodCall(call) => called(&call.receiver),
        Expr::Try(attempt) => called(&attempt.expr),
        Expr::Await(awaited) => called(&awaited.base),
        Expr::Reference(reference) => called(&reference.expr),
        _ => None,
    }
}

/// The first output of a step that the tokens name.
///
/// Names that may be bound in the expression itself are not judged; rustc will.
pub(super) fn used(tokens: TokenStream, scope: &Scope) -> Option<Ident> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    if binds(&tokens) {
        return None;
    }
    let near = |at: usize, by: isize| at.checked_add_signed(by).and_then(|at| tokens.get(at));
    let is = |at, by, mark| near(at, by).is_some_and(|token| is_punct(token, mark));
    tokens
        .iter()
        .enumerate()
        .find_map(|(at, token)| match token {
            TokenTree::Group(group) => used(group.stream(), scope),
            TokenTree::Ident(name) if scope.is_handle(name) => {
                let is_member = is(at, -1, '.') && !is(at, -2, '.');
                let is_segment = is(at, -1, ':') && is(at, -2, ':');
                let names_something = is(at, 1, ':') || (is(at, 1, '!') && !is(at, 2, '='));
                let is_function = near(at, 1).is_some_and(is_parenthesis);
                (!is_member && !is_segment && !names_something && !is_function)
                    .then(|| name.clone())
            }
            _ => None,
        })
}

fn is_parenthesis(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
}

/// Tells whether tokens bind names: `let`, the arms of `match`, the parameters of a closure.
fn binds(tokens: &[TokenTree]) -> bool {
    let mut operand = false;
    let mut last = None;
    for token in tokens {
        match token {
            TokenTree::Ident(word) if word == "let" || word == "for" => return true,
            TokenTree::Punct(_) if is_punct(token, '|') && !operand => return true,
            TokenTree::Punct(_) if is_punct(token, '>') && last == Some('=') => return true,
            _ => {}
        }
        last = match token {
            TokenTree::Punct(punct) => Some(punct.as_char()),
            _ => None,
        };
        operand = match token {
            TokenTree::Ident(word) => word != "move" && word != "return",
            TokenTree::Punct(punct) => punct.as_char() == '|' || punct.as_char() == '?',
            TokenTree::Group(_) | TokenTree::Literal(_) => true,
        };
    }
    false
}
