//! A flow as it is written.

use proc_macro2::{Ident, TokenStream};
use syn::token::{Bracket, Paren};
use syn::{Expr, Path, Token, Type};

use crate::values::Setter;

/// The input of `flow!`; what could not be understood is missing, and reported.
#[derive(Default)]
pub(super) struct Flow {
    pub(super) name: Option<Expr>,
    /// The path of the library, if it is not `::tribune`.
    pub(super) library: Option<Path>,
    /// Calls of methods of the builder, `on_failure` last.
    pub(super) setters: Vec<Setter>,
    /// The bindings whose states decide the flow's.
    pub(super) references: Vec<Ident>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) steps: Vec<Step>,
    /// The tail expression.
    pub(super) output: Option<Value>,
}

/// `#[default(100)] limit: usize`
pub(super) struct Parameter {
    pub(super) name: Ident,
    /// Missing after a mistake, which is reported.
    pub(super) ty: Option<Type>,
    pub(super) default: Option<Expr>,
}

/// One statement.
pub(super) struct Step {
    pub(super) pattern: Option<Pattern>,
    pub(super) value: Value,
}

/// What stands after `let`.
pub(super) enum Pattern {
    Name(Ident),
    Wild(Token![_]),
    Tuple(Paren, Vec<Self>),
    /// Another pattern, which was reported; its names are bound all the same.
    Mistake(Vec<Ident>),
}

/// Everything that can be an argument, be bound, or be the output.
pub(super) enum Value {
    /// A call of a task: a node.
    Call(Box<Call>),
    /// A bare name: a binding of the flow, or a variable from outside.
    Name(Ident),
    /// `&name`, which for a binding is the same as the binding.
    Borrow(Token![&], Ident),
    Array(Bracket, Vec<Self>),
    Tuple(Paren, Vec<Self>),
    /// Ordinary Rust, evaluated where the flow is declared.
    Rust(Expr),
    /// Something that was reported.
    Mistake,
}

pub(super) struct Call {
    pub(super) path: Path,
    pub(super) paren: Paren,
    pub(super) arguments: Arguments,
    pub(super) options: Vec<CallOption>,
}

pub(super) enum Arguments {
    Named(Vec<(Ident, Token![=], Value)>),
    Positional(Vec<Value>),
    /// Arguments of both kinds, which were reported.
    Mistake,
}

/// One method on a call.
pub(super) enum CallOption {
    /// `.after(setup)`, whose arguments are nodes too.
    After(Ident, Vec<Value>),
    /// An option whose value the macro understands.
    Setter(Box<Setter>),
    /// Everything else, without its dot, for rustc to check.
    Rust(TokenStream),
}
