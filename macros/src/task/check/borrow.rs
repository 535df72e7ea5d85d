//! Borrows in types, and types that are hidden.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

use crate::options::is_punct;

/// The place of a borrow in a type: a `&` or a lifetime, where it is not `'static`.
///
/// Types of functions are passed over, because their arguments may be borrows.
pub(super) fn borrow_in(ty: TokenStream) -> Option<Span> {
    let mut before = [None, None];
    let mut tokens = ty.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Ident(word) if word == "for" => return None,
            TokenTree::Punct(mark) if mark.as_char() == '&' => {
                let borrows = !matches!(tokens.peek(), Some(next) if is_punct(next, '\''));
                if borrows && !is_arrow(&before) {
                    return Some(mark.span());
                }
            }
            TokenTree::Punct(mark) if mark.as_char() == '\'' => {
                let name = tokens
                    .next_if(|name| !matches!(name, TokenTree::Ident(name) if name == "static"));
                if let Some(name) = name {
                    return Some(name.span());
                }
            }
            TokenTree::Group(group) if !is_arguments(group, &before) => {
                if let Some(borrow) = borrow_in(group.stream()) {
                    return Some(borrow);
                }
            }
            _ => {}
        }
        let [_, last] = before;
        before = [last, Some(token)];
    }
    None
}

/// The place of an `impl Trait` in a type, wherever it stands.
pub(super) fn impl_in(ty: TokenStream) -> Option<Span> {
    ty.into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if word == "impl" => Some(word.span()),
        TokenTree::Group(group) => impl_in(group.stream()),
        _ => None,
    })
}

/// Tells whether the last two tokens are a `->`, which in a type only functions have.
fn is_arrow(before: &[Option<TokenTree>; 2]) -> bool {
    matches!(before, [Some(first), Some(last)] if is_punct(first, '-') && is_punct(last, '>'))
}

/// Tells whether a group is the arguments of `fn(..)` or `Fn(..)`.
fn is_arguments(group: &Group, [_, last]: &[Option<TokenTree>; 2]) -> bool {
    group.delimiter() == Delimiter::Parenthesis && matches!(last, Some(TokenTree::Ident(_)))
}
