//! The struct of the inputs of a task, and how it is made.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, Lit, Meta, Visibility};

use super::{attributes, generics_places, is_public};
use crate::emit::{self, Library, group_at};
use crate::task::ast::{Parameter, Passing, Task};
use crate::values::literal;

/// The struct of the inputs:
///
/// ```text
/// #[doc = "The inputs of one call of the task [`add()`]."]
/// #[allow(clippy::struct_field_names, non_camel_case_types)]
/// struct add {
///     x: ::tribune::Input<i64>,
/// }
/// ```
///
/// The keyword stands at `fn` and the braces at the parameters, because rustc underlines an item
/// from its first token on: the user sees the function.
pub(super) fn inputs(task: &Task, library: &Library) -> TokenStream {
    let signature = &task.function.signature;
    let visibility = &task.function.visibility;
    let name = &signature.ident;
    let text = format!("The inputs of one call of the task [`{name}()`].");
    let summary = summary(task);
    let shared = ["cfg", "deprecated", "allow"].map(|name| attributes(task, name));
    let shared = shared.iter().flatten();
    let expect = expects_dead_code(task).then(|| quote!(#[expect(dead_code)]));
    let allow = allow(visibility);
    let fields = task.parameters.iter().map(|parameter| {
        let Parameter { cfg, name, .. } = parameter;
        let input = match &parameter.passing {
            Passing::Owned(ty) => quote!(#library::Input<#ty>),
            Passing::Borrowed(ty) => quote!(#library::Input<#library::__private::Stored<#ty>>),
        };
        quote!(#(#cfg)* #visibility #name: #input,)
    });
    let keyword = Ident::new("struct", signature.fn_token.span);
    let span = signature.paren_token.span.join();
    let fields = group_at(Delimiter::Brace, fields.collect(), span);
    quote! {
        #(#shared)*
        #expect
        #[doc = #text]
        #(#summary)*
        #allow
        #visibility #keyword #name #fields
    }
}

/// The first paragraph of the function's documentation, which editors show in a flow.
///
/// No more of it: an example would be run twice.
fn summary(task: &Task) -> Vec<TokenStream> {
    let is_empty = |doc: &&&Attribute| match &doc.meta {
        Meta::NameValue(doc) => match literal(&doc.value) {
            Some(Lit::Str(text)) => text.value().trim().is_empty(),
            _ => false,
        },
        _ => true,
    };
    let docs = attributes(task, "doc");
    let lines: Vec<_> = docs.iter().skip_while(is_empty).collect();
    let lines = lines.iter().take_while(|line| !is_empty(line));
    let lines: Vec<TokenStream> = lines.map(ToTokens::to_token_stream).collect();
    if lines.is_empty() {
        return lines;
    }
    std::iter::once(quote!(#[doc = ""])).chain(lines).collect()
}

/// What the function is told already, or no user could change, is not told of the struct.
fn allow(visibility: &Visibility) -> TokenStream {
    if !is_public(visibility) {
        return quote!(#[allow(clippy::struct_field_names, non_camel_case_types)]);
    }
    quote! {
        #[allow(
            clippy::exhaustive_structs,
            clippy::pub_underscore_fields,
            clippy::struct_field_names,
            missing_copy_implementations,
            missing_debug_implementations,
            missing_docs,
            non_camel_case_types,
            unnameable_types,
            unreachable_pub,
        )]
    }
}

/// A function that is expected to be unused has a struct that is, too.
fn expects_dead_code(task: &Task) -> bool {
    attributes(task, "expect").iter().any(|attribute| {
        let tokens = attribute.meta.to_token_stream().into_iter();
        let mut groups = tokens.filter_map(|token| match token {
            TokenTree::Group(group) => Some(group.stream()),
            _ => None,
        });
        groups.any(|lints| {
            lints
                .into_iter()
                .any(|lint| lint.to_string() == "dead_code")
        })
    })
}

/// The inputs by position, for calls in a flow that do not name them.
pub(super) fn call(task: &Task) -> TokenStream {
    let signature = &task.function.signature;
    let visibility = &task.function.visibility;
    let names = task.parameters.iter();
    let names = names.map(|Parameter { cfg, name, .. }| quote!(#(#cfg)* #name));
    let parameters = task.parameters.iter().map(parameter);
    let (start, end) = generics_places(task);
    let keyword = Ident::new("impl", start);
    let mut of = signature.ident.clone();
    of.set_span(end);
    // A task that cannot be named somewhere is told so once, and not of this function too.
    let visibility = if is_public(visibility) {
        quote!(#[doc(hidden)] #visibility)
    } else {
        quote!(pub(crate))
    };
    // Clippy says it of the function.
    let many = task.parameters.len() > 7;
    let allow = many.then(|| quote!(#[allow(clippy::too_many_arguments)]));
    // Rustc shows what a call of it lacks: the parameters of the function.
    let function = signature.fn_token;
    let call = Ident::new("__call", start);
    let parameters = group_at(Delimiter::Parenthesis, quote!(#(#parameters),*), end);
    quote! {
        #keyword #of {
            #allow
            #[inline]
            #visibility #function #call #parameters -> Self {
                Self { #(#names),* }
            }
        }
    }
}

/// `x: __rt::Input<i64>`
///
/// Rustc shows it if an argument is missing. It must not take the path for the user's, whom it would
/// tell that it can be shorter.
fn parameter(Parameter { cfg, name, passing }: &Parameter) -> TokenStream {
    let (ty, stored) = match passing {
        Passing::Owned(ty) => (ty, ty.to_token_stream()),
        Passing::Borrowed(ty) => (ty, quote!(__rt::Stored<#ty>)),
    };
    let (start, end) = emit::ends(&ty.to_token_stream());
    let place = |span| Span::call_site().located_at(span);
    let start = quote_spanned!(place(start)=> __rt::Input<);
    let end = quote_spanned!(place(end)=> >);
    quote!(#(#cfg)* #name: #start #stored #end)
}
