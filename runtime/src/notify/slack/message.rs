//! The message about one change of state, as Slack takes it.
//!
//! One attachment in the classic shape, which is the only one with a bar in the state's colour. Its
//! keys, and their order, are those of the Python library that this one continues.

use serde::Serialize;

use super::mrkdwn::{Place, fit};
use crate::notify::webhook::Webhook;
use crate::state::State;

const LONGEST_NAME: usize = 300;
/// Slack takes a little more, but counts in its own way.
const LONGEST_TEXT: usize = 2500;

#[derive(Serialize)]
struct Message {
    attachments: [Attachment; 1],
    unfurl_links: bool,
    unfurl_media: bool,
}

#[derive(Serialize)]
struct Attachment {
    fallback: &'static str,
    color: &'static str,
    author_name: &'static str,
    author_link: &'static str,
    title: &'static str,
    fields: Vec<Field>,
    text: String,
    footer: &'static str,
}

#[derive(Serialize)]
struct Field {
    title: &'static str,
    value: String,
    short: bool,
}

/// The body of the request that says that `name` is now in this state.
pub(super) fn body(name: &str, state: &State, webhook: &Webhook) -> String {
    let kind = state.kind();
    let name = fit(&webhook.redact(name), Place::Line, LONGEST_NAME);
    let field = |value| Field {
        title: "Message",
        value,
        short: false,
    };
    let attachment = Attachment {
        fallback: "State change notification",
        color: kind.color(),
        author_name: "Tribune",
        author_link: "https://docs.rs/tribune",
        title: kind.name(),
        fields: explanation(state, webhook).map(field).into_iter().collect(),
        text: format!("{name} is now in a {kind} state"),
        footer: "Tribune notification",
    };
    let message = Message {
        attachments: [attachment],
        unfurl_links: false,
        unfurl_media: false,
    };
    serde_json::to_string(&message).expect("texts and truth values are always JSON")
}

/// What the message says beyond the state: the error in a code block, or else the state's message.
fn explanation(state: &State, webhook: &Webhook) -> Option<String> {
    let fitting = |text: &str, place, limit| fit(&webhook.redact(text), place, limit);
    // The state's message says how long the task was given; the error would only say that it was late.
    let error = state
        .error()
        .filter(|error| !error.is_timeout())
        .map(ToString::to_string);
    if let Some(error) = error.filter(|error| !error.is_empty()) {
        let error = fitting(&error, Place::Fence, LONGEST_TEXT - "``````".len());
        return Some(format!("```{error}```"));
    }
    state
        .message()
        .map(|message| fitting(message, Place::Line, LONGEST_TEXT))
}

#[cfg(test)]
mod tests;
