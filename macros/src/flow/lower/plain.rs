//! The flow as ordinary Rust: the same steps, with loops and branches that are those of Rust.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::bind::Waiting;
use super::control::Wanted;
use super::{Lowering, Runs};
use crate::flow::ast::{Branch, Flow, For};

impl Lowering {
    /// ```text
    /// {
    ///     let mut flow = <::tribune::__private::Plain as ::core::default::Default>::default();
    ///     let limit = flow.value(limit);
    ///     let rows = flow.add(load { x: ::tribune::input(limit) })?;
    ///     flow.output(rows)
    /// }
    /// ```
    pub(super) fn plain(flow: &Flow) -> TokenStream {
        let mut lowering = Self::new(flow, Runs::Here);
        let (library, variable) = (&lowering.library, &lowering.flow);
        let parameters = flow.parameters.iter().map(|parameter| &parameter.name);
        lowering.steps = quote! {
            #[allow(unused_mut)]
            let mut #variable = <#library::__private::Plain as ::core::default::Default>::default();
            #(let #parameters = #variable.value(#parameters);)*
        };
        for step in &flow.body.steps {
            lowering.step(step);
        }
        let output = flow.body.output.as_ref();
        let output = output.map_or_else(|| quote!(()), |value| lowering.value(value));
        let Self { steps, flow, .. } = lowering;
        quote!({ #steps #flow.output(#output) })
    }

    /// ```text
    /// flow.each(rows, |flow, row| {
    ///     let step0 = flow.add(..)?;
    ///     ::core::result::Result::Ok(step0)
    /// })?
    /// ```
    pub(super) fn each_here(&mut self, each: &For, wanted: Wanted) -> TokenStream {
        let lists = self.value(&each.lists);
        let outer = std::mem::take(&mut self.steps);
        let mut waiting = Waiting::new();
        let element = self.element(&each.pattern, &each.lists, &mut waiting);
        while let Some((value, paren, patterns)) = waiting.pop() {
            self.split((paren, patterns), &value, &mut waiting);
        }
        let output = self.block(&each.body, wanted);
        let steps = std::mem::replace(&mut self.steps, outer);
        let flow = &self.flow;
        let (method, output) = match output {
            Some(output) => (quote!(each), output),
            None => (quote!(each_without_value), quote!(())),
        };
        quote! {
            #flow.#method(#lists, |#flow, #element| {
                #steps
                ::core::result::Result::Ok(#output)
            })?
        }
    }

    /// The arms, after the branch has decided:
    ///
    /// ```text
    /// if let ::core::option::Option::Some((n,)) = flow.enter(&branch, arm0) {
    ///     ..
    /// } else if ..
    /// ```
    pub(super) fn arms_here(
        &mut self,
        branch: &Branch,
        names: &[Ident],
        decision: &Ident,
        wanted: Wanted,
    ) {
        let library = &self.library;
        let mut rest = match wanted {
            Wanted::Value => quote!({ #library::__private::core::unreachable!() }),
            Wanted::Steps => quote!({}),
        };
        for (arm, name) in branch.arms.iter().zip(names).rev() {
            let outer = std::mem::take(&mut self.steps);
            let output = self.block(&arm.body, wanted);
            let steps = std::mem::replace(&mut self.steps, outer);
            let bound = arm.bindings.iter().map(|binding| &binding.name);
            let flow = &self.flow;
            rest = quote! {
                if let ::core::option::Option::Some((#(#bound,)*)) = #flow.enter(&#decision, #name) {
                    #steps
                    #output
                } else #rest
            };
        }
        self.steps.extend(rest);
    }
}
