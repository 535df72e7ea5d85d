//! Tree to tokens: calls of the flow's builder, in the order of the steps.
//!
//! ```text
//! {
//!     #[allow(unused_mut)]
//!     let mut flow = ::tribune::Flow::builder("example");
//!     let step0 = flow.add(load {});
//!     #[allow(unused_variables)]
//!     let sum = flow.add(add { x: ::tribune::input(step0), y: ::tribune::input(1) });
//!     ::tribune::__private::flow(flow, sum)
//! }
//! ```
//!
//! The user's names stand where they are bound, so that editors find and rename them.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprBlock, Lit, ReturnType, Token, Type};

use self::control::Wanted;
use super::ast::{Arguments, Call, CallOption, CleanUp, Flow, Function, Parameter, Step, Value};
use crate::emit::{self, Library, group_at};
use crate::values::literal;

mod bind;
mod control;
mod function;
mod plain;

/// The flow as an expression.
///
/// With a mistake, the errors come first, as the value of a variable: its type is then an error
/// too, about which rustc says nothing more, wherever it is used.
pub(super) fn flow(flow: &Flow, errors: &[Error], unknown: &[Ident]) -> TokenStream {
    let mut lowering = Lowering::new(flow, Runs::Later);
    lowering.start(flow, errors);
    let options = emit::unknown_options("flow", unknown, &lowering.library);
    lowering.steps.extend(options);
    lowering.parameters(&flow.parameters);
    for step in &flow.body.steps {
        lowering.step(step);
    }
    lowering.end(flow, errors);
    let steps = lowering.steps;
    quote!({ #steps })
}

/// The function that declares the flow; without one, the item as it is written.
///
/// ```text
/// fn nightly() -> ::tribune::Flow<i64> {
///     ..
/// }
/// ```
pub(super) fn function(
    item: TokenStream,
    function: Option<&Function>,
    errors: &[Error],
    unknown: &[Ident],
) -> TokenStream {
    let Some(function) = function else {
        let mut tokens = item;
        tokens.extend(emit::errors(errors));
        return tokens;
    };
    let Function {
        attributes,
        visibility,
        keyword,
        name,
        output,
        ..
    } = function;
    let library = Library::new(function.flow.library.as_ref());
    let parameters = group_at(
        Delimiter::Parenthesis,
        TokenStream::new(),
        function.paren.span.join(),
    );
    let output = match output {
        ReturnType::Default => quote!(-> #library::Flow),
        ReturnType::Type(arrow, ty) => quote!(#arrow #library::Flow<#ty>),
    };
    let body = flow(&function.flow, errors, unknown);
    let beside = function::beside(function, &library, errors);
    quote!(#(#attributes)* #visibility #keyword #name #parameters #output #body #beside)
}

/// When the steps are run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Runs {
    /// By the engine.
    Later,
    /// Where they are written: `name::plain`.
    Here,
}

struct Lowering {
    runs: Runs,
    library: Library,
    flow: Ident,
    mistake: Ident,
    /// The statements so far.
    steps: TokenStream,
    /// How many variables have been made for calls without a name.
    count: usize,
}

impl Lowering {
    fn new(flow: &Flow, runs: Runs) -> Self {
        Self {
            runs,
            library: Library::new(flow.library.as_ref()),
            flow: emit::local("flow", Span::call_site()),
            mistake: emit::local("mistake", Span::call_site()),
            steps: TokenStream::new(),
            count: 0,
        }
    }

    fn start(&mut self, flow: &Flow, errors: &[Error]) {
        let Self {
            library,
            flow: variable,
            mistake,
            ..
        } = &*self;
        let name = flow
            .name
            .as_ref()
            .map_or_else(|| quote!(""), ToTokens::to_token_stream);
        let mistakes = emit::errors(errors);
        let mistakes = (!errors.is_empty()).then(|| quote!(let #mistake = { #mistakes };));
        let setters = flow.setters.iter().map(|setter| {
            let setter = emit::setter(setter, library);
            quote!(#variable.#setter;)
        });
        let empty = (errors.is_empty() && flow.body.is_empty())
            .then(|| flow.name.as_ref().map(|name| without_steps(name, library)));
        let start = quote! {
            #mistakes
            #empty
            #[allow(unused_mut)]
            let mut #variable = #library::Flow::builder(#name);
            #(#setters)*
        };
        self.steps.extend(start);
    }

    fn parameters(&mut self, parameters: &[Parameter]) {
        let Self { flow, mistake, .. } = &*self;
        let parameters = parameters.iter().map(|Parameter { name, ty, default }| {
            let Some(ty) = ty else {
                return quote!(let #name = #mistake;);
            };
            let text = name.unraw().to_string();
            // The call stands at the name: rustc shows it if the type or the default is wrong.
            let place = Span::call_site().located_at(name.span());
            let flow = emit::moved(flow, place);
            match default {
                None => quote_spanned!(place=> let #name = #flow.parameter::<#ty>(#text);),
                Some(default) => {
                    let default = owned_default(ty, default);
                    // A variable with a type is what rustc says least about.
                    let variable = emit::local("default", place);
                    quote_spanned! {place=>
                        let #variable: #ty = #default;
                        let #name = #flow.parameter_or(#text, #variable);
                    }
                }
            }
        });
        let parameters: TokenStream = parameters.collect();
        self.steps.extend(parameters);
    }

    fn step(&mut self, step: &Step) {
        if step.cfg.is_empty() {
            return self.always(step);
        }
        let outer = std::mem::take(&mut self.steps);
        self.always(step);
        let steps = std::mem::replace(&mut self.steps, outer);
        let cfg = &step.cfg;
        self.steps.extend(match &step.pattern {
            Some(pattern) => {
                let names = pattern.names();
                quote! {
                    #(#cfg)*
                    #[allow(unused_variables)]
                    let (#(#names,)*) = { #steps (#(#names,)*) };
                }
            }
            None => quote!(#(#cfg)* { #steps }),
        });
    }

    /// A step without its conditions.
    fn always(&mut self, Step { pattern, value, .. }: &Step) {
        match pattern {
            Some(pattern) => self.bind(pattern, value),
            None => self.statement(value),
        }
    }

    /// A value that is there for its steps alone.
    fn statement(&mut self, value: &Value) {
        let steps = match value {
            Value::Call(call) => self.node(call),
            Value::For(each) => self.each(each, Wanted::Steps),
            Value::Branch(branch) => self.branch(branch, Wanted::Steps),
            Value::Guess(tokens) => return self.steps.extend(emit::for_editors(tokens)),
            // What else stands alone was reported.
            _ => return,
        };
        self.steps.extend(quote!(#steps;));
    }

    fn end(&mut self, flow: &Flow, errors: &[Error]) {
        let output = flow
            .body
            .output
            .as_ref()
            .map_or_else(|| quote!(()), |value| self.value(value));
        let Self {
            library,
            flow: variable,
            mistake,
            ..
        } = &*self;
        let references = flow
            .references
            .iter()
            .map(|name| quote!(#variable.reference_task(#name);));
        // The call stands at the output: rustc shows it there, once, if it cannot be one.
        let (start, end) = emit::ends(&output);
        let library = library.at(start);
        let finished = group_at(Delimiter::Parenthesis, quote!(#variable, #output), end);
        let finished = quote_spanned!(start=> #library::__private::flow #finished);
        let mistake = (!errors.is_empty()).then(|| quote!(; #mistake));
        self.steps
            .extend(quote!(#(#references)* #finished #mistake));
    }

    /// A call as the expression that adds its node: `flow.add(load {})`.
    fn node(&mut self, call: &Call) -> TokenStream {
        let node = self.call(call);
        let place = Span::call_site().located_at(call.path.span());
        let flow = emit::moved(&self.flow, place);
        let node = quote_spanned!(place=> #flow.add(#node));
        let node = self.attempt(node);
        match &call.clean_up {
            None => node,
            Some(clean_up) => self.clean_up(clean_up, &node, place),
        }
    }

    /// What runs here and fails is the end of all.
    fn attempt(&self, tokens: TokenStream) -> TokenStream {
        match self.runs {
            Runs::Later => tokens,
            Runs::Here => quote!(#tokens?),
        }
    }

    /// A call with a clean-up, as the expression that adds its node:
    ///
    /// ```text
    /// {
    ///     let resource = flow.add(open {});
    ///     flow.clean_up(resource, <close>::__call(::tribune::input(resource)));
    ///     resource
    /// }
    /// ```
    fn clean_up(&mut self, clean_up: &CleanUp, node: &TokenStream, place: Span) -> TokenStream {
        let resource = emit::local("resource", place);
        let (name, call) = match clean_up {
            CleanUp::Task(path) => {
                let (start, end) = emit::ends(&path.to_token_stream());
                // Rustc shows it at the task if that takes another type.
                let taken = emit::moved(&resource, start);
                let library = self.library.at(taken.span());
                let value = group_at(Delimiter::Parenthesis, quote!(#taken), taken.span());
                let input = quote_spanned!(taken.span()=> #library::input #value);
                let inputs = group_at(Delimiter::Parenthesis, input, end);
                let start = quote_spanned!(start=> <);
                let end = quote_spanned!(end=> >::__call);
                (None, quote!(#start #path #end #inputs))
            }
            CleanUp::Call(name, call) => {
                let call = self.call(call);
                (Some(quote!(let #name = #resource;)), call)
            }
        };
        let flow = emit::moved(&self.flow, place);
        quote_spanned! {place=>
            {
                let #resource = #node;
                #name
                #flow.clean_up(#resource, #call);
                #resource
            }
        }
    }

    /// The inputs of a task, with the options of the call.
    fn call(&mut self, call: &Call) -> TokenStream {
        let path = &call.path;
        let span = call.paren.span.join();
        let inputs = match &call.arguments {
            Arguments::Named(named) => {
                let inputs = named.iter().map(|(name, equals, value)| {
                    let value = self.input(value);
                    // The place of `=` keeps the whole literal in the user's text.
                    let colon = Token![:](equals.span);
                    quote!(#name #colon #value,)
                });
                let inputs = group_at(Delimiter::Brace, inputs.collect(), span);
                quote!(#path #inputs)
            }
            Arguments::Positional(values) => {
                let inputs = values.iter().map(|value| {
                    let value = self.input(value);
                    quote!(#value,)
                });
                let inputs = group_at(Delimiter::Parenthesis, inputs.collect(), span);
                let (start, end) = emit::ends(&path.to_token_stream());
                let start = quote_spanned!(start=> <);
                let end = quote_spanned!(end=> >::__call);
                quote!(#start #path #end #inputs)
            }
            Arguments::Mistake(words) => {
                // One of them is perhaps the beginning of the name of an argument.
                let guess = quote!(#path { #(#words,)* });
                self.steps.extend(emit::for_editors(&guess));
                self.mistake.to_token_stream()
            }
        };
        if call.options.is_empty() {
            return inputs;
        }
        let options: TokenStream = call
            .options
            .iter()
            .map(|option| self.option(option))
            .collect();
        let place = Span::call_site().located_at(path.span());
        let library = self.library.at(place);
        quote_spanned!(place=> #library::Call::new(#inputs) #options)
    }

    fn option(&mut self, option: &CallOption) -> TokenStream {
        match option {
            CallOption::After(method, values) => {
                let mut handles = Vec::new();
                for value in values {
                    self.handles(value, &mut handles);
                }
                quote!(#(.#method(#handles))*)
            }
            CallOption::Setter(setter) => {
                let setter = emit::setter(setter, &self.library);
                quote!(.#setter)
            }
            CallOption::Rust(tokens) => quote!(.#tokens),
        }
    }

    /// The handles in lists of them, which differ in type.
    fn handles(&mut self, value: &Value, handles: &mut Vec<TokenStream>) {
        match value {
            Value::Array(_, items) | Value::Tuple(_, items) => {
                for item in items {
                    self.handles(item, handles);
                }
            }
            other => handles.push(self.value(other)),
        }
    }

    /// `::tribune::input(value)`, placed at the value, which rustc shows if its type is wrong.
    fn input(&mut self, value: &Value) -> TokenStream {
        let tokens = self.value(value);
        if matches!(value, Value::Mistake) {
            return tokens;
        }
        let (start, end) = emit::ends(&tokens);
        let library = self.library.at(start);
        let tokens = group_at(Delimiter::Parenthesis, tokens, end);
        quote_spanned!(start=> #library::input #tokens)
    }

    /// A value as an expression; the calls in it become variables before.
    fn value(&mut self, value: &Value) -> TokenStream {
        match value {
            Value::Call(call) => {
                let node = self.node(call);
                let variable = self.variable(call.path.span());
                self.steps.extend(quote!(let #variable = #node;));
                variable.into_token_stream()
            }
            Value::For(_) | Value::Branch(_) => {
                let tokens = self.control(value);
                let (place, _) = emit::ends(&tokens);
                let variable = self.variable(place);
                self.steps.extend(quote!(let #variable = #tokens;));
                variable.into_token_stream()
            }
            Value::Name(name) => name.to_token_stream(),
            Value::Borrow(and, name) => quote!(#and #name),
            Value::Array(bracket, items) => {
                let items = items.iter().map(|item| self.value(item));
                let items = items.map(|item| quote!(#item,)).collect();
                group_at(Delimiter::Bracket, items, bracket.span.join()).into_token_stream()
            }
            Value::Tuple(paren, items) => {
                let items = items.iter().map(|item| self.value(item));
                let items = items.map(|item| quote!(#item,)).collect();
                group_at(Delimiter::Parenthesis, items, paren.span.join()).into_token_stream()
            }
            Value::Rust(Expr::Block(block)) => block_at(block),
            Value::Rust(expression) => expression.to_token_stream(),
            Value::Mistake | Value::Guess(_) => self.mistake.to_token_stream(),
        }
    }

    fn variable(&mut self, at: Span) -> Ident {
        let name = format!("step{}", self.count);
        self.count += 1;
        emit::local(&name, at)
    }
}

/// A use of something deprecated, at the name of the flow: the one way to give a warning.
fn without_steps(name: &Expr, library: &Library) -> TokenStream {
    let place = name.span();
    let library = library.at(place);
    quote_spanned!(place=> #library::__private::a_flow_without_steps();)
}

/// A string literal is a default of a `String`, as it is an argument for one.
fn owned_default(ty: &Type, default: &Expr) -> TokenStream {
    let is_string = matches!(ty, Type::Path(path) if path.path.is_ident("String"));
    match literal(default) {
        Some(Lit::Str(text)) if is_string => quote!(::core::convert::From::from(#text)),
        _ => default.to_token_stream(),
    }
}

/// A block whose braces stand in the user's text without being a part of it: they tell `flow!` that
/// the code in them is ordinary Rust, and rustc would call them unnecessary.
fn block_at(block: &ExprBlock) -> TokenStream {
    let mut tokens = block.to_token_stream();
    if block.attrs.is_empty() && block.label.is_none() {
        let span = block.block.brace_token.span.join();
        let span = Span::call_site().located_at(span);
        let content: TokenStream = block
            .block
            .stmts
            .iter()
            .map(ToTokens::to_token_stream)
            .collect();
        tokens = group_at(Delimiter::Brace, content, span).into_token_stream();
    }
    tokens
}
