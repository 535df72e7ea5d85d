//! `let`: names for outputs, and outputs taken apart.

use proc_macro2::{Delimiter, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::token::Paren;

use super::Lowering;
use crate::emit::{self, group_at};
use crate::flow::ast::{Pattern, Value};

/// Patterns that wait for their value to be taken apart, each with its parentheses.
pub(super) type Waiting<'a> = Vec<(TokenStream, Paren, &'a [Pattern])>;

impl Lowering {
    /// `let pattern = value;`
    pub(super) fn bind(&mut self, pattern: &Pattern, value: &Value) {
        let mut waiting = Waiting::new();
        match (pattern, value) {
            (Pattern::Wild(wild), Value::Call(call)) => {
                let node = self.node(call);
                self.steps.extend(quote!(let #wild = #node;));
            }
            (Pattern::Name(name), Value::Call(call)) => {
                let node = self.node(call);
                self.binding(&name.to_token_stream(), &node, value);
            }
            (Pattern::Wild(_) | Pattern::Name(_), Value::For(_) | Value::Branch(_)) => {
                let tokens = self.control(value);
                self.binding(&plain(pattern), &tokens, value);
            }
            (Pattern::Tuple(paren, patterns), value) if is_output(value) => {
                waiting.push((self.value(value), *paren, patterns));
            }
            _ => {
                let (target, tokens) = self.zip(pattern, value, &mut waiting);
                self.binding(&target, &tokens, value);
            }
        }
        while let Some((value, paren, patterns)) = waiting.pop() {
            self.split((paren, patterns), &value, &mut waiting);
        }
    }

    /// An output may be bound for its name alone; a value of ordinary Rust is there to be used.
    fn binding(&mut self, target: &TokenStream, tokens: &TokenStream, value: &Value) {
        let allow = match value {
            Value::Rust(_) => None,
            _ => Some(quote!(#[allow(unused_variables)])),
        };
        self.steps.extend(quote!(#allow let #target = #tokens;));
    }

    /// What to bind, and to what: tuples of both, so that `let (a, b) = (b, a);` swaps.
    fn zip<'a>(
        &mut self,
        pattern: &'a Pattern,
        value: &Value,
        waiting: &mut Waiting<'a>,
    ) -> (TokenStream, TokenStream) {
        match (pattern, value) {
            (Pattern::Tuple(paren, patterns), Value::Tuple(_, values))
                if patterns.len() == values.len() =>
            {
                let pairs = patterns.iter().zip(values);
                let (targets, values): (TokenStream, TokenStream) = pairs
                    .map(|(pattern, value)| {
                        let (target, value) = self.zip(pattern, value, waiting);
                        (quote!(#target,), quote!(#value,))
                    })
                    .unzip();
                let group = |tokens| {
                    group_at(Delimiter::Parenthesis, tokens, paren.span.join()).into_token_stream()
                };
                (group(targets), group(values))
            }
            (Pattern::Tuple(paren, patterns), value) if is_output(value) => {
                let value = self.value(value);
                let variable = self.variable(paren.span.join()).into_token_stream();
                waiting.push((variable.clone(), *paren, patterns));
                (variable, value)
            }
            _ => (plain(pattern), self.value(value)),
        }
    }

    /// `let (a, b) = flow.split(value);`, at the pattern, which rustc shows if it does not fit.
    pub(super) fn split<'a>(
        &mut self,
        (paren, patterns): (Paren, &'a [Pattern]),
        value: &TokenStream,
        waiting: &mut Waiting<'a>,
    ) {
        let targets: TokenStream = patterns
            .iter()
            .map(|pattern| match pattern {
                Pattern::Tuple(paren, patterns) => {
                    let variable = self.variable(paren.span.join()).into_token_stream();
                    waiting.push((variable.clone(), *paren, patterns));
                    quote!(#variable,)
                }
                other => {
                    let target = plain(other);
                    quote!(#target,)
                }
            })
            .collect();
        let targets = group_at(Delimiter::Parenthesis, targets, paren.span.join());
        let place = Span::call_site().located_at(paren.span.join());
        let flow = emit::moved(&self.flow, place);
        self.steps.extend(quote_spanned! {place=>
            #[allow(unused_variables)]
            let #targets = #flow.split(#value);
        });
    }
}

/// Whether a value is one output, which is taken apart when the flow runs.
const fn is_output(value: &Value) -> bool {
    matches!(
        value,
        Value::Call(_) | Value::Name(_) | Value::For(_) | Value::Branch(_)
    )
}

/// A pattern as rustc is given it.
pub(super) fn plain(pattern: &Pattern) -> TokenStream {
    match pattern {
        Pattern::Name(name) => name.to_token_stream(),
        Pattern::Wild(wild) => wild.to_token_stream(),
        Pattern::Tuple(_, patterns) => {
            let patterns = patterns.iter().map(plain);
            quote!((#(#patterns,)*))
        }
        Pattern::Mistake(names) => quote!((#(#names,)*)),
    }
}
