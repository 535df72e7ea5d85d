//! What stands beside the function of `#[flow]`.

use proc_macro2::{Delimiter, Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Error, ReturnType};

use super::Lowering;
use crate::emit::{Library, group_at};
use crate::flow::ast::{Function, Parameter};

/// The names of the parameters, with their types, and the same flow as ordinary Rust:
///
/// ```text
/// #[doc = "The parameters of the flow [`nightly()`]."]
/// struct nightly {}
/// impl nightly {
///     #[doc = "The parameter `limit`."]
///     const limit: ::tribune::Parameter<usize> = ::tribune::Parameter::new("limit");
///     #[doc = ".."]
///     fn plain(limit: usize) -> ::core::result::Result<i64, ::tribune::TaskError> {
///         ..
///     }
/// }
/// ```
///
/// Types have names of their own, so the struct is beside the function as that of a task is.
pub(super) fn beside(function: &Function, library: &Library, errors: &[Error]) -> TokenStream {
    let Function {
        attributes,
        visibility,
        name,
        flow,
        ..
    } = function;
    let cfg = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    let cfg: Vec<_> = cfg.collect();
    let plain = plain(function, library, errors);
    let names = flow.parameters.iter().filter_map(|parameter| {
        let Parameter { name, ty, .. } = parameter;
        let (ty, text) = (ty.as_ref()?, name.unraw().to_string());
        let doc = format!("The parameter `{text}`.");
        Some(quote! {
            #[doc = #doc]
            #visibility const #name: #library::Parameter<#ty> = #library::Parameter::new(#text);
        })
    });
    let doc = format!("The parameters of the flow [`{name}()`].");
    // Rustc underlines an item from its first token on: the user sees the function.
    let keyword = Ident::new("struct", function.keyword.span);
    let nothing = group_at(
        Delimiter::Brace,
        TokenStream::new(),
        function.paren.span.join(),
    );
    quote! {
            #(#cfg)*
            #[doc = #doc]
            #[allow(
                clippy::exhaustive_structs,
                dead_code,
                missing_copy_implementations,
                missing_debug_implementations,
                non_camel_case_types,
                unreachable_pub,
            )]
            #visibility #keyword #name #nothing
            #(#cfg)*
            #[allow(dead_code, non_upper_case_globals, unreachable_pub)]
            impl #name {
                #(#names)*
                #plain
            }
    }
}

/// The function that runs the flow as ordinary Rust; after a mistake there is nothing to run.
fn plain(function: &Function, library: &Library, errors: &[Error]) -> Option<TokenStream> {
    let Function {
        visibility,
        name,
        flow,
        output,
        ..
    } = function;
    let parameters = flow.parameters.iter().map(|Parameter { name, ty, .. }| {
        let ty = ty.as_ref()?;
        Some(quote!(#name: #ty))
    });
    let parameters: Vec<TokenStream> = parameters.collect::<Option<_>>()?;
    let output = match output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    };
    let body = match errors.is_empty() {
        true => Lowering::plain(flow),
        false => quote!({ loop {} }),
    };
    let doc = format!(
        "Runs the flow [`{name}()`] as ordinary Rust: every call is made where it is written, on this \
         thread, without handlers, retries, triggers or states."
    );
    Some(quote! {
        #[doc = #doc]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = ""]
        #[doc = "The first error of a task."]
        #[allow(unused_variables)]
        #visibility fn plain(#(#parameters),*) -> ::core::result::Result<#output, #library::TaskError> #body
    })
}
