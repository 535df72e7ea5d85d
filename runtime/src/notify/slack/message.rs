//! [`Message`]: what stands in a channel, so typed that Slack takes it.
//!
//! Every text is escaped once, when it comes in, and cut where Slack would refuse it. There is no way
//! to put mark-up in, so that no text of other people mentions somebody or ends a code block.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::mrkdwn::{Place, fit};
use crate::state::StateKind;

mod blocks;
mod classic;
mod compose;

pub(super) use classic::one_change;

/// The longest first line.
const LONGEST_LINE: usize = 500;
/// Slack takes a little more, but counts in its own way.
const LONGEST_TEXT: usize = 2500;
const LONGEST_FIELD: usize = 300;
const LONGEST_NOTE: usize = 300;
const MOST_FIELDS: usize = 10;
const MOST_NOTES: usize = 10;
/// How long all parts together may be: Slack cuts more than 8,000, and a message should stay under
/// 16 KB.
const MOST_CHARACTERS: usize = 7500;

/// A message to Slack, of texts that are escaped and cut to what Slack takes.
///
/// It is what a function for [`format`](super::SlackNotifier::format) answers.
///
/// # Examples
///
/// ```
/// use tribune::notify::Message;
/// use tribune::prelude::*;
///
/// fn my_message(change: &StateChange, new: &State) -> Message {
///     let message = Message::new(format!("{} needs you", change.name()))
///         .state(new.kind())
///         .field("Flow", change.flow_name())
///         .note("docs: https://wiki.example.org/on-call");
///     match new.error() {
///         Some(error) => message.code(error.to_string()),
///         None => message,
///     }
/// }
///
/// #[task(state_handlers = [slack_notifier(format = my_message)])]
/// fn load() {}
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "a message does nothing until it is returned from a format"]
pub struct Message {
    /// The first line, which is also what a notification on a phone says.
    line: String,
    color: Option<Cow<'static, str>>,
    parts: Vec<Part>,
    fields: Vec<Field>,
    notes: Vec<String>,
    /// The characters in parts and fields.
    length: usize,
    /// How many texts found no room.
    left_out: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Part {
    Text(String),
    /// Without the fences.
    Code(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Field {
    name: String,
    value: String,
}

/// What a message looks like in the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::notify) enum Style {
    /// A line, and blocks beside a bar in the state's colour.
    Blocks,
    /// The attachment of the Python library, which Mattermost and its like take too.
    Classic,
}

impl Message {
    /// A message with this first line.
    ///
    /// Line breaks in it become spaces, and without a letter it says `(no text)`: Slack takes no empty
    /// message.
    pub fn new(line: impl AsRef<str>) -> Self {
        let line = line.as_ref().split_whitespace().collect::<Vec<_>>();
        let line = fit(&line.join(" "), Place::Line, LONGEST_LINE);
        Self {
            line: not_empty(line, "(no text)"),
            color: None,
            parts: Vec::new(),
            fields: Vec::new(),
            notes: Vec::new(),
            length: 0,
            left_out: 0,
        }
    }

    /// Adds the bar in the colour of this state, and its sign before the first line.
    pub fn state(mut self, kind: StateKind) -> Self {
        self.line = format!("{} {}", emoji(kind), self.line);
        self.color = Some(Cow::Borrowed(kind.color()));
        self
    }

    /// Adds a paragraph.
    pub fn text(mut self, text: impl AsRef<str>) -> Self {
        let text = fit(text.as_ref(), Place::Line, LONGEST_TEXT);
        if !text.trim().is_empty() && self.has_room(&text) {
            self.parts.push(Part::Text(text));
        }
        self
    }

    /// Adds a text in a code block: an error, a trace.
    pub fn code(mut self, text: impl AsRef<str>) -> Self {
        let text = fit(text.as_ref(), Place::Fence, LONGEST_TEXT);
        if !text.trim().is_empty() && self.has_room(&text) {
            self.parts.push(Part::Code(text));
        }
        self
    }

    /// Adds a name and a value that stand beside others; ten at most.
    pub fn field(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let fit = |text: &str| fit(text, Place::Line, LONGEST_FIELD);
        let (name, value) = (fit(name.as_ref()), fit(value.as_ref()));
        if self.fields.len() == MOST_FIELDS {
            self.left_out += 1;
        } else if self.has_room(&(name.clone() + &value)) {
            let (name, value) = (not_empty(name, "-"), not_empty(value, "-"));
            self.fields.push(Field { name, value });
        }
        self
    }

    /// Adds a note in small letters below the rest; ten at most.
    pub fn note(mut self, text: impl AsRef<str>) -> Self {
        let note = fit(text.as_ref(), Place::Line, LONGEST_NOTE);
        if note.trim().is_empty() {
            return self;
        }
        if self.notes.len() == MOST_NOTES - 1 {
            self.left_out += 1;
        } else {
            self.notes.push(note);
        }
        self
    }

    /// The same message with each text changed.
    pub(super) fn map(mut self, change: impl Fn(&str) -> String) -> Self {
        let texts = self.parts.iter_mut().map(|part| match part {
            Part::Text(text) | Part::Code(text) => text,
        });
        let fields = self.fields.iter_mut();
        let fields = fields.flat_map(|field| [&mut field.name, &mut field.value]);
        for text in texts.chain(fields).chain(&mut self.notes) {
            *text = change(text);
        }
        self.line = change(&self.line);
        self
    }

    /// Calls these people, whose mark-up is checked, in the first line.
    pub(super) fn mention(mut self, who: &[Cow<'static, str>]) -> Self {
        if !who.is_empty() {
            self.line = format!("{} {}", who.join(" "), self.line);
        }
        self
    }

    /// Links to this address, if it is one.
    pub(super) fn link(mut self, url: &str, label: &str) -> Self {
        if let Some(url) = super::mrkdwn::link(url) {
            self.line = format!("{} (<{url}|{label}>)", self.line);
        }
        self
    }

    /// Takes up the characters of a text, if that many are left.
    fn has_room(&mut self, text: &str) -> bool {
        let length = text.encode_utf16().count();
        let fits = self.length + length <= MOST_CHARACTERS;
        match fits {
            true => self.length += length,
            false => self.left_out += 1,
        }
        fits
    }

    /// The notes, and how much found no room.
    fn all_notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        if self.left_out > 0 {
            notes.push(format!(
                "... and {} more parts of this message",
                self.left_out
            ));
        }
        notes
    }

    /// Only the text: what Slack takes when it refuses everything else.
    fn plain(&self) -> String {
        let fields = self
            .fields
            .iter()
            .map(|field| format!("{}: {}", field.name, field.value));
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Code(text) => format!("```{text}```"),
        });
        let mut lines = vec![self.line.clone()];
        lines.extend(parts.chain(fields).chain(self.all_notes()));
        let mut plain = String::new();
        for line in lines {
            // More than that is split into several messages.
            if plain.len() + line.len() < 3800 {
                plain.push_str(&line);
                plain.push('\n');
            }
        }
        plain.trim_end().to_owned()
    }
}

/// The text, or what stands for none: Slack refuses empty texts.
fn not_empty(text: String, otherwise: &str) -> String {
    match text.trim().is_empty() {
        true => otherwise.to_owned(),
        false => text,
    }
}

/// The notes as a footer, which is shorter than blocks.
fn fit_footer(notes: &[String]) -> String {
    let mut footer = String::new();
    for note in notes {
        if footer.len() + note.len() < LONGEST_NOTE {
            footer = format!(
                "{footer}{}{note}",
                if footer.is_empty() { "" } else { " | " }
            );
        }
    }
    footer
}

/// A sign for those who do not see colours.
fn emoji(kind: StateKind) -> &'static str {
    match kind {
        StateKind::Success | StateKind::Cached => "✅",
        StateKind::Mapped => "🗂️",
        StateKind::Skipped => "⏭️",
        StateKind::TimedOut => "⏰",
        StateKind::Retrying => "🔁",
        StateKind::Paused => "⏸️",
        StateKind::Cancelled | StateKind::Cancelling => "🛑",
        StateKind::Looped | StateKind::Resume => "🔄",
        kind if kind.is_failed() || kind == StateKind::ClientFailed => "❌",
        kind if kind.is_running() => "▶️",
        kind if kind.is_finished() => "🏁",
        _ => "⏳",
    }
}

#[cfg(test)]
mod tests;
