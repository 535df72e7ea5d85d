//! Which parameters can be inputs.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, FnArg, Meta, Pat, PatType, Token, Type, TypeReference};

use super::borrow::{borrow_in, impl_in};
use crate::diagnostics::Errors;
use crate::task::ast::{Parameter, Passing};

/// One parameter, if it can be an input.
pub(super) fn parameter(input: &FnArg, errors: &mut Errors) -> Option<Parameter> {
    match input {
        FnArg::Receiver(receiver) => {
            errors.help(
                receiver,
                "a task cannot take `self`: it must be a free function",
                "take the value as an ordinary argument",
            );
            None
        }
        FnArg::Typed(typed) => {
            let name = parameter_name(&typed.pat, errors);
            let cfg = conditions(typed, errors);
            let passing = passing(&typed.ty, errors);
            Some(Parameter {
                cfg: cfg?,
                name: name?,
                passing: passing?,
            })
        }
    }
}

/// Flows pass arguments by name.
fn parameter_name(pattern: &Pat, errors: &mut Errors) -> Option<Ident> {
    match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
            Some(name.ident.clone())
        }
        Pat::Wild(_) => {
            errors.help(
                pattern,
                "a task argument needs a name, because flows pass arguments by name",
                "write `_name` if the task does not read it",
            );
            None
        }
        _ => {
            errors.help(
                pattern,
                "a task argument must be a plain name, because flows pass arguments by name",
                "take the argument apart in the body",
            );
            None
        }
    }
}

/// What decides whether the argument is there.
///
/// A macro is not told what a `#[cfg_attr(..)]` comes to, so it must not come to a `#[cfg(..)]`.
fn conditions(typed: &PatType, errors: &mut Errors) -> Option<Vec<Attribute>> {
    let hides = |attribute: &&Attribute| {
        let has_cfg = |token| matches!(token, TokenTree::Ident(word) if word == "cfg");
        attribute.path().is_ident("cfg_attr")
            && matches!(&attribute.meta, Meta::List(list) if list.tokens.clone().into_iter().any(has_cfg))
    };
    if let Some(attribute) = typed.attrs.iter().find(hides) {
        errors.help(
            attribute,
            "a task argument cannot be configured away by a `cfg_attr`",
            "write the whole condition as a `#[cfg(..)]`",
        );
        return None;
    }
    let cfg = typed
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    Some(cfg.cloned().collect())
}

fn passing(ty: &Type, errors: &mut Errors) -> Option<Passing> {
    let hidden = impl_in(ty.to_token_stream());
    if let (Some(place), false) = (hidden, matches!(ty, Type::ImplTrait(_))) {
        errors.help_at(place, GENERIC, "name the concrete type");
        return None;
    }
    match ty {
        Type::Reference(reference) if !is_static(reference) => borrowed(reference, errors),
        // A type that a `macro_rules!` was given.
        Type::Group(group) => passing(&group.elem, errors),
        Type::ImplTrait(hidden) => {
            errors.help(hidden, GENERIC, "name the concrete type");
            None
        }
        _ => match borrow_in(ty.to_token_stream()) {
            None => Some(Passing::Owned(ty.clone())),
            Some(borrow) => {
                let message = "a task argument cannot hold a borrow: \
                               it comes from another task, or from where the flow is declared";
                errors.help_at(
                    borrow,
                    message,
                    "take the value itself, or borrow all of it as `&_`",
                );
                None
            }
        },
    }
}

const GENERIC: &str = "`impl Trait` makes the task generic";

fn is_static(reference: &TypeReference) -> bool {
    reference
        .lifetime
        .as_ref()
        .is_some_and(|lifetime| lifetime.ident == "static")
}

fn borrowed(reference: &TypeReference, errors: &mut Errors) -> Option<Passing> {
    if let Some(keyword) = &reference.mutability {
        errors.help(
            &Mutable(reference, keyword),
            "a task cannot take `&mut`: other tasks may read the same value",
            "take the value itself, and return the changed one",
        );
        return None;
    }
    if let Type::TraitObject(object) = unwrapped(&reference.elem) {
        errors.help(
            object,
            "a task cannot borrow a `dyn` type: an input has one concrete type",
            "name the concrete type, or take an `Arc<dyn _>`",
        );
        return None;
    }
    if let Some(borrow) = borrow_in(reference.elem.to_token_stream()) {
        errors.help_at(
            borrow,
            "a borrowed argument cannot hold another borrow",
            "borrow it once, or take the value itself",
        );
        return None;
    }
    Some(Passing::Borrowed(Type::clone(&reference.elem)))
}

/// A type without the parentheses around it.
fn unwrapped(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => unwrapped(&paren.elem),
        Type::Group(group) => unwrapped(&group.elem),
        other => other,
    }
}

/// `&mut` as it is written.
struct Mutable<'a>(&'a TypeReference, &'a Token![mut]);

impl ToTokens for Mutable<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.and_token.to_tokens(tokens);
        self.1.to_tokens(tokens);
    }
}
