//! `flow!` and `#[flow]`: calls become nodes of a graph, and their arguments its edges.

use proc_macro2::TokenStream;
use syn::Error;

use crate::diagnostics::Errors;

mod ast;
mod check;
mod lower;
mod parse;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) const OPTIONS: crate::options::Vocabulary = parse::OPTIONS;

/// The expression that makes the flow, and the mistakes, which are among its tokens too.
pub(crate) fn expand(input: TokenStream) -> (TokenStream, Vec<Error>) {
    let mut errors = Errors::default();
    let mut flow = parse::flow(input, &mut errors);
    check::flow(&mut flow, &mut errors);
    let (errors, unknown) = errors.into_parts();
    (lower::flow(&flow, &errors, &unknown), errors)
}

/// The function that makes the flow, and the mistakes, which are among its tokens too.
pub(crate) fn expand_function(
    options: TokenStream,
    item: TokenStream,
) -> (TokenStream, Vec<Error>) {
    let mut errors = Errors::default();
    let mut function = parse::function(options, item.clone(), &mut errors);
    if let Some(function) = &mut function {
        check::flow(&mut function.flow, &mut errors);
        check::output(function, &mut errors);
    }
    let (errors, unknown) = errors.into_parts();
    let tokens = lower::function(item, function.as_ref(), &errors, &unknown);
    (tokens, errors)
}
