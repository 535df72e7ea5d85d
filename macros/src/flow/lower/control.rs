//! Loops and branches: blocks, in which names are bound as they are in the user's text.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::token::Brace;

use super::bind::{Waiting, plain};
use super::{Lowering, Runs};
use crate::emit::{self, group_at};
use crate::flow::ast::{Arm, Block, Branch, BranchKind, For, Guard, Pattern, Value};

/// What a loop or a branch is there for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Value,
    Steps,
}

impl Lowering {
    /// A loop or a branch as the expression of its value.
    pub(super) fn control(&mut self, value: &Value) -> TokenStream {
        match value {
            Value::For(each) => self.each(each, Wanted::Value),
            Value::Branch(branch) => self.branch(branch, Wanted::Value),
            other => self.value(other),
        }
    }

    /// ```text
    /// {
    ///     let row = flow.enter_each(rows);
    ///     let step0 = flow.add(..);
    ///     flow.leave_each(step0)
    /// }
    /// ```
    pub(super) fn each(&mut self, each: &For, wanted: Wanted) -> TokenStream {
        if self.runs == Runs::Here {
            return self.each_here(each, wanted);
        }
        let lists = self.value(&each.lists);
        let outer = std::mem::take(&mut self.steps);
        let mut waiting = Waiting::new();
        let element = self.element(&each.pattern, &each.lists, &mut waiting);
        let enter = match each.lists {
            Value::Mistake => lists,
            _ => self.method_at("enter_each", lists),
        };
        self.steps.extend(quote!(let #element = #enter;));
        while let Some((value, paren, patterns)) = waiting.pop() {
            self.split((paren, patterns), &value, &mut waiting);
        }
        let leave = if let Some(output) = self.block(&each.body, wanted) {
            self.method_at("leave_each", output)
        } else {
            let flow = &self.flow;
            quote!(#flow.leave_each_without_value();)
        };
        self.steps.extend(leave);
        self.braces(outer, each.keyword.span)
    }

    /// A call of a method of the builder, placed at its argument.
    fn method_at(&self, method: &str, argument: TokenStream) -> TokenStream {
        let (start, end) = places(&argument);
        let flow = emit::moved(&self.flow, start);
        let method = Ident::new(method, start);
        let argument = group_at(Delimiter::Parenthesis, argument, end);
        quote_spanned!(start=> #flow.#method #argument)
    }

    /// The pattern of the elements: with lists in step, the outer tuple has one for each.
    pub(super) fn element<'a>(
        &mut self,
        pattern: &'a Pattern,
        lists: &Value,
        waiting: &mut Waiting<'a>,
    ) -> TokenStream {
        match (pattern, lists) {
            (Pattern::Tuple(paren, patterns), Value::Tuple(_, lists)) => {
                let mut lists = lists.iter();
                let targets = patterns.iter().map(|pattern| {
                    let target = match lists.next() {
                        Some(list) => self.element(pattern, list, waiting),
                        None => plain(pattern),
                    };
                    quote!(#target,)
                });
                let targets = targets.collect();
                group_at(Delimiter::Parenthesis, targets, paren.span.join()).into_token_stream()
            }
            (Pattern::Tuple(paren, patterns), lists) if !matches!(lists, Value::Mistake) => {
                let variable = self.variable(paren.span.join()).into_token_stream();
                waiting.push((variable.clone(), *paren, patterns));
                variable
            }
            _ => plain(pattern),
        }
    }

    /// ```text
    /// {
    ///     let arm0 = ::tribune::branch::Arm::new(0u32);
    ///     let arm1 = ::tribune::branch::Arm::new(1u32);
    ///     let branch = ::tribune::__private::branch(&mut flow, "match kind", kind, move |value| {
    ///         match value {
    ///             Kind::Empty => arm0.take(()),
    ///             Kind::Rows(n) => arm1.take((n,)),
    ///         }
    ///     });
    ///     let value0 = {
    ///         let () = flow.enter(branch, arm0, "Kind::Empty");
    ///         let step0 = flow.add(..);
    ///         flow.leave();
    ///         step0
    ///     };
    ///     let value1 = ..;
    ///     flow.choose(branch, [value0, value1])
    /// }
    /// ```
    pub(super) fn branch(&mut self, branch: &Branch, wanted: Wanted) -> TokenStream {
        let (_, place) = branch.keyword();
        let on = self.value(&branch.on);
        let outer = std::mem::take(&mut self.steps);
        let names = (0..branch.arms.len()).map(|at| emit::local(&format!("arm{at}"), place));
        let names: Vec<Ident> = names.collect();
        self.decide(branch, &on, &names);
        if self.runs == Runs::Here {
            let (start, _) = places(&on);
            self.arms_here(branch, &names, &emit::local("branch", start), wanted);
            return self.braces(outer, place);
        }
        let arms = branch.arms.iter().zip(&names).enumerate();
        let values = arms.filter_map(|(at, (arm, name))| self.arm(arm, name, at, wanted));
        let values: Vec<Ident> = values.collect();
        if wanted == Wanted::Value {
            let place = Span::call_site().located_at(place);
            let flow = emit::moved(&self.flow, place);
            let name = emit::local("branch", place);
            self.steps
                .extend(quote_spanned!(place=> #flow.choose(#name, [#(#values),*])));
        }
        self.braces(outer, place)
    }

    /// Adds the task that looks at the value with the user's own patterns, which rustc judges.
    fn decide(&mut self, branch: &Branch, on: &TokenStream, names: &[Ident]) {
        let (start, end) = places(on);
        let value = emit::local("value", start);
        let decision = match &branch.kind {
            BranchKind::If(keyword) => self.if_else(branch, &quote!(#keyword #value), names),
            BranchKind::IfLet(keyword, binds, equals) => {
                let pattern = branch.arms.iter().find_map(|arm| arm.pattern.as_ref());
                let test = quote!(#keyword #binds #pattern #equals #value);
                self.if_else(branch, &test, names)
            }
            BranchKind::Match(keyword, brace) => {
                let arms = self.match_arms(branch, *brace, names);
                quote!(#keyword #value #arms)
            }
        };
        let (library, here) = (&self.library, self.library.at(start));
        let suffix = if branch.borrows { "_ref" } else { "" };
        let (flow, text) = (emit::moved(&self.flow, start), &branch.text);
        let decided = match self.runs {
            Runs::Later => {
                let function = Ident::new(&format!("branch{suffix}"), start);
                let arguments =
                    quote_spanned!(start=> &mut #flow, #text, #on, move |#value| #decision);
                let arguments = group_at(Delimiter::Parenthesis, arguments, end);
                quote_spanned!(start=> #here::__private::#function #arguments)
            }
            Runs::Here => {
                let method = Ident::new(&format!("decide{suffix}"), start);
                let arguments = quote_spanned!(start=> #on, |#value| #decision);
                let arguments = group_at(Delimiter::Parenthesis, arguments, end);
                quote_spanned!(start=> #flow.#method #arguments?)
            }
        };
        let name = emit::local("branch", start);
        let numbers = 0u32..;
        let (names, numbers): (Vec<&Ident>, Vec<u32>) = names.iter().zip(numbers).unzip();
        self.steps.extend(quote! {
            #(let #names = #library::branch::Arm::new(#numbers);)*
        });
        // Between the user's braces stands an `else` that is not the user's.
        self.steps.extend(quote_spanned! {start=>
            #[allow(clippy::suspicious_else_formatting)]
            let #name = #decided;
        });
    }

    fn if_else(&self, branch: &Branch, test: &TokenStream, names: &[Ident]) -> TokenStream {
        let arms = branch.arms.iter().zip(names);
        let mut decisions = arms.map(|(arm, name)| self.take(arm, name));
        let (then, otherwise) = (decisions.next(), decisions.next());
        quote!(#test { #then } else { #otherwise })
    }

    fn match_arms(&self, branch: &Branch, brace: Brace, names: &[Ident]) -> TokenStream {
        let arms = branch.arms.iter().zip(names).map(|(arm, name)| {
            let (pattern, decision) = (&arm.pattern, self.take(arm, name));
            let guard = arm.guard.as_ref().map(|guard| match guard {
                Guard::Rust(keyword, guard) => quote!(#keyword #guard),
                Guard::Mistake => {
                    let mistake = &self.mistake;
                    quote!(if #mistake)
                }
            });
            // Behind these braces, at the end of the body, rustc offers to add missing arms.
            let decision = group_at(Delimiter::Brace, decision, arm.end);
            quote!(#pattern #guard => #decision,)
        });
        let arms = arms.collect();
        group_at(Delimiter::Brace, arms, brace.span.join()).into_token_stream()
    }

    /// `arm1.take((n,))`
    fn take(&self, arm: &Arm, name: &Ident) -> TokenStream {
        let bindings = arm.bindings.iter().map(|binding| {
            let name = &binding.name;
            if binding.by_reference {
                let place = Span::call_site().located_at(name.span());
                let library = self.library.at(place);
                quote_spanned!(place=> #library::__private::owned(#name),)
            } else {
                quote!(#name,)
            }
        });
        quote!(#name.take((#(#bindings)*)))
    }

    /// Adds the steps of an arm, and answers the variable of its value.
    fn arm(&mut self, arm: &Arm, name: &Ident, at: usize, wanted: Wanted) -> Option<Ident> {
        if arm.body.steps.is_empty() && arm.body.output.is_none() {
            return None;
        }
        let place = name.span();
        let outer = std::mem::take(&mut self.steps);
        let (branch, text) = (emit::local("branch", place), &arm.text);
        let names = arm.bindings.iter().map(|binding| &binding.name);
        let flow = self.flow.clone();
        self.steps
            .extend(quote!(let (#(#names,)*) = #flow.enter(#branch, #name, #text);));
        let output = self.block(&arm.body, wanted);
        self.steps.extend(quote!(#flow.leave();));
        let place = output.as_ref().map_or(place, |output| places(output).0);
        let value = output
            .is_some()
            .then(|| emit::local(&format!("value{at}"), place));
        self.steps.extend(output);
        let block = self.braces(outer, place);
        self.steps.extend(match &value {
            Some(value) => quote!(let #value = #block;),
            None => block,
        });
        value
    }

    /// Adds the statements of a block, and answers its value if it is wanted.
    pub(super) fn block(&mut self, block: &Block, wanted: Wanted) -> Option<TokenStream> {
        for step in &block.steps {
            self.step(step);
        }
        let output = block.output.as_ref()?;
        match (wanted, output) {
            (Wanted::Value, output) => return Some(self.value(output)),
            (Wanted::Steps, Value::Call(_) | Value::For(_) | Value::Branch(_)) => {
                self.statement(output);
            }
            (Wanted::Steps, other) => {
                let value = self.value(other);
                self.steps.extend(quote!(let _ = #value;));
            }
        }
        None
    }

    /// What was added since `outer` was taken, in braces.
    fn braces(&mut self, outer: TokenStream, place: Span) -> TokenStream {
        let steps = std::mem::replace(&mut self.steps, outer);
        let place = Span::call_site().located_at(place);
        group_at(Delimiter::Brace, steps, place).into_token_stream()
    }
}

/// Where tokens begin and end, for code around them that the user does not see.
fn places(tokens: &TokenStream) -> (Span, Span) {
    let (start, end) = emit::ends(tokens);
    let place = |span| Span::call_site().located_at(span);
    (place(start), place(end))
}
