//! What the macros say: collected errors, near names, and texts that are used twice.

use std::fmt::Display;
use std::ops::Range;

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::Error;
use syn::buffer::Cursor;

/// The mistakes found so far. They are reported together, so that one does not hide another.
#[derive(Default)]
pub(crate) struct Errors {
    found: Vec<Error>,
    unknown: Vec<Ident>,
}

impl Errors {
    /// Reports a mistake in these tokens.
    pub(crate) fn at(&mut self, tokens: &impl ToTokens, message: impl Display) {
        self.push(Error::new_spanned(tokens, message));
    }

    /// Reports a mistake at this place.
    pub(crate) fn at_span(&mut self, span: Span, message: impl Display) {
        self.push(Error::new(span, message));
    }

    /// Reports a mistake in these tokens, and says what to write instead.
    pub(crate) fn help(
        &mut self,
        tokens: &impl ToTokens,
        message: impl Display,
        help: impl Display,
    ) {
        self.at(tokens, format!("{message}\nhelp: {help}"));
    }

    /// Reports a mistake at this place, and says what to write instead.
    pub(crate) fn help_at(&mut self, span: Span, message: impl Display, help: impl Display) {
        self.at_span(span, format!("{message}\nhelp: {help}"));
    }

    /// Reports a mistake in everything between two places, and says what to write instead.
    pub(crate) fn help_between(&mut self, place: Range<Cursor<'_>>, message: &str, help: &str) {
        let message = format!("{message}\nhelp: {help}");
        self.push(Error::new_range(place, message));
    }

    /// Keeps what the parser of Rust said.
    pub(crate) fn keep(&mut self, error: Error) {
        self.push(error);
    }

    /// Two parsers that stop at the same place say the same, which is one mistake.
    fn push(&mut self, error: Error) {
        // Places have no equality, but a text.
        let text = |error: &Error| format!("{:?} {error}", error.span());
        let new = text(&error);
        if self.found.iter().all(|other| text(other) != new) {
            self.found.push(error);
        }
    }

    /// Reports the second of two things of which there can be one.
    pub(crate) fn twice(&mut self, what: &str, second: &Ident, first: &Ident) {
        let message = format!("{what} `{second}` is given twice");
        self.two(
            second,
            message,
            first,
            &format!("`{first}` is first given here"),
        );
    }

    /// Reports the second of two things that do not go together, and then the first.
    pub(crate) fn two(
        &mut self,
        second: &impl ToTokens,
        message: impl Display,
        first: &impl ToTokens,
        of_first: &str,
    ) {
        let mut error = Error::new_spanned(second, message);
        error.combine(Error::new_spanned(first, of_first));
        self.push(error);
    }

    /// Remembers what may become the name of an option, which editors can complete.
    pub(crate) fn unknown_option(&mut self, key: &Ident) {
        self.unknown.push(key.clone());
    }

    /// How many mistakes were found so far.
    pub(crate) const fn count(&self) -> usize {
        self.found.len()
    }

    /// Gives the errors away, which is what keeps them from being lost, and the unknown options.
    pub(crate) fn into_parts(mut self) -> (Vec<Error>, Vec<Ident>) {
        let unknown = std::mem::take(&mut self.unknown);
        (std::mem::take(&mut self.found), unknown)
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        debug_assert!(
            self.found.is_empty() || std::thread::panicking(),
            "errors were found and not reported"
        );
    }
}

/// The name among `names` that was probably meant by `name`.
pub(crate) fn nearest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let most = name.len().max(3) / 3;
    let (distance, near) = names
        .iter()
        .map(|other| (distance(name, other), *other))
        .min_by_key(|near| near.0)?;
    (distance <= most).then_some(near)
}

/// How many characters have to be added, removed or changed to make `a` of `b`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (to, pair) in b.chars().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            let changed = diagonal + usize::from(from != to);
            let before = next.last().map_or(usize::MAX, |last| last + 1);
            next.push(changed.min(above + 1).min(before));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

/// "`a`, `b` and `c`".
pub(crate) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
