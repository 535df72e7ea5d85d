//! The macros of [tribune](https://docs.rs/tribune): use them through that crate.
//!
//! All macros go the same way: `parse` (tokens to tree), `check` (what can be said without types),
//! `lower` (tree to tokens). Whatever is understood is emitted even if something else is wrong, and
//! what rustc says well is left to rustc.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

mod diagnostics;
mod emit;
mod flow;
#[cfg(test)]
mod fuzz;
mod handlers;
mod options;
mod task;
#[cfg(test)]
mod testing;
mod values;

use proc_macro::TokenStream;

/// Turns a function into a task.
#[proc_macro_attribute]
pub fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    task::expand(options.into(), item.into()).0.into()
}

/// Declares a flow.
#[proc_macro]
pub fn flow(input: TokenStream) -> TokenStream {
    flow::expand(input.into()).0.into()
}

/// Declares a flow as a function.
#[proc_macro_attribute]
pub fn flow_function(options: TokenStream, item: TokenStream) -> TokenStream {
    flow::expand_function(options.into(), item.into()).0.into()
}
