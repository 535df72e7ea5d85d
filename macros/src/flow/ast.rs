//! A flow as it is written.

use proc_macro2::{Ident, Span, TokenStream};
use syn::token::{Brace, Bracket, Paren};
use syn::{Attribute, Expr, Pat, Path, ReturnType, Token, Type, Visibility};

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
    pub(super) body: Block,
}

/// The input of `#[flow]`: a function whose body is that of a flow.
pub(super) struct Function {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    pub(super) keyword: Token![fn],
    pub(super) name: Ident,
    pub(super) paren: Paren,
    pub(super) output: ReturnType,
    pub(super) flow: Flow,
}

/// Statements in braces: those of the flow, of a loop, or of an arm of a branch.
#[derive(Default)]
pub(super) struct Block {
    pub(super) steps: Vec<Step>,
    /// The tail expression.
    pub(super) output: Option<Value>,
}

impl Block {
    pub(super) const fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.output.is_none()
    }

    /// Adds the last expression, which is the output if there is one.
    pub(super) fn end_with(&mut self, value: Value) {
        if value.has_value() {
            self.output = Some(value);
        } else {
            self.steps.push(Step::new(None, value));
        }
    }
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
    /// Whether it is there: its `#[cfg(..)]` and `#[cfg_attr(..)]`.
    pub(super) cfg: Vec<Attribute>,
    pub(super) pattern: Option<Pattern>,
    pub(super) value: Value,
}

impl Step {
    pub(super) const fn new(pattern: Option<Pattern>, value: Value) -> Self {
        Self {
            cfg: Vec::new(),
            pattern,
            value,
        }
    }
}

/// What stands after `let`.
pub(super) enum Pattern {
    Name(Ident),
    Wild(Token![_]),
    Tuple(Paren, Vec<Self>),
    /// Another pattern, which was reported; its names are bound all the same.
    Mistake(Vec<Ident>),
}

impl Pattern {
    /// The names that are bound.
    pub(super) fn names(&self) -> Vec<&Ident> {
        match self {
            Self::Name(name) => vec![name],
            Self::Wild(_) => Vec::new(),
            Self::Tuple(_, patterns) => patterns.iter().flat_map(Self::names).collect(),
            Self::Mistake(names) => names.iter().collect(),
        }
    }
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
    /// A loop, whose value is a list.
    For(Box<For>),
    /// An `if` or a `match`.
    Branch(Box<Branch>),
    /// Something that was reported.
    Mistake,
    /// A statement that was reported, and that an editor is shown.
    Guess(TokenStream),
}

impl Value {
    /// Whether there is something to bind: a loop or a branch may be there for its steps alone.
    pub(super) fn has_value(&self) -> bool {
        match self {
            Self::For(each) => each.body.output.is_some(),
            Self::Branch(branch) => branch.without_value().is_none(),
            _ => true,
        }
    }
}

/// `for PATTERN in LISTS { .. }`
pub(super) struct For {
    pub(super) keyword: Token![for],
    pub(super) pattern: Pattern,
    pub(super) lists: Value,
    pub(super) body: Block,
}

/// `if`, `if let` or `match`, with an arm for each way to go on.
pub(super) struct Branch {
    pub(super) kind: BranchKind,
    /// The text before the arms: `match kind`.
    pub(super) text: String,
    /// Whether the branch only borrows what it looks at.
    pub(super) borrows: bool,
    pub(super) on: Value,
    /// Of an `if`, two: the second one is empty if there is no `else`.
    pub(super) arms: Vec<Arm>,
    /// The `else` of an `if`.
    pub(super) otherwise: Option<Token![else]>,
}

pub(super) enum BranchKind {
    If(Token![if]),
    IfLet(Token![if], Token![let], Token![=]),
    Match(Token![match], Brace),
}

impl Branch {
    /// The first word, and its place.
    pub(super) const fn keyword(&self) -> (&'static str, Span) {
        match &self.kind {
            BranchKind::If(keyword) | BranchKind::IfLet(keyword, ..) => ("if", keyword.span),
            BranchKind::Match(keyword, _) => ("match", keyword.span),
        }
    }

    /// The first arm that has no value, though a branch with a value needs one of each.
    pub(super) fn without_value(&self) -> Option<&Arm> {
        self.arms.iter().find(|arm| arm.body.output.is_none())
    }
}

pub(super) struct Arm {
    /// What stands before `=>`, or before the braces of an `if`.
    pub(super) text: String,
    /// Missing for an `if` without `let`, and for every `else`.
    pub(super) pattern: Option<Pat>,
    pub(super) guard: Option<Guard>,
    /// What the pattern binds, and then what of that the body uses.
    pub(super) bindings: Vec<Binding>,
    pub(super) body: Block,
    /// The last token of the body.
    pub(super) end: Span,
}

/// `if n > 1000`
pub(super) enum Guard {
    Rust(Token![if], Box<Expr>),
    /// A guard that was reported.
    Mistake,
}

/// A name that the pattern of a branch binds.
pub(super) struct Binding {
    pub(super) name: Ident,
    /// Whether it is bound to a reference, behind which there is what the arm gets.
    pub(super) by_reference: bool,
}

pub(super) struct Call {
    pub(super) path: Path,
    pub(super) paren: Paren,
    pub(super) arguments: Arguments,
    pub(super) options: Vec<CallOption>,
    pub(super) clean_up: Option<CleanUp>,
}

/// `.clean_up(close)` or `.clean_up(|file| close(file))`
pub(super) enum CleanUp {
    /// A task of which the output of the call is the only argument.
    Task(Path),
    /// A call that names the output.
    Call(Ident, Box<Call>),
}

pub(super) enum Arguments {
    Named(Vec<(Ident, Token![=], Value)>),
    Positional(Vec<Value>),
    /// Arguments of both kinds, which were reported; the names among them.
    Mistake(Vec<Ident>),
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
