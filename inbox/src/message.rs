//! A message that came in, and how it reads without a screen.

use std::borrow::Cow;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::rules::{Refusal, Warning};

/// A message that came to a webhook of the inbox.
///
/// Printed, it is what a channel would show, without the colours.
#[derive(Clone, Debug)]
pub struct Message {
    pub(crate) number: u64,
    pub(crate) at: SystemTime,
    pub(crate) channel: String,
    pub(crate) payload: Value,
    pub(crate) verdict: Result<Vec<Warning>, Refusal>,
}

impl Message {
    /// Its number: the first message that came to the inbox is 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When it came.
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// The name of the channel that it was for.
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// What was posted; a text, if it was not JSON.
    pub fn payload(&self) -> &Value {
        &self.payload
    }

    /// What Slack would show badly.
    pub fn warnings(&self) -> &[Warning] {
        self.verdict.as_deref().unwrap_or_default()
    }

    /// What was answered instead of `ok`.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.verdict.as_ref().err()
    }

    /// What the page is told of it.
    pub(crate) fn to_json(&self) -> Value {
        let milliseconds = self
            .at
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let warning = |warning: &Warning| {
            json!({
                "name": warning.name(),
                "pointer": warning.pointer(),
                "reason": warning.reason(),
            })
        };
        let refusal = self.refusal().map(|refusal| {
            json!({
                "word": refusal.word(),
                "status": refusal.status(),
                "pointer": refusal.pointer(),
                "reason": refusal.reason(),
            })
        });
        json!({
            "number": self.number,
            "at": u64::try_from(milliseconds).unwrap_or(u64::MAX),
            "channel": self.channel,
            "payload": self.payload,
            "warnings": self.warnings().iter().map(warning).collect::<Vec<_>>(),
            "refusal": refusal,
        })
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(refusal) = self.refusal() {
            return write!(f, "(refused: {refusal})");
        }
        let mut lines = Vec::new();
        paragraph(&mut lines, "", &self.payload["text"]);
        blocks(&mut lines, "", &self.payload["blocks"]);
        for attachment in list(&self.payload["attachments"]) {
            for part in ["pretext", "author_name", "title", "text"] {
                paragraph(&mut lines, "┃ ", &attachment[part]);
            }
            for field in list(&attachment["fields"]) {
                paragraph(&mut lines, "┃ ", &field["title"]);
                paragraph(&mut lines, "┃ ", &field["value"]);
            }
            blocks(&mut lines, "┃ ", &attachment["blocks"]);
            paragraph(&mut lines, "┃ ", &attachment["footer"]);
        }
        f.write_str(&lines.join("\n"))
    }
}

/// The lines of these blocks, each after `bar`.
fn blocks(lines: &mut Vec<String>, bar: &str, blocks: &Value) {
    for block in list(blocks) {
        // The text of a block is an object or, in a markdown block, the text itself.
        paragraph(lines, bar, &block["text"]);
        paragraph(lines, bar, &block["text"]["text"]);
        for field in list(&block["fields"]) {
            paragraph(lines, bar, &field["text"]);
        }
        let elements = list(&block["elements"]).iter().map(|element| {
            let text = element["text"]
                .as_str()
                .or(element["text"]["text"].as_str());
            text.or(element["alt_text"].as_str()).unwrap_or_default()
        });
        let elements: Vec<&str> = elements.filter(|text| !text.is_empty()).collect();
        paragraph(lines, bar, &elements.join(" · ").into());
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn paragraph(lines: &mut Vec<String>, bar: &str, text: &Value) {
    let text = shown(text.as_str().unwrap_or_default());
    lines.extend(text.lines().map(|line| format!("{bar}{line}")));
}

/// What a reader sees of a text: the labels of its links and dates, no entities, no fences, and
/// nothing that moves the cursor.
fn shown(text: &str) -> String {
    let mut rest = text;
    let mut shown = String::new();
    while let Some((before, after)) = rest.split_once('<') {
        let Some((control, after)) = after.split_once('>') else {
            break;
        };
        shown.push_str(before);
        shown.push_str(&spelled_out(control));
        rest = after;
    }
    shown.push_str(rest);
    // A field of a block is a bold name over its value.
    let named = shown
        .strip_prefix('*')
        .and_then(|text| text.split_once("*\n"));
    let shown = named.map_or(shown.clone(), |(name, value)| format!("{name}: {value}"));
    let shown = shown
        .replace("```", "")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    shown
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

/// A link, a mention or a date without its brackets.
fn spelled_out(control: &str) -> Cow<'_, str> {
    match control.split_once('|') {
        Some((target, label)) if target.starts_with("http") => format!("{label} ({target})").into(),
        Some((_, label)) => label.into(),
        None => control.into(),
    }
}

#[cfg(test)]
mod tests;
