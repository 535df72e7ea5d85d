//! Which functions can be tasks: what can be said of a signature without knowing types.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, ReturnType, Safety, Signature, Type};

use super::ast::{Function, Options, Parameter, Task};
use crate::diagnostics::Errors;

use borrow::{borrow_in, impl_in};
use parameter::parameter;
use run_name::shown;

mod borrow;
mod parameter;
mod run_name;

/// Checks the function. Beside a signature with a mistake nothing can be made of it.
pub(super) fn task(function: Function, options: Options, errors: &mut Errors) -> Option<Task> {
    let signature = &function.signature;
    let checks = [
        once(&function.attributes, errors),
        qualifiers(signature, errors),
        generics(signature, errors),
        output(&signature.output, errors),
    ];
    // Every parameter is checked, also after a mistake.
    let parameters: Vec<Option<Parameter>> = signature
        .inputs
        .iter()
        .map(|input| parameter(input, errors))
        .collect();
    let parameters = parameters.into_iter().collect::<Option<Vec<_>>>()?;
    checks.into_iter().collect::<Option<()>>()?;
    let mut options = options;
    let shown = match shown(options.run_name.as_ref(), &parameters, errors) {
        Some(shown) => shown,
        None => {
            options.run_name = None;
            Vec::new()
        }
    };
    Some(Task {
        function,
        options,
        parameters,
        shown,
    })
}

/// A second `#[task]` would make a second struct of the same name.
fn once(attributes: &[Attribute], errors: &mut Errors) -> Option<()> {
    for attribute in attributes {
        let path = attribute.path();
        if path
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "task")
        {
            errors.at(attribute, "`#[task]` is given twice");
            return None;
        }
    }
    Some(())
}

fn qualifiers(signature: &Signature, errors: &mut Errors) -> Option<()> {
    if let Some(keyword) = &signature.constness {
        errors.help(
            keyword,
            "a task cannot be `const`: it runs only when its flow does",
            "remove `const`",
        );
        return None;
    }
    if !matches!(signature.safety, Safety::Default) {
        errors.help(
            &signature.safety,
            "a task cannot be `unsafe`: the runtime calls it from safe code",
            "write a safe task that calls the `unsafe` function",
        );
        return None;
    }
    if let Some(abi) = &signature.abi {
        errors.help(
            abi,
            "a task cannot be `extern`",
            "write a task that calls the `extern` function",
        );
        return None;
    }
    if let Some(variadic) = &signature.variadic {
        errors.at(variadic, "a task has a fixed number of arguments");
        return None;
    }
    Some(())
}

fn generics(signature: &Signature, errors: &mut Errors) -> Option<()> {
    let generics = &signature.generics;
    let bounds = generics.where_clause.as_ref();
    let bounds = bounds.filter(|clause| !clause.predicates.is_empty());
    if generics.params.is_empty() && bounds.is_none() {
        return Some(());
    }
    let only_lifetimes =
        generics.type_params().next().is_none() && generics.const_params().next().is_none();
    let (message, help) = if only_lifetimes && !generics.params.is_empty() {
        (
            "a task cannot name lifetimes: its arguments are lent to it for the call",
            "write the references without lifetimes",
        )
    } else {
        (
            "a task cannot be generic: a flow needs one concrete type for each argument",
            "write a concrete task that calls the generic function",
        )
    };
    match bounds {
        Some(clause) if generics.params.is_empty() => errors.help(clause, message, help),
        _ => errors.help(&Angles(generics), message, help),
    }
    None
}

/// The list of generics as it is written, without its `where` clause.
struct Angles<'a>(&'a syn::Generics);

impl ToTokens for Angles<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.lt_token.to_tokens(tokens);
        self.0.params.to_tokens(tokens);
        self.0.gt_token.to_tokens(tokens);
    }
}

/// An output is kept until other tasks have read it, so it must not borrow or be hidden.
fn output(output: &ReturnType, errors: &mut Errors) -> Option<()> {
    let ReturnType::Type(_, output) = output else {
        return Some(());
    };
    match &**output {
        Type::Never(never) => {
            errors.at(
                never,
                "a task has to return: other tasks wait for its output",
            );
            return None;
        }
        Type::ImplTrait(hidden) => {
            errors.help(hidden, HIDDEN, NAME_OUTPUT);
            return None;
        }
        _ => {}
    }
    if let Some(hidden) = impl_in(output.to_token_stream()) {
        errors.help_at(hidden, HIDDEN, NAME_OUTPUT);
        return None;
    }
    let Some(borrow) = borrow_in(output.to_token_stream()) else {
        return Some(());
    };
    errors.help_at(
        borrow,
        "a task cannot return a borrow: its output is kept after the call",
        "return an owned value, or an `Arc<_>`",
    );
    None
}

const HIDDEN: &str = "a task must name its output type: \
                      `impl Trait` hides it from the tasks that take it";

const NAME_OUTPUT: &str = "return the type itself, or a `Box<dyn Trait>`";
