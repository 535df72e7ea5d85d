//! A message as a whole.

use serde_json::Value;

use super::attachments::says_something;
use super::review::{At, Review, kind};

const KEYS: [&str; 16] = [
    "as_user",
    "attachments",
    "blocks",
    "delete_original",
    "link_names",
    "markdown_text",
    "metadata",
    "mrkdwn",
    "parse",
    "replace_original",
    "reply_broadcast",
    "response_type",
    "text",
    "thread_ts",
    "unfurl_links",
    "unfurl_media",
];
/// What only the custom integrations of the past could choose.
const OVERRIDES: [&str; 4] = ["channel", "username", "icon_emoji", "icon_url"];

impl Review {
    pub(super) fn message(&mut self, message: &Value) {
        let at = At::ROOT;
        let Some(object) = message.as_object() else {
            let reason = format!("a message is an object, not {}", kind(message));
            return self.refuse("invalid_payload", at, reason);
        };
        if object
            .get("text")
            .is_some_and(|text| !text.is_null() && !text.is_string())
        {
            let reason = format!("a text is needed, not {}", kind(&message["text"]));
            self.refuse("invalid_payload", at.key("text"), reason);
        }
        let text = message["text"].as_str().unwrap_or_default();
        let has_text = !text.trim().is_empty();
        let has_more = ["blocks", "attachments"]
            .iter()
            .any(|key| says_something(&message[key]));
        if !has_text && !has_more {
            let word = match object.contains_key("text") {
                true => "no_text",
                false => "missing_text_or_fallback_or_attachments",
            };
            self.refuse(word, at, "there is no text, no block and no attachment");
        }
        self.message_text(message, text, at.key("text"));
        if let Some(blocks) = object.get("blocks") {
            self.blocks(blocks, at.key("blocks"));
            if says_something(blocks) && !has_text {
                let reason = "notifications and screen readers need a text beside the blocks";
                self.warn("missing_fallback", at.key("text"), reason);
            }
        }
        if let Some(attachments) = object.get("attachments") {
            self.attachments(attachments, at.key("attachments"), has_text);
        }
        self.other_keys(message, at);
    }

    fn message_text(&mut self, message: &Value, text: &str, at: At<'_>) {
        match text.chars().count() {
            0..=4000 => {}
            4001..=40_000 => {
                let reason = "Slack may split a text of more than 4000 characters";
                self.warn("text_long", at, reason);
            }
            _ => self.warn(
                "text_truncated",
                at,
                "Slack cuts a text after 40000 characters",
            ),
        }
        if message["mrkdwn"] != Value::Bool(false) {
            self.mrkdwn(text, at);
        }
    }

    fn other_keys(&mut self, message: &Value, at: At<'_>) {
        let keys = message.as_object().into_iter().flat_map(|map| map.keys());
        for key in keys.map(String::as_str) {
            if OVERRIDES.contains(&key) {
                let reason = "an app's webhook cannot choose the channel, the name or the icon";
                self.warn("override_ignored", at.key(key), reason);
            } else if !KEYS.contains(&key) {
                let reason = "no field of a message: Slack ignores it";
                self.warn("unknown_key", at.key(key), reason);
            }
        }
        let thread = &message["thread_ts"];
        if !thread.is_null() && !thread.as_str().is_some_and(is_timestamp) {
            let reason = "a thread is named like 1503435956.000247";
            self.warn("bad_thread_ts", at.key("thread_ts"), reason);
        }
        let metadata = &message["metadata"];
        let complete = metadata["event_type"].is_string() && metadata["event_payload"].is_object();
        if !metadata.is_null() && !complete {
            let reason = "metadata has an event_type and an event_payload";
            self.refuse("invalid_metadata_format", at.key("metadata"), reason);
        }
    }
}

fn is_timestamp(text: &str) -> bool {
    let digits = |part: &str| part.chars().all(|digit| digit.is_ascii_digit());
    text.split_once('.').is_some_and(|(seconds, micros)| {
        seconds.len() >= 9 && micros.len() == 6 && digits(seconds) && digits(micros)
    })
}
