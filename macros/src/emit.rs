//! Tokens that both macros write: paths of the library, options of builders, errors.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Error, Expr, Path};

use crate::handlers::{Handler, HandlerOption, OptionValue};
use crate::options::Setting;
use crate::values::{Setter, SetterValue};

/// The path of the library in generated code.
pub(crate) struct Library(Option<TokenStream>);

impl Library {
    /// The path that `crate = ..` gave, or `::tribune`.
    pub(crate) fn new(path: Option<&Path>) -> Self {
        Self(path.map(ToTokens::to_token_stream))
    }

    /// The path, shown by rustc at `place`.
    pub(crate) fn at(&self, place: Span) -> TokenStream {
        let placed = |mut token: TokenTree| {
            // A `$crate` means what it means where it is written.
            token.set_span(token.span().located_at(place));
            token
        };
        match &self.0 {
            None => quote_spanned!(place=> ::tribune),
            Some(path) => path.clone().into_iter().map(placed).collect(),
        }
    }
}

impl ToTokens for Library {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.at(Span::call_site()));
    }
}

/// A call of a builder's method, without the builder: `name("load")`.
///
/// The parentheses are placed at the key too: rustc points at them if the value has a wrong type.
pub(crate) fn setter(Setter { method, value }: &Setter, library: &Library) -> TokenStream {
    let value = match value {
        SetterValue::Rust(value) => value.to_token_stream(),
        SetterValue::Time(time, text) => duration(*time, text.span()),
        SetterValue::Trigger(name) => trigger(name, library),
        SetterValue::BoundedTrigger(name, bounds) => {
            let trigger = trigger(name, library);
            let bounds = bounds
                .iter()
                .map(|Setting { key, value }| quote!(.#key(#value)));
            quote!(#trigger #(#bounds)*)
        }
        SetterValue::Validator(value) => validator(value, library),
        SetterValue::Handler(value) => handler(value, library),
    };
    let value = group_at(Delimiter::Parenthesis, value, method.span());
    quote!(#method #value)
}

/// `handler.only_states(&[::tribune::StateKind::Failed])`: an option is a method of the handler.
fn handler(handler: &Handler, library: &Library) -> TokenStream {
    match handler {
        Handler::Plain(value) => match half_typed(value) {
            Some((handler, option)) => {
                let guess = for_editors(&quote!(#handler.#option));
                quote!({ #guess #value })
            }
            None => value.to_token_stream(),
        },
        Handler::Configured { handler, options } => {
            let options = options.iter().map(|HandlerOption { key, value }| {
                let value = match value {
                    OptionValue::Rust(value) => value.to_token_stream(),
                    OptionValue::Time(time, text) => duration(*time, text.span()),
                    OptionValue::States(bracket, states) => {
                        let states = states.iter().map(|name| state(name, library));
                        let list = group_at(
                            Delimiter::Bracket,
                            quote!(#(#states),*),
                            bracket.span.join(),
                        );
                        quote!(&#list)
                    }
                };
                let value = group_at(Delimiter::Parenthesis, value, key.span());
                quote!(.#key #value)
            });
            quote!(#handler #(#options)*)
        }
    }
}

/// `::tribune::cache::all_inputs`: the name is the first token of what is written.
fn validator(value: &Expr, library: &Library) -> TokenStream {
    let value = value.to_token_stream();
    let place = Span::call_site().located_at(ends(&value).0);
    let library = library.at(place);
    quote_spanned!(place=> #library::cache::#value)
}

/// `slack_notifier(only_st)`: the handler, and what may become the name of its option.
fn half_typed(value: &Expr) -> Option<(&Expr, &Ident)> {
    let Expr::Call(call) = value else {
        return None;
    };
    let (Some(Expr::Path(argument)), 1) = (call.args.first(), call.args.len()) else {
        return None;
    };
    let option = argument.path.get_ident()?;
    Some((&call.func, option))
}

fn trigger(name: &Ident, library: &Library) -> TokenStream {
    let place = Span::call_site().located_at(name.span());
    let library = library.at(place);
    quote_spanned!(place=> #library::trigger::#name)
}

/// A bare name is a variant of `StateKind`, so that rustc knows the near ones.
fn state(state: &Expr, library: &Library) -> TokenStream {
    match state {
        Expr::Path(path) => match path.path.get_ident() {
            Some(name) => {
                let place = Span::call_site().located_at(name.span());
                let library = library.at(place);
                quote_spanned!(place=> #library::StateKind::#name)
            }
            None => state.to_token_stream(),
        },
        _ => state.to_token_stream(),
    }
}

fn duration(time: std::time::Duration, span: Span) -> TokenStream {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    if millis % 1000 == 0 {
        let seconds = millis / 1000;
        quote_spanned!(span=> ::core::time::Duration::from_secs(#seconds))
    } else {
        quote_spanned!(span=> ::core::time::Duration::from_millis(#millis))
    }
}

/// A group that rustc takes for the user's: its brackets stand at `span`.
pub(crate) fn group_at(delimiter: Delimiter, tokens: TokenStream, span: Span) -> Group {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(span);
    group
}

/// The errors as tokens, at a place of items or statements.
pub(crate) fn errors(errors: &[Error]) -> TokenStream {
    errors.iter().map(Error::to_compile_error).collect()
}

/// What is not understood yet, for editors alone: they complete what is half-typed in it.
pub(crate) fn for_editors(guess: &TokenStream) -> TokenStream {
    quote! {
        #[allow(unexpected_cfgs)]
        {
            #[cfg(rust_analyzer)]
            {
                #guess;
            }
        }
    }
}

/// The same for the names of options, of which the library has a list.
pub(crate) fn unknown_options(of: &str, names: &[Ident], library: &Library) -> TokenStream {
    if names.is_empty() {
        return TokenStream::new();
    }
    let list = Ident::new(of, Span::call_site());
    let guess = for_editors(&quote!(use #library::__private::options::#list::{#(#names as _),*}));
    quote!(const _: () = { #guess };)
}

/// A local variable that user code cannot see.
pub(crate) fn local(name: &str, at: Span) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(at))
}

/// The same variable, shown by rustc at `place`.
pub(crate) fn moved(variable: &Ident, place: Span) -> Ident {
    Ident::new(&variable.to_string(), variable.span().located_at(place))
}

/// Where tokens begin and end, for tokens that stand for all of them.
pub(crate) fn ends(tokens: &TokenStream) -> (Span, Span) {
    let mut tokens = tokens.clone().into_iter();
    let Some(first) = tokens.next() else {
        return (Span::call_site(), Span::call_site());
    };
    let last = tokens.last().unwrap_or_else(|| first.clone());
    (first.span(), last.span())
}
