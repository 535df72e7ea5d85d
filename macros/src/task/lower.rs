//! Tree to tokens: the struct of the inputs, and what makes a task of it.

use proc_macro2::{Delimiter, Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Attribute, Error, Expr, LitStr, Meta, ReturnType, Token, Visibility};

use super::ast::{Parameter, Passing, Task};
use crate::emit::{self, Library, group_at};

use inputs::{call, inputs};

mod inputs;

/// The function as it is written, the items beside it, and the errors.
pub(super) fn task(
    item: TokenStream,
    task: Option<&Task>,
    errors: &[Error],
    unknown: &[Ident],
) -> TokenStream {
    let mut tokens = TokenStream::new();
    if let Some(task) = task {
        tokens.extend(not_constant(task));
    }
    tokens.extend(item);
    if let Some(task) = task {
        let library = Library::new(task.options.library.as_ref());
        tokens.extend(inputs(task, &library));
        tokens.extend(implementation(task, &library));
        tokens.extend(emit::unknown_options("task", unknown, &library));
    }
    tokens.extend(emit::errors(errors));
    tokens
}

/// Clippy would ask for a `const fn`, which a task cannot be.
fn not_constant(task: &Task) -> Option<TokenStream> {
    let is_async = task.function.signature.asyncness.is_some();
    (!is_async).then(|| quote!(#[allow(clippy::missing_const_for_fn)]))
}

/// Everything else, in a block of its own:
///
/// ```text
/// const _: () = {
///     #[allow(unused_imports)]
///     use ::tribune::__private::{self as __rt, NoResult as _, NoText as _};
///     type __T = i64;
///     const __R: __rt::Flag = __rt::Probe::<__T>::IS_RESULT;
///     fn __body(inputs: &mut __rt::Inputs) -> __rt::Outcome { .. }
///     static __SPEC: __rt::Spec = ..;
///     #[automatically_derived]
///     impl __rt::Task for add {
///         type Output = <__T as __rt::Returns<__R>>::Value;
///         const TEXTS: &'static [__rt::Text] = &[__rt::Written::<i64>::TEXT];
///         fn spec() -> &'static __rt::TaskSpec {
///             &__SPEC
///         }
///         fn bind(self, bindings: &mut __rt::Bindings) {
///             <i64 as __rt::Argument<_>>::bind(self.x, bindings);
///         }
///     }
///     impl add {
///         fn __call(x: __rt::Input<i64>) -> Self {
///             Self { x }
///         }
///     }
/// };
/// ```
fn implementation(task: &Task, library: &Library) -> TokenStream {
    let cfg = attributes(task, "cfg");
    // Flows that use a deprecated task are told, and not the task itself.
    let deprecated = attributes(task, "deprecated");
    let allow = deprecated.first().map(|_| quote!(#[allow(deprecated)]));
    // The body does not read such an argument, but it is handed over all the same.
    let unread = |parameter: &Parameter| parameter.name.to_string().starts_with('_');
    let is_unread = task.parameters.iter().any(unread);
    let unread = is_unread.then(|| quote!(#[allow(clippy::used_underscore_binding)]));
    let output = output(task);
    let body = body(task);
    let spec = spec(task, library);
    let implementation = task_impl(task);
    let call = call(task);
    let zero = task.options.zero.as_ref().map(no_retries);
    let run_name = task
        .options
        .run_name
        .as_ref()
        .map(|text| run_name(task, text));
    quote! {
        #(#cfg)*
        #allow
        #unread
        const _: () = {
            #[allow(unused_imports)]
            use #library::__private::{self as __rt, NoResult as _, NoText as _};
            #output
            const __R: __rt::Flag = __rt::Probe::<__T>::IS_RESULT;
            #body
            #run_name
            #spec
            #implementation
            #call
            #zero
        };
    }
}

/// `const _: () = __rt::core::assert!(RETRIES == 0, "..");`, at the value, where rustc says it.
fn no_retries(value: &Expr) -> TokenStream {
    let place = Span::call_site().located_at(emit::ends(&value.to_token_stream()).0);
    quote_spanned! {place=>
        const _: () = __rt::core::assert!(
            #value == 0,
            "`max_retries` needs a `retry_delay`: add `retry_delay = \"10s\"`",
        );
    }
}

/// Where the name of the function and its parameters stand.
///
/// Rustc offers to add a type that does not exist to the generics of each item that names it. Items
/// whose generics would stand between these two places are offered the same as the function, and
/// rustc says it once.
fn generics_places(task: &Task) -> (Span, Span) {
    let signature = &task.function.signature;
    (signature.ident.span(), signature.paren_token.span.join())
}

/// `type __T = i64;`, the return type, `()` if none is written.
fn output(task: &Task) -> TokenStream {
    let (name, parameters) = generics_places(task);
    let alias = Ident::new("__T", name);
    let equals = Token![=](parameters);
    match &task.function.signature.output {
        ReturnType::Default => quote!(type #alias #equals ();),
        ReturnType::Type(_, ty) => quote!(type #alias #equals #ty;),
    }
}

fn task_impl(task: &Task) -> TokenStream {
    let name = &task.function.signature.ident;
    let (start, end) = generics_places(task);
    let keyword = Ident::new("impl", start);
    let library = Ident::new("__rt", end);
    let bind = task
        .parameters
        .iter()
        .map(|Parameter { cfg, name, passing }| {
            let bind = trait_function(passing, "bind");
            quote!(#(#cfg)* #bind(self.#name, bindings);)
        });
    let bindings = unless_empty(task, quote!(bindings));
    let texts = texts(task);
    quote! {
        #[automatically_derived]
        #keyword #library::Task for #name {
            type Output = <__T as __rt::Returns<__R>>::Value;
            #texts
            fn spec() -> &'static __rt::TaskSpec {
                &__SPEC
            }
            fn bind(self, #bindings: &mut __rt::Bindings) {
                #(#bind)*
            }
        }
    }
}

/// How each input is written down, where it can be: to compare it with that of a kept result.
///
/// It is asked for by calls that are cached only, so it costs others nothing but its lines.
fn texts(task: &Task) -> Option<TokenStream> {
    let texts = task
        .parameters
        .iter()
        .map(|Parameter { cfg, passing, .. }| {
            let stored = stored(passing);
            quote!(#(#cfg)* __rt::Written::<#stored>::TEXT)
        });
    (!task.parameters.is_empty())
        .then(|| quote!(const TEXTS: &'static [__rt::Text] = &[#(#texts),*];))
}

/// The type in which an input is kept.
fn stored(passing: &Passing) -> TokenStream {
    match passing {
        Passing::Owned(ty) => ty.to_token_stream(),
        Passing::Borrowed(ty) => quote!(__rt::Stored<#ty>),
    }
}

/// The name of a run:
///
/// ```text
/// fn __run_name(inputs: &__rt::Inputs) -> __rt::String {
///     __rt::format(__rt::core::format_args!("load {table}", table = inputs.borrow::<str>(0)))
/// }
/// ```
fn run_name(task: &Task, text: &LitStr) -> TokenStream {
    let shown = task.shown.iter().filter_map(|at| {
        let Parameter { name, passing, .. } = task.parameters.get(*at)?;
        let (Passing::Owned(ty) | Passing::Borrowed(ty)) = passing;
        let at = number(task, *at);
        // What cannot be printed is shown where it is named.
        let place = Span::call_site().located_at(text.span());
        let mut name = name.clone();
        name.set_span(place);
        Some(quote_spanned!(place=> #name = inputs.borrow::<#ty>(#at)))
    });
    let inputs = match task.shown.is_empty() {
        true => quote!(_),
        false => quote!(inputs),
    };
    quote! {
        fn __run_name(#inputs: &__rt::Inputs) -> __rt::String {
            __rt::format(__rt::core::format_args!(#text #(, #shown)*))
        }
    }
}

/// The call of the user's function:
///
/// ```text
/// fn __body(inputs: &mut __rt::Inputs) -> __rt::Outcome {
///     __rt::outcome::<__R, __T, _>(add(<i64 as __rt::Argument<_>>::take(inputs, 0)))
/// }
/// ```
///
/// That of an `async` function is a future of its arguments:
///
/// ```text
/// fn __body(inputs: &mut __rt::Inputs) -> __rt::Body {
///     __rt::future::<__R, __T, _>(add(<i64 as __rt::Argument<_>>::take(inputs, 0)))
/// }
/// ```
///
/// One that borrows needs its inputs for as long as it runs:
///
/// ```text
/// fn __body(inputs: &mut __rt::Inputs) -> __rt::Body {
///     let mut inputs = __rt::core::mem::take(inputs);
///     __rt::Box::pin(async move {
///         let inputs = &mut inputs;
///         __rt::outcome::<__R, __T, _>(__rt::borrowing(load(<str as __rt::Lent<_>>::take(inputs, 0))).await)
///     })
/// }
/// ```
///
/// In both, the user's future goes to a function of the library, at the name of the user's function,
/// which is where rustc then says that it is not `Send`. What is wrong with the output is said at its
/// type.
fn body(task: &Task) -> TokenStream {
    let signature = &task.function.signature;
    let name = &signature.ident;
    let variable = inputs_variable();
    let inputs = unless_empty(task, variable.to_token_stream());
    let (taken, arguments) = arguments(task);
    let arguments = group_at(Delimiter::Parenthesis, arguments, name.span());
    let output = match &signature.output {
        ReturnType::Default => name.span(),
        ReturnType::Type(_, ty) => emit::ends(&ty.to_token_stream()).0,
    };
    let output = Ident::new("__T", output);
    let (start, end) = generics_places(task);
    let body = Ident::new("__body", start);
    let parameters = group_at(
        Delimiter::Parenthesis,
        quote!(#inputs: &mut __rt::Inputs),
        end,
    );
    if signature.asyncness.is_none() {
        return quote! {
            fn #body #parameters -> __rt::Outcome {
                #taken
                __rt::outcome::<__R, #output, _>(#name #arguments)
            }
        };
    }
    let borrows = |parameter: &Parameter| matches!(parameter.passing, Passing::Borrowed(_));
    let future = if task.parameters.iter().any(borrows) {
        let returned = quote_spanned!(name.span()=> __rt::borrowing(#name #arguments).await);
        quote! {
            let mut #variable = __rt::core::mem::take(#variable);
            __rt::Box::pin(async move {
                let #variable = &mut #variable;
                #taken
                __rt::outcome::<__R, #output, _>(#returned)
            })
        }
    } else {
        quote!(__rt::future::<__R, #output, _>(#name #arguments))
    };
    quote! {
        fn #body #parameters -> __rt::Body {
            #future
        }
    }
}

/// The options:
///
/// ```text
/// static __SPEC: __rt::Spec = __rt::Spec::new(|| {
///     __rt::TaskSpec::sync::<add, __R>("add", &["x"], __body).max_retries(3)
/// });
/// ```
fn spec(task: &Task, library: &Library) -> TokenStream {
    let name = &task.function.signature.ident;
    let text = name.unraw().to_string();
    let names = task.parameters.iter().map(|Parameter { cfg, name, .. }| {
        let name = name.unraw().to_string();
        quote!(#(#cfg)* #name)
    });
    let is_async = task.function.signature.asyncness.is_some();
    let kind = if is_async {
        quote!(future)
    } else {
        quote!(sync)
    };
    let setters = task
        .options
        .setters
        .iter()
        .map(|setter| emit::setter(setter, library));
    let run_name = task.options.run_name.as_ref();
    let run_name = run_name.map(|_| quote!(.task_run_name(__rt::RunName::of(__run_name))));
    let cached = task.options.setters.iter();
    let mut cached = cached.filter(|setter| setter.method == "cache_validator");
    let texts = cached
        .next()
        .map(|_| quote!(.texts(<#name as __rt::Task>::TEXTS)));
    quote! {
        static __SPEC: __rt::Spec = __rt::Spec::new(|| {
            __rt::TaskSpec::#kind::<#name, __R>(#text, &[#(#names),*], __body) #(.#setters)* #texts #run_name
        });
    }
}

/// The arguments of the call, and what comes before it: a value that stands behind a borrow is
/// taken out before, because nothing can be taken while something is borrowed.
fn arguments(task: &Task) -> (TokenStream, TokenStream) {
    let inputs = inputs_variable();
    let (mut taken, mut arguments) = (TokenStream::new(), Vec::new());
    let mut borrowed = false;
    for (at, Parameter { cfg, name, passing }) in task.parameters.iter().enumerate() {
        let at = number(task, at);
        let take = trait_function(passing, "take");
        let argument = quote!(#take(#inputs, #at));
        borrowed |= matches!(passing, Passing::Borrowed(_));
        if borrowed && matches!(passing, Passing::Owned(_)) {
            // It hides nothing that the user can name, such as the function itself.
            let mut variable = name.clone();
            variable.set_span(Span::mixed_site().located_at(name.span()));
            taken.extend(quote!(#(#cfg)* let #variable = #argument;));
            arguments.push(quote!(#(#cfg)* #variable));
        } else {
            arguments.push(quote!(#(#cfg)* #argument));
        }
    }
    (taken, quote!(#(#arguments),*))
}

/// The number of a parameter among those that are there: `1 + __rt::core::cfg!(unix) as __rt::Number`.
fn number(task: &Task, at: usize) -> TokenStream {
    let before = task.parameters.iter().take(at);
    let always = before.clone().filter(|other| other.cfg.is_empty()).count();
    let always = Literal::usize_unsuffixed(always);
    let sometimes = before.filter(|other| !other.cfg.is_empty()).map(|other| {
        let conditions = other.cfg.iter().filter_map(|cfg| match &cfg.meta {
            Meta::List(list) => Some(&list.tokens),
            _ => None,
        });
        quote!(+ __rt::core::cfg!(all(#(#conditions),*)) as __rt::Number)
    });
    quote!(#always #(#sometimes)*)
}

/// `<i64 as __rt::Argument<_>>::take`, which rustc shows at the type if a bound is not met.
fn trait_function(passing: &Passing, function: &str) -> TokenStream {
    let function = Ident::new(function, Span::call_site());
    match passing {
        Passing::Owned(ty) => quote!(<#ty as __rt::Argument<_>>::#function),
        Passing::Borrowed(ty) => quote!(<#ty as __rt::Lent<_>>::#function),
    }
}

/// A parameter may have this name too.
fn inputs_variable() -> Ident {
    emit::local("inputs", Span::call_site())
}

/// A variable, or `_` where a task without parameters would not use it.
fn unless_empty(task: &Task, variable: TokenStream) -> TokenStream {
    if task.parameters.is_empty() {
        quote!(_)
    } else {
        variable
    }
}

/// The attributes of the function with this name, which its struct has too.
fn attributes<'a>(task: &'a Task, name: &str) -> Vec<&'a Attribute> {
    let attributes = task.function.attributes.iter();
    attributes
        .filter(|attribute| attribute.path().is_ident(name))
        .collect()
}

/// Tells whether somebody else may use the task.
fn is_public(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}
