//! Tokens as a person writes them, for texts that are seen when the flow runs.

use proc_macro2::{Delimiter, Group, Punct, Spacing, TokenStream, TokenTree};

/// The text of a pattern or an expression, in one line.
pub(super) fn of(tokens: TokenStream) -> String {
    let mut writer = Writer::default();
    tokens.into_iter().for_each(|token| writer.token(token));
    writer.text
}

/// What stands before a token.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Before {
    /// The beginning, or something that wants no space behind it: `&`, `::`, `.`.
    #[default]
    Nothing,
    Keyword,
    /// A name, a literal or a group.
    Operand,
    /// The first mark of an operator with several.
    PartOf(char),
    Operator,
}

#[derive(Default)]
struct Writer {
    text: String,
    before: Before,
    /// How many `::<` are open.
    generics: usize,
}

impl Writer {
    fn token(&mut self, token: TokenTree) {
        match token {
            TokenTree::Ident(name) => {
                let name = name.to_string();
                let is_keyword = ["if", "match", "in", "let", "ref", "mut"].contains(&&*name);
                self.space(name == "if" || self.before != Before::Nothing);
                self.text.push_str(&name);
                self.before = if is_keyword {
                    Before::Keyword
                } else {
                    Before::Operand
                };
            }
            TokenTree::Literal(literal) => {
                self.space(self.before != Before::Nothing);
                self.text.push_str(&literal.to_string());
                self.before = Before::Operand;
            }
            TokenTree::Punct(mark) => self.mark(&mark),
            TokenTree::Group(group) => self.group(&group),
        }
    }

    fn space(&mut self, wanted: bool) {
        if wanted && !self.text.is_empty() {
            self.text.push(' ');
        }
    }

    fn group(&mut self, group: &Group) {
        let inner = of(group.stream());
        let spaced = match group.delimiter() {
            Delimiter::Brace => self.before != Before::Nothing,
            _ => matches!(
                self.before,
                Before::Keyword | Before::Operator | Before::PartOf(_)
            ),
        };
        self.space(spaced);
        let text = match group.delimiter() {
            Delimiter::Parenthesis => format!("({inner})"),
            Delimiter::Bracket => format!("[{inner}]"),
            Delimiter::Brace if inner.is_empty() => "{}".to_owned(),
            Delimiter::Brace => format!("{{ {inner} }}"),
            Delimiter::None => inner,
        };
        self.text.push_str(&text);
        self.before = Before::Operand;
    }

    fn mark(&mut self, mark: &Punct) {
        let sign = mark.as_char();
        let joint_or = |alone| match mark.spacing() {
            Spacing::Joint => Before::PartOf(sign),
            Spacing::Alone => alone,
        };
        let (spaced, before) = match (self.before, sign) {
            (before, '\'') => (before != Before::Nothing, Before::Nothing),
            (before, '.') => (before == Before::Operator, joint_or(Before::Nothing)),
            // `::` and `..=`
            (Before::PartOf(':'), ':') | (Before::PartOf('.'), '=') => (false, Before::Nothing),
            (_, ',' | ';') => (false, Before::Operator),
            (Before::PartOf(_), _) | (_, ':') => (false, joint_or(Before::Operator)),
            (_, '?') => (false, Before::Operand),
            // `Vec::<u8>`
            (Before::Nothing, '<') if !self.text.is_empty() => {
                self.generics += 1;
                (false, Before::Nothing)
            }
            (_, '>') if self.generics > 0 => {
                self.generics -= 1;
                (false, Before::Operand)
            }
            // `vec![1]`
            (Before::Operand, '!') if mark.spacing() == Spacing::Alone => (false, Before::Nothing),
            (Before::Operand, _) => (true, joint_or(Before::Operator)),
            // A sign: `-1`, `&n`, `!flag`.
            (before, _) => (before != Before::Nothing, Before::Nothing),
        };
        self.space(spaced);
        self.text.push(sign);
        self.before = before;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn texts_read_as_they_are_written() {
        for text in [
            "Kind::Rows(n) if n > 1000",
            "Kind::Empty | Kind::None",
            "1..=5",
            "..10",
            "0.. if ready",
            "-1",
            "Some(-1) | None",
            "Point { x, y: 3, .. }",
            "Point {}",
            "[first, .., last]",
            "[first, rest @ ..]",
            "(a, (_, b))",
            "&Some(ref n)",
            "n @ 1..=3",
            "x if x.len() == 2 && !x.is_empty()",
            "x if x >= -1 || check(&x)",
            "x if matches!(x, Some(_))",
            "x if x == Vec::<u8>::new()",
            "match &kind",
            "match load(x = 1, y = [a, b]).name(\"first\")",
            "if let Some(x) = found",
            "match (a, &b)",
            "if &ready",
            "'a'..='z'",
            "tasks::Kind::Named { name: Some(text) }",
        ] {
            assert_eq!(super::of(text.parse().unwrap()), text);
        }
    }
}
