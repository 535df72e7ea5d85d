//! Texts of other people in the mark-up of Slack.
//!
//! Whatever a task is called and whatever its error says, it comes out as text: it links nothing,
//! mentions nobody, ends no code block, and is cut where Slack would refuse it.

use crate::notify::excerpt::marker;

/// What a text is put into, which decides what could break out of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Line,
    /// Between the backticks of a code block.
    Fence,
}

/// The text as it is written in the mark-up, at most `limit` characters long.
///
/// Characters are counted as Slack's own clients do, in UTF-16 units. What is too long loses its
/// middle, and says how much that was.
pub(super) fn fit(text: &str, place: Place, limit: usize) -> String {
    let (mut chars, skipped) = printable(text, limit);
    disarm(&mut chars, place);
    if skipped == 0 && chars.iter().copied().map(width).sum::<usize>() <= limit {
        return escape(&chars);
    }
    let room = limit.saturating_sub(marker(skipped + chars.len()).len());
    let head = fitting(chars.iter(), room - room / 3);
    let tail = fitting(chars[head..].iter().rev(), room / 3);
    let (head, rest) = chars.split_at(head);
    let (middle, tail) = rest.split_at(rest.len() - tail);
    escape(head) + &marker(skipped + middle.len()) + &escape(tail)
}

/// The address as it can stand in a link, if it is one for a browser.
pub(super) fn link(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https");
    // A bar ends the address, and angle brackets the link; the rest is encoded already.
    let text = url
        .as_str()
        .replace('|', "%7C")
        .replace('<', "%3C")
        .replace('>', "%3E");
    (is_web && text.len() <= 2000).then(|| text.replace('&', "&amp;"))
}

/// How many of the characters fit into this room.
fn fitting<'a>(chars: impl Iterator<Item = &'a char>, room: usize) -> usize {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += width(**c);
            used <= room
        })
        .count()
}

/// How many characters this one takes up once it is escaped.
fn width(c: char) -> usize {
    entity(c).map_or(c.len_utf16(), str::len)
}

/// Exactly these three are escaped, says Slack: nothing else is turned back.
fn entity(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}

fn escape(chars: &[char]) -> String {
    let mut escaped = String::with_capacity(chars.len());
    for &c in chars {
        match entity(c) {
            Some(entity) => escaped.push_str(entity),
            None => escaped.push(c),
        }
    }
    escaped
}

/// The printable characters, of which a long text loses the middle, and how many those are.
fn printable(text: &str, limit: usize) -> (Vec<char>, usize) {
    let printable = || {
        text.chars()
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
    };
    let count = printable().count();
    if count <= 2 * limit {
        return (printable().collect(), 0);
    }
    let mut chars: Vec<char> = printable().take(limit).collect();
    chars.extend(printable().skip(count - limit));
    (chars, count - 2 * limit)
}

/// Replaces the backticks that would open or close a code block by a character that looks alike.
fn disarm(chars: &mut [char], place: Place) {
    let length = chars.len();
    let mut start = 0;
    for run in chars.chunk_by_mut(|a, b| (*a == '`') == (*b == '`')) {
        let end = start + run.len();
        let touches_fence = place == Place::Fence && (start == 0 || end == length);
        if run[0] == '`' && (run.len() >= 3 || touches_fence) {
            run.fill('\u{2cb}');
        }
        start = end;
    }
}

#[cfg(test)]
mod tests;
