//! `#[task]`: a function becomes a task.

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

/// The function, the items beside it, and the mistakes, which are among the tokens too.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> (TokenStream, Vec<Error>) {
    let mut errors = Errors::default();
    let options = parse::options(options, &mut errors);
    let task = parse::function(item.clone(), &mut errors)
        .and_then(|function| check::task(function, options, &mut errors));
    let (errors, unknown) = errors.into_parts();
    (lower::task(item, task.as_ref(), &errors, &unknown), errors)
}
