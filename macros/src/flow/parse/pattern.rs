//! What the patterns of a branch bind.
//!
//! Whether they match, and whether they cover everything, is left to rustc.

use syn::{Pat, PatIdent};

use super::{MUT, is_lower_case};
use crate::diagnostics::Errors;
use crate::flow::ast::Binding;

/// What a pattern binds; `borrows` tells whether it is matched with a reference.
pub(super) fn bindings(pattern: Option<&Pat>, borrows: bool, errors: &mut Errors) -> Vec<Binding> {
    let mut bindings = Vec::new();
    if let Some(pattern) = pattern {
        collect(pattern, borrows, &mut bindings, errors);
    }
    bindings
}

fn collect(pattern: &Pat, borrows: bool, bindings: &mut Vec<Binding>, errors: &mut Errors) {
    let mut each = |pattern| collect(pattern, borrows, bindings, errors);
    match pattern {
        Pat::Ident(name) => ident(name, borrows, bindings, errors),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(each),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(each),
        Pat::Slice(slice) => slice.elems.iter().for_each(each),
        Pat::Struct(fields) => fields.fields.iter().for_each(|field| each(&field.pat)),
        Pat::Paren(paren) => each(&paren.pat),
        Pat::Type(typed) => each(&typed.pat),
        // Every case binds the same names.
        Pat::Or(or) => or.cases.iter().take(1).for_each(each),
        // Behind `&` there is the value itself.
        Pat::Reference(reference) => collect(&reference.pat, false, bindings, errors),
        _ => {}
    }
}

fn ident(pattern: &PatIdent, borrows: bool, bindings: &mut Vec<Binding>, errors: &mut Errors) {
    let PatIdent {
        by_ref,
        mutability,
        ident,
        subpat,
        ..
    } = pattern;
    if let Some(keyword) = mutability {
        errors.help(keyword, MUT, "remove it");
    }
    // Rust takes a bare name for a constant if there is one, and constants begin with a capital.
    let binds =
        by_ref.is_some() || mutability.is_some() || subpat.is_some() || is_lower_case(ident);
    if binds {
        let by_reference = borrows || by_ref.is_some();
        bindings.push(Binding {
            name: ident.clone(),
            by_reference,
        });
    }
    if let Some((_, pattern)) = subpat {
        collect(pattern, borrows, bindings, errors);
    }
}
