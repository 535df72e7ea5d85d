//! What can be said of the steps without knowing types: what is bound where, and which expressions
//! can stay ordinary Rust.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Expr, ExprPath, ReturnType, Type};

use super::ast::{Arguments, Block, CallOption, Flow, Function, Pattern, Step, Value};
use crate::diagnostics::Errors;
use crate::values::SetterValue;

mod clean_up;
mod control;
mod expression;

/// Checks the steps in their order; what has a mistake is replaced by [`Value::Mistake`].
pub(super) fn flow(flow: &mut Flow, errors: &mut Errors) {
    let mut scope = Scope::default();
    for parameter in &flow.parameters {
        scope.now.insert(parameter.name.to_string(), Kind::Handle);
    }
    check_block(&mut flow.body, &mut scope, errors);
    flow.references
        .retain(|name| control::check_reference(name, &scope, errors));
}

/// A function that says what it gives has to end with it.
pub(super) fn output(function: &Function, errors: &mut Errors) {
    let ReturnType::Type(_, ty) = &function.output else {
        return;
    };
    let is_unit = matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty());
    if function.flow.body.output.is_none() && !is_unit {
        let message = "this flow gives nothing: its body has no value";
        errors.help(ty, message, control::NO_SEMICOLON);
    }
}

fn check_block(block: &mut Block, scope: &mut Scope, errors: &mut Errors) {
    for step in block.steps.iter().rev() {
        for name in step.pattern.iter().flat_map(Pattern::names) {
            scope.later.insert(name.to_string(), name.clone());
        }
    }
    for step in &mut block.steps {
        check_step(step, scope, errors);
    }
    if let Some(output) = &mut block.output {
        check_value(output, scope, errors);
    }
}

/// What names mean at some place in the flow.
#[derive(Default)]
struct Scope {
    now: HashMap<String, Kind>,
    /// The first binding of each name below this place.
    later: HashMap<String, Ident>,
    /// The names that the statement at this place binds.
    here: Vec<Ident>,
    /// The outputs that were used so far.
    used: RefCell<HashSet<String>>,
    /// The names that are bound in loops and arms in this block.
    inside: RefCell<HashSet<String>>,
    /// The names that were reported because they are bound too late.
    told: RefCell<HashSet<String>>,
}

/// What a binding is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The future output of a task.
    Handle,
    /// A value of ordinary Rust.
    Value,
}

impl Scope {
    /// The scope of a loop or an arm at this place.
    fn inner(&self) -> Self {
        Self {
            now: self.now.clone(),
            later: self.later.clone(),
            told: self.told.clone(),
            ..Self::default()
        }
    }

    /// Keeps of an inner scope what counts for this one too.
    fn leave(&self, inner: Self) {
        self.used.borrow_mut().extend(inner.used.into_inner());
        self.told.borrow_mut().extend(inner.told.into_inner());
        let mut inside = self.inside.borrow_mut();
        inside.extend(inner.now.into_keys());
        inside.extend(inner.inside.into_inner());
    }

    /// Keeps of the scope of a clean-up which outputs it used, apart from its own.
    fn leave_clean_up(&self, inner: Self, own: &str) {
        let used = inner.used.into_inner().into_iter();
        self.used
            .borrow_mut()
            .extend(used.filter(|name| name != own));
    }

    fn use_name(&self, name: &Ident) {
        self.used.borrow_mut().insert(name.to_string());
    }

    fn is_handle(&self, name: &Ident) -> bool {
        self.now.get(&name.to_string()) == Some(&Kind::Handle)
    }

    fn kind(&self, value: &Value) -> Kind {
        let handle = match value {
            Value::Call(_)
            | Value::For(_)
            | Value::Branch(_)
            | Value::Mistake
            | Value::Guess(_) => true,
            Value::Name(name) | Value::Borrow(_, name) => self.is_handle(name),
            Value::Array(_, items) | Value::Tuple(_, items) => {
                items.iter().any(|item| self.kind(item) == Kind::Handle)
            }
            Value::Rust(_) => false,
        };
        if handle { Kind::Handle } else { Kind::Value }
    }

    /// Binds the names of a pattern to what they are a part of.
    fn bind(&mut self, pattern: &Pattern, value: &Value) {
        match (pattern, value) {
            (Pattern::Tuple(_, patterns), Value::Tuple(_, values))
                if patterns.len() == values.len() =>
            {
                // A value is looked up before the names beside it are bound.
                let kinds: Vec<Kind> = values.iter().map(|value| self.kind(value)).collect();
                for (pattern, kind) in patterns.iter().zip(kinds) {
                    self.bind_names(pattern, kind);
                }
            }
            _ => self.bind_names(pattern, self.kind(value)),
        }
    }

    fn bind_names(&mut self, pattern: &Pattern, kind: Kind) {
        for name in pattern.names() {
            self.now.insert(name.to_string(), kind);
        }
    }

    /// Refuses a name that is bound only later.
    fn check_bound(&self, name: &Ident, errors: &mut Errors) -> bool {
        let text = name.to_string();
        if self.now.contains_key(&text) {
            return true;
        }
        let help =
            format!("if `{name}` is a variable from outside of the flow, bind to another name");
        if self.here.contains(name) {
            errors.help(name, format!("`{name}` depends on itself"), help);
            return false;
        }
        let Some(binding) = self.later.get(&text) else {
            return true;
        };
        // Where it is bound is one mistake, however often it is used before.
        if self.told.borrow_mut().insert(text) {
            let message = format!(
                "`{name}` is used before it is bound: a step can only depend on steps above it\n\
                 help: {help}"
            );
            errors.two(name, message, binding, &format!("`{name}` is bound here"));
        }
        false
    }
}

fn check_step(step: &mut Step, scope: &mut Scope, errors: &mut Errors) {
    scope.here = step
        .pattern
        .iter()
        .flat_map(Pattern::names)
        .cloned()
        .collect();
    match step.pattern {
        Some(_) => check_value(&mut step.value, scope, errors),
        None => check_statement(&mut step.value, scope, errors),
    }
    match &step.pattern {
        Some(pattern) => {
            if matches!(pattern, Pattern::Mistake(_)) {
                step.value = Value::Mistake;
            }
            scope.bind(pattern, &step.value);
        }
        None => check_call(&mut step.value, errors),
    }
    scope.here.clear();
}

/// A loop or a branch that is a statement needs no value.
fn check_statement(value: &mut Value, scope: &Scope, errors: &mut Errors) {
    match value {
        Value::For(each) => control::check_loop(each, scope, errors),
        Value::Branch(branch) => control::check_branch(branch, scope, errors),
        other => check_value(other, scope, errors),
    }
}

/// A statement without a binding has to be a call of a task.
fn check_call(value: &mut Value, errors: &mut Errors) {
    match value {
        Value::Call(_) | Value::For(_) | Value::Branch(_) | Value::Mistake | Value::Guess(_) => {
            return;
        }
        Value::Rust(Expr::Macro(call)) => {
            errors.help(&call.mac.path, NO_MACRO, "call it inside a task");
        }
        Value::Name(name) | Value::Borrow(_, name) => {
            errors.help(name, NO_STEP, MOVE_TO_TASK);
            *value = Value::Guess(name.to_token_stream());
            return;
        }
        Value::Array(bracket, _) => errors.help_at(bracket.span.open(), NO_STEP, MOVE_TO_TASK),
        Value::Tuple(paren, _) => errors.help_at(paren.span.open(), NO_STEP, MOVE_TO_TASK),
        Value::Rust(expression) => {
            errors.help(&*expression, NO_STEP, MOVE_TO_TASK);
            // A bare name became a variable.
            if let Expr::Path(path) = expression {
                *value = Value::Guess(path.to_token_stream());
                return;
            }
        }
    }
    *value = Value::Mistake;
}

/// What the call of a macro is told.
const NO_MACRO: &str = "a macro is not a task: it would run where the flow is declared";

/// What other statements are told.
const NO_STEP: &str = "only the call of a task is a step of a flow";

const MOVE_TO_TASK: &str = "move other code into a function with `#[task]`";

fn check_value(value: &mut Value, scope: &Scope, errors: &mut Errors) {
    let understood = match value {
        Value::Call(call) => {
            check_arguments(&mut call.arguments, scope, errors);
            call.options
                .retain_mut(|option| check_option(option, scope, errors));
            call.clean_up
                .take_if(|clean_up| !clean_up::check(clean_up, scope, errors));
            true
        }
        Value::Name(name) => {
            let understood = scope.check_bound(name, errors);
            scope.use_name(name);
            if !scope.is_handle(name) {
                *value = Value::Rust(variable(name));
            }
            understood
        }
        Value::Borrow(_, name) if scope.is_handle(name) => {
            // The task decides whether it borrows or takes the output.
            scope.use_name(name);
            *value = Value::Name(name.clone());
            true
        }
        Value::Borrow(_, name) => scope.check_bound(name, errors),
        Value::Array(_, items) | Value::Tuple(_, items) => {
            check_values(items, scope, errors);
            true
        }
        Value::Rust(expression) => expression::check(expression, scope, errors),
        Value::For(each) => {
            control::check_loop(each, scope, errors);
            control::check_list(each, errors)
        }
        Value::Branch(branch) => {
            control::check_branch(branch, scope, errors);
            control::check_arms(branch, errors)
        }
        Value::Mistake | Value::Guess(_) => true,
    };
    if !understood {
        *value = Value::Mistake;
    }
}

fn check_values(values: &mut [Value], scope: &Scope, errors: &mut Errors) {
    for value in values {
        check_value(value, scope, errors);
    }
}

/// A variable that is no binding of an output.
fn variable(name: &Ident) -> Expr {
    Expr::Path(ExprPath {
        attrs: Vec::new(),
        qself: None,
        path: name.clone().into(),
    })
}

fn check_arguments(arguments: &mut Arguments, scope: &Scope, errors: &mut Errors) {
    match arguments {
        Arguments::Named(named) => {
            for (_, _, value) in named {
                check_value(value, scope, errors);
            }
        }
        Arguments::Positional(values) => check_values(values, scope, errors),
        Arguments::Mistake(_) => {}
    }
}

/// Checks one method of a call; what has a mistake is left out.
fn check_option(option: &mut CallOption, scope: &Scope, errors: &mut Errors) -> bool {
    match option {
        CallOption::After(_, values) => {
            check_values(values, scope, errors);
            true
        }
        CallOption::Setter(setter) => match &setter.value {
            SetterValue::Rust(value) => expression::check(value, scope, errors),
            _ => true,
        },
        CallOption::Rust(tokens) => expression::check_tokens(tokens.clone(), scope, errors),
    }
}
