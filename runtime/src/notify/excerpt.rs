//! Long texts without their middle.

use std::borrow::Cow;

/// The text, or its head and its tail around a marker, at most about `limit` characters long.
pub(super) fn excerpt(text: &str, limit: usize) -> Cow<'_, str> {
    // A text with fewer bytes has fewer characters: the usual case is not counted.
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let count = text.chars().count();
    if count <= limit {
        return Cow::Borrowed(text);
    }
    let tail = limit / 3;
    let head = limit - tail;
    let left_out = count - limit;
    let at = |nth: usize| {
        text.char_indices()
            .nth(nth)
            .map_or(text.len(), |(at, _)| at)
    };
    let (head, tail) = (&text[..at(head)], &text[at(count - tail)..]);
    Cow::Owned(format!("{head}{}{tail}", marker(left_out)))
}

/// What stands where characters are left out.
pub(super) fn marker(left_out: usize) -> String {
    format!(" [... {left_out} characters ...] ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_stays() {
        assert_eq!(excerpt("äöü", 3), "äöü");
    }

    #[test]
    fn a_long_text_keeps_its_ends() {
        assert_eq!(
            excerpt("äbcdefghijklm", 6),
            "äbcd [... 7 characters ...] lm"
        );
    }
}
