//! Loops and branches: what is bound in them, and whether they have a value.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::Expr;

use super::{Kind, NO_MACRO, Scope, check_block, check_value, expression};
use crate::diagnostics::Errors;
use crate::flow::ast::{Arm, Block, Branch, BranchKind, For, Guard, Value};

/// Checks a loop, whether or not its value is used.
pub(super) fn check_loop(each: &mut For, scope: &Scope, errors: &mut Errors) {
    check_value(&mut each.lists, scope, errors);
    let mut inner = scope.inner();
    inner.bind_names(&each.pattern, Kind::Handle);
    check_block(&mut each.body, &mut inner, errors);
    check_output(&mut each.body, errors);
    scope.leave(inner);
}

/// Checks a branch, whether or not its value is used.
pub(super) fn check_branch(branch: &mut Branch, scope: &Scope, errors: &mut Errors) {
    check_value(&mut branch.on, scope, errors);
    for arm in &mut branch.arms {
        check_arm(arm, scope, errors);
    }
}

fn check_arm(arm: &mut Arm, scope: &Scope, errors: &mut Errors) {
    check_guard(arm, scope, errors);
    let mut inner = scope.inner();
    for binding in &arm.bindings {
        inner.now.insert(binding.name.to_string(), Kind::Handle);
    }
    check_block(&mut arm.body, &mut inner, errors);
    check_output(&mut arm.body, errors);
    // What is not used stays a variable of the pattern alone, so that rustc can say so.
    arm.bindings
        .retain(|binding| inner.used.borrow().contains(&binding.name.to_string()));
    scope.leave(inner);
    if let Some(ninth) = arm.bindings.get(MOST_BINDINGS) {
        let message = format!("an arm can use {MOST_BINDINGS} names of its pattern");
        let help = "bind what several of them are a part of, and take it apart inside a task";
        errors.help(&ninth.name, message, help);
        arm.bindings.truncate(MOST_BINDINGS);
    }
}

/// Tuples of so many elements can be taken apart.
const MOST_BINDINGS: usize = 8;

/// A guard is ordinary Rust that sees the value, and no other output.
fn check_guard(arm: &mut Arm, scope: &Scope, errors: &mut Errors) {
    let Some(Guard::Rust(_, guard)) = &arm.guard else {
        return;
    };
    let mut inner = scope.inner();
    for binding in &arm.bindings {
        inner.now.insert(binding.name.to_string(), Kind::Value);
    }
    if let Some(name) = expression::used(guard.to_token_stream(), &inner) {
        let message = format!("`{name}` is the future output of a step, so a guard cannot use it");
        let help = format!("match on both values: `match (value, {name}) {{ .. }}`");
        errors.help(&name, message, help);
        arm.guard = Some(Guard::Mistake);
    }
}

/// The last expression of a loop or an arm is an output, and no value of ordinary Rust.
fn check_output(block: &mut Block, errors: &mut Errors) {
    let Some(output) = &mut block.output else {
        return;
    };
    match output {
        // A name is perhaps a misspelt binding, which rustc tells.
        Value::Rust(Expr::Path(path)) if path.path.get_ident().is_some() => return,
        Value::Call(_)
        | Value::Name(_)
        | Value::For(_)
        | Value::Branch(_)
        | Value::Mistake
        | Value::Guess(_) => return,
        Value::Rust(Expr::Macro(call)) => {
            errors.help(&call.mac.path, NO_MACRO, "call it inside a task");
        }
        Value::Rust(expression) => errors.help(expression, NO_OUTPUT, END_WITH_CALL),
        Value::Array(bracket, _) => errors.help_at(bracket.span.open(), NO_OUTPUT, END_WITH_CALL),
        Value::Tuple(paren, _) => errors.help_at(paren.span.open(), NO_OUTPUT, END_WITH_CALL),
        Value::Borrow(and, _) => errors.help(and, NO_OUTPUT, END_WITH_CALL),
    }
    *output = Value::Mistake;
}

/// What other last expressions are told.
const NO_OUTPUT: &str = "the value of a loop or an arm is the output of one task";

const END_WITH_CALL: &str = "end with a call or a binding; a task can return anything else";

/// Refuses a loop without a value where one is needed.
pub(super) fn check_list(each: &For, errors: &mut Errors) -> bool {
    let has_value = each.body.output.is_some();
    if !has_value {
        let message = "this loop gives no list: its body has no value";
        errors.help(&each.keyword, message, NO_SEMICOLON);
    }
    has_value
}

/// Refuses a branch without a value where one is needed.
pub(super) fn check_arms(branch: &Branch, errors: &mut Errors) -> bool {
    let Some(arm) = branch.without_value() else {
        return true;
    };
    match (&branch.kind, branch.otherwise) {
        (BranchKind::If(keyword) | BranchKind::IfLet(keyword, ..), None) => {
            errors.help(keyword, "`if` without `else` has no value", "add an `else`");
        }
        _ => errors.help_at(arm.end, "this arm has no value", NO_SEMICOLON),
    }
    false
}

pub(super) const NO_SEMICOLON: &str = "end it with a call or a binding, without a `;`";

/// Refuses to let a task decide the state of the flow that is not a part of each run.
pub(super) fn check_reference(name: &Ident, scope: &Scope, errors: &mut Errors) -> bool {
    let text = name.to_string();
    let is_inner = !scope.now.contains_key(&text) && scope.inside.borrow().contains(&text);
    if is_inner {
        let message =
            format!("`{name}` is bound in a loop or an arm, so it is not one task of the flow");
        let help = "bind the value of the whole loop or branch with `let`, and name that";
        errors.help(name, message, help);
    }
    !is_inner
}
