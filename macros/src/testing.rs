//! What the unit tests of both macros share.

use std::collections::HashSet;

use proc_macro2::{Group, TokenStream, TokenTree};
use syn::Error;

/// The mistakes as `(underlined text, message)`.
pub(crate) fn told(errors: &[Error]) -> Vec<(String, String)> {
    let one = |error: Error| {
        let underlined = error.span().source_text().unwrap_or_default();
        (underlined, error.to_string())
    };
    errors.iter().flat_map(Clone::clone).map(one).collect()
}

/// Compares mistakes with a table of them.
pub(crate) fn assert_told(source: &str, errors: &[Error], expected: &[(&str, &str)]) {
    let told = told(errors);
    let told: Vec<(&str, &str)> = told
        .iter()
        .map(|(underlined, text)| (underlined.as_str(), text.as_str()))
        .collect();
    assert_eq!(told, expected, "in\n{source}");
}

/// Items as rustfmt would write them.
pub(crate) fn pretty_items(tokens: &TokenStream) -> String {
    let file = syn::parse2(tokens.clone()).expect("an expansion is Rust");
    prettyplease::unparse(&file)
}

/// An expression as rustfmt would write it.
pub(crate) fn pretty_expression(tokens: &TokenStream) -> String {
    let pretty = pretty_items(&quote::quote!(const _: () = #tokens;));
    let inner = pretty
        .strip_prefix("const _: () = ")
        .expect("it begins as written");
    inner
        .strip_suffix(";\n")
        .expect("it ends as written")
        .to_owned()
}

/// Every name in the tokens.
pub(crate) fn idents(tokens: TokenStream) -> HashSet<String> {
    let mut found = HashSet::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => drop(found.insert(ident.to_string())),
            TokenTree::Group(group) => found.extend(idents(group.stream())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

/// The tokens cut off at, without, and with a second copy of, each of them: as they look while
/// somebody types.
pub(crate) fn damaged(tokens: TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut all = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let (before, after) = (&tokens[..at], &tokens[at + 1..]);
        let with = |middle: &[TokenTree]| [before, middle, after].concat().into_iter().collect();
        all.push(before.iter().cloned().collect());
        all.push(with(&[]));
        all.push(with(&[token.clone(), token.clone()]));
        if let TokenTree::Group(group) = token {
            for inner in damaged(group.stream()) {
                let mut inner = Group::new(group.delimiter(), inner);
                inner.set_span(group.span());
                all.push(with(&[inner.into()]));
            }
        }
    }
    all
}

/// Rustc would show a mistake without a place at the whole macro.
#[track_caller]
pub(crate) fn assert_placed(source: &TokenStream, errors: &[Error]) {
    for (underlined, message) in told(errors) {
        assert!(
            !underlined.is_empty(),
            "`{message}` has no place in\n{source}"
        );
    }
}

/// Checks that these pieces of Rust stand in the expansion.
#[track_caller]
pub(crate) fn assert_emits(source: &str, expansion: &TokenStream, pieces: &[&str]) {
    let dense = |text: &str| text.split_whitespace().collect::<String>();
    let all = dense(&expansion.to_string());
    for piece in pieces {
        assert!(
            all.contains(&dense(piece)),
            "no `{piece}` in\n{expansion}\nof\n{source}"
        );
    }
}

/// The tokens with this name that stand somewhere in the user's code.
pub(crate) fn placed(tokens: &TokenStream, name: &str) -> Vec<TokenTree> {
    let mut found = Vec::new();
    for token in tokens.clone() {
        match &token {
            TokenTree::Group(group) => found.extend(placed(&group.stream(), name)),
            TokenTree::Ident(ident) if ident == name && ident.span().source_text().is_some() => {
                found.push(token);
            }
            _ => {}
        }
    }
    found
}

/// A text whose open brackets are closed at its end, as editors do.
pub(crate) fn closed(text: &str) -> String {
    let mut open = Vec::new();
    for mark in text.chars() {
        match mark {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' => drop(open.pop()),
            _ => {}
        }
    }
    text.chars().chain(open.into_iter().rev()).collect()
}

/// A section of the documentation with an expansion.
pub(crate) fn page(introduction: &str, expansion: &str) -> String {
    let expansion = expansion.trim_end();
    format!("\n# Expansion\n\n{introduction}\n\n```rust,ignore\n{expansion}\n```\n")
}

/// How many tokens there are, a group counting as its two brackets.
pub(crate) fn count(tokens: TokenStream) -> usize {
    let one = |token| match token {
        TokenTree::Group(group) => 2 + count(group.stream()),
        _ => 1,
    };
    tokens.into_iter().map(one).sum()
}
