//! A task as it is written, and as it is once checked.

use proc_macro2::Ident;
use syn::{Attribute, Expr, LitStr, Path, Signature, Type, Visibility};

use crate::values::Setter;

/// The function that becomes a task. Its body is never looked at.
pub(super) struct Function {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    pub(super) signature: Signature,
}

/// What stands in the parentheses of `#[task(..)]`.
#[derive(Default)]
pub(super) struct Options {
    /// In the order in which they are written, `on_failure` last.
    pub(super) setters: Vec<Setter>,
    /// A number of retries that has to be zero, because there is no delay between them.
    pub(super) zero: Option<Expr>,
    /// What a run of the task is called, with names of arguments in braces.
    pub(super) run_name: Option<LitStr>,
    /// The path of the library, if it is not `::tribune`.
    pub(super) library: Option<Path>,
}

/// A task without mistakes in its signature.
pub(super) struct Task {
    pub(super) function: Function,
    pub(super) options: Options,
    pub(super) parameters: Vec<Parameter>,
    /// The numbers of the parameters that the name of a run shows, in the order of the parameters.
    pub(super) shown: Vec<usize>,
}

/// One parameter of the function, which is one input of the task.
pub(super) struct Parameter {
    /// Whether it is there: its `#[cfg(..)]`.
    pub(super) cfg: Vec<Attribute>,
    pub(super) name: Ident,
    pub(super) passing: Passing,
}

/// How the body takes an input.
pub(super) enum Passing {
    /// By value, as this type.
    Owned(Type),
    /// By reference to this type.
    Borrowed(Type),
}
