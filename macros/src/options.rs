//! Lists of `key = value`: the options of a task, of a flow and of a handler.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::buffer::Cursor;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprAssign, Token, braced};

use crate::diagnostics::{Errors, listed, nearest};

/// Every list of options, for a test that editors are given the same.
#[cfg(test)]
pub(crate) const LISTS: [(&str, &Vocabulary); 2] = [
    ("task", &crate::task::OPTIONS),
    ("flow", &crate::flow::OPTIONS),
];

/// One `key = value`.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) key: Ident,
    pub(crate) value: Expr,
}

/// The keys that a list may have.
pub(crate) struct Vocabulary {
    /// What a key is called in messages.
    pub(crate) what: &'static str,
    /// The keys.
    pub(crate) keys: &'static [&'static str],
}

impl Vocabulary {
    /// Parses `key = value, ...` up to the end.
    pub(crate) fn parse(&self, input: ParseStream<'_>, errors: &mut Errors) -> Vec<Setting> {
        let mut settings = Vec::new();
        while !input.is_empty() {
            self.parse_one(input, &mut settings, errors);
            end_of_item(input, errors);
        }
        settings
    }

    /// Parses one `key = value` and keeps it, if it is the first of its key.
    pub(crate) fn parse_one(
        &self,
        input: ParseStream<'_>,
        settings: &mut Vec<Setting>,
        errors: &mut Errors,
    ) {
        let Ok(key) = input.call(Ident::parse_any) else {
            return self.refuse_token(input, errors);
        };
        if let Some(setting) = self.parse_value(key, input, errors) {
            match settings.iter().find(|other| other.key == setting.key) {
                Some(first) => errors.twice(self.what, &setting.key, &first.key),
                None => settings.push(setting),
            }
        }
    }

    fn refuse_token(&self, input: ParseStream<'_>, errors: &mut Errors) {
        if let Ok(token) = input.parse::<TokenTree>() {
            errors.at(
                &token,
                format!("expected a {}, such as `name = \"..\"`", self.what),
            );
        }
        skip_item(input);
    }

    fn parse_value(
        &self,
        key: Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> Option<Setting> {
        let known = self.check_key(&key, errors);
        let equals: Option<Token![=]> = input.parse().ok();
        if equals.is_none() || at_end_of_item(input) {
            // At the end of the list, syn would blame the whole attribute.
            if known {
                errors.help(
                    &key,
                    format!("{} `{key}` needs a value", self.what),
                    format!("write `{key} = ..`"),
                );
            }
            skip_item(input);
            return None;
        }
        match input.parse() {
            Ok(value) => known.then_some(Setting { key, value }),
            Err(error) => {
                errors.keep(error);
                skip_item(input);
                None
            }
        }
    }

    fn check_key(&self, key: &Ident, errors: &mut Errors) -> bool {
        let name = key.to_string();
        let what = self.what;
        if self.keys.contains(&name.as_str()) {
            return true;
        }
        errors.unknown_option(key);
        let help = match nearest(&name, self.keys) {
            Some(near) => format!("there is an option with a similar name: `{near}`"),
            None => format!("the options are {}", listed(self.keys)),
        };
        errors.help(key, format!("unknown {what} `{name}`"), help);
        false
    }
}

/// Understands the arguments of a call as options, of which the first is one.
pub(crate) fn named(
    what: &str,
    arguments: Punctuated<Expr, Token![,]>,
    errors: &mut Errors,
) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    for argument in arguments {
        let Some(setting) = as_setting(&argument) else {
            errors.help(
                &argument,
                format!("expected a {what}"),
                "options are written `option = value`",
            );
            continue;
        };
        match settings.iter().find(|other| other.key == setting.key) {
            Some(first) => errors.twice(what, &setting.key, &first.key),
            None => settings.push(setting),
        }
    }
    settings
}

fn as_setting(argument: &Expr) -> Option<Setting> {
    let Expr::Assign(ExprAssign { left, right, .. }) = argument else {
        return None;
    };
    let Expr::Path(key) = &**left else {
        return None;
    };
    let key = key.path.get_ident()?.clone();
    Some(Setting {
        key,
        value: Expr::clone(right),
    })
}

/// Parses the whole input of a macro.
///
/// The tokens are put in braces which end where the last token does: rustc would show what is
/// missing at the end of the input at the whole macro.
pub(crate) fn parse_input<T>(
    tokens: TokenStream,
    parse: impl FnOnce(ParseStream<'_>) -> T,
) -> syn::Result<T> {
    let last = tokens.clone().into_iter().last();
    let mut input = Group::new(Delimiter::Brace, tokens);
    if let Some(last) = last {
        input.set_span(match last {
            TokenTree::Group(group) => group.span_close(),
            other => other.span(),
        });
    }
    let parser = |outer: ParseStream<'_>| {
        let inner;
        braced!(inner in outer);
        let parsed = parse(&inner);
        skip_all(&inner);
        Ok(parsed)
    };
    parser.parse2(TokenTree::from(input).into())
}

/// Tells whether an item of a list ends here.
pub(crate) fn at_end_of_item(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,])
}

/// Takes the comma after an item of a list. What stands before it is reported, once.
pub(crate) fn end_of_item(input: ParseStream<'_>, errors: &mut Errors) {
    if !at_end_of_item(input) {
        errors.at_span(next_span(input), "expected `,`");
        skip_item(input);
    }
    let _: Option<Token![,]> = input.parse().ok();
}

/// The place of the next token; of a group, the place of its opening.
pub(crate) fn next_span(input: ParseStream<'_>) -> Span {
    match input.fork().parse() {
        Ok(TokenTree::Group(group)) => group.span_open(),
        Ok(token) => token.span(),
        Err(_) => input.span(),
    }
}

/// Tells whether `key =` follows.
pub(crate) fn at_setting(input: ParseStream<'_>) -> bool {
    let is_other_operator = input.peek2(Token![==]) || input.peek2(Token![=>]);
    input.peek(Ident::peek_any) && input.peek2(Token![=]) && !is_other_operator
}

/// Skips the rest of an item of a list, of which something was reported.
pub(crate) fn skip_item(input: ParseStream<'_>) {
    while !at_end_of_item(input) && input.parse::<TokenTree>().is_ok() {}
}

/// Skips everything.
pub(crate) fn skip_all(input: ParseStream<'_>) {
    while input.parse::<TokenTree>().is_ok() {}
}

/// The tokens from one place of a parser to a later one.
pub(crate) fn tokens_between(start: Cursor<'_>, end: Cursor<'_>) -> TokenStream {
    let mut tokens = Vec::new();
    let mut at = start;
    while at != end
        && let Some((token, next)) = at.token_tree()
    {
        tokens.push(token);
        at = next;
    }
    tokens.into_iter().collect()
}

/// Tells whether a token is this mark.
pub(crate) fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}
