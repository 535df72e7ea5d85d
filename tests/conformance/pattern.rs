//! Texts as the format writes them: with places where a printed error or value stood.

use serde_json::Value as Json;

use crate::errors;
use crate::values;

/// A piece of an expected text.
enum Piece {
    Text(String),
    /// Anything: the words of an error of the library's own.
    Free,
}

/// Whether a text is the one that a pattern describes: null, a text, or a text with arguments.
pub(crate) fn matches(pattern: &Json, text: Option<&str>) -> bool {
    match (pattern, text) {
        (Json::Null, None) => true,
        (Json::String(pattern), Some(text)) => pattern == text,
        (Json::Object(_), Some(text)) => fits(&pieces(pattern), text),
        _ => false,
    }
}

/// Whether a value is an expected text with arguments.
pub(crate) fn is_pattern(value: &Json) -> bool {
    value.as_object().is_some_and(|map| {
        map.len() == 2 && map.get("text").is_some_and(Json::is_string) && map.contains_key("args")
    })
}

fn pieces(pattern: &Json) -> Vec<Piece> {
    let mut rest = pattern["text"].as_str().unwrap_or_default();
    let mut pieces = Vec::new();
    while let Some((before, number, after)) = place(rest) {
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(rendered(&pattern["args"][number]));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}

/// The first place for an argument: what stands before it, its number, and what follows.
fn place(text: &str) -> Option<(&str, usize, &str)> {
    text.match_indices('{').find_map(|(at, _)| {
        let (number, after) = text[at + 1..].split_once('}')?;
        Some((&text[..at], number.parse().ok()?, after))
    })
}

/// An argument as this library prints it: an error as its message (D14).
fn rendered(argument: &Json) -> Piece {
    let Some(kind) = argument.get("error").and_then(Json::as_str) else {
        return Piece::Text(values::text(argument));
    };
    match argument["message"].as_str() {
        Some(message) if !errors::has_own_words(kind) => Piece::Text(message.to_owned()),
        _ => Piece::Free,
    }
}

fn fits(pieces: &[Piece], text: &str) -> bool {
    match pieces {
        [] => text.is_empty(),
        [Piece::Text(piece), rest @ ..] => text
            .strip_prefix(piece.as_str())
            .is_some_and(|text| fits(rest, text)),
        [Piece::Free, rest @ ..] => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| fits(rest, &text[at..]))
        }
    }
}
