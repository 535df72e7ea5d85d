//! Attachments: blocks with a bar of colour, or the older form with fields and a footer.

use serde_json::Value;

use super::review::{At, Review, kind};
use super::text::is_absolute;

const BESIDE_BLOCKS: [&str; 3] = ["blocks", "color", "fallback"];
/// The keys of the older form.
const OLDER: [&str; 20] = [
    "actions",
    "attachment_type",
    "author_icon",
    "author_link",
    "author_name",
    "author_subname",
    "callback_id",
    "fields",
    "footer",
    "footer_icon",
    "id",
    "image_url",
    "mrkdwn_in",
    "pretext",
    "text",
    "thumb_url",
    "title",
    "title_link",
    "ts",
    "fallback",
];
/// One of these is needed.
const CONTENT: [&str; 8] = [
    "blocks",
    "text",
    "fallback",
    "title",
    "pretext",
    "fields",
    "image_url",
    "author_name",
];
const TEXTS: [&str; 6] = [
    "text",
    "pretext",
    "fallback",
    "title",
    "footer",
    "author_name",
];
const URLS: [&str; 6] = [
    "title_link",
    "author_link",
    "author_icon",
    "image_url",
    "thumb_url",
    "footer_icon",
];

impl Review {
    /// The attachments of a message, which `has_text` beside them or not.
    pub(super) fn attachments(&mut self, attachments: &Value, at: At<'_>, has_text: bool) {
        let Some(list) = attachments.as_array() else {
            let reason = format!("attachments have to be an array, not {}", kind(attachments));
            return self.refuse("invalid_payload", at, reason);
        };
        match list.len() {
            0..=20 => {}
            21..=100 => self.warn("many_attachments", at, "more than 20 are hard to read"),
            count => {
                let reason = format!("{count} attachments, and 100 are allowed");
                self.refuse("too_many_attachments", at, reason);
            }
        }
        for (index, attachment) in list.iter().enumerate() {
            self.attachment(attachment, at.index(index), has_text);
        }
    }

    fn attachment(&mut self, attachment: &Value, at: At<'_>, has_text: bool) {
        let Some(object) = attachment.as_object() else {
            let reason = format!(
                "an attachment has to be an object, not {}",
                kind(attachment)
            );
            return self.refuse("invalid_payload", at, reason);
        };
        for key in object.keys().map(String::as_str) {
            if !BESIDE_BLOCKS.contains(&key) && !OLDER.contains(&key) {
                let reason = "no field of an attachment: Slack ignores it";
                self.warn("unknown_key", at.key(key), reason);
            }
        }
        if !CONTENT.iter().any(|key| says_something(&attachment[key])) {
            self.refuse(
                "no_text",
                at,
                "an attachment needs blocks, text or fallback",
            );
        }
        if !has_text && !says_something(&attachment["fallback"]) {
            let reason = "without a text beside it or a fallback, notifications show nothing";
            self.warn("missing_fallback", at, reason);
        }
        match object.get("blocks") {
            Some(blocks) => self.colored_blocks(attachment, blocks, at),
            None => self.older_form(attachment, at),
        }
        let color = &attachment["color"];
        if !color.is_null() && !color.as_str().is_some_and(is_color) {
            let reason = "a colour is good, warning, danger or #rrggbb";
            self.warn("bad_color", at.key("color"), reason);
        }
    }

    fn colored_blocks(&mut self, attachment: &Value, blocks: &Value, at: At<'_>) {
        let before = self.refusals.len();
        self.blocks(blocks, at.key("blocks"));
        // Slack names the attachment, whatever is wrong inside.
        for refusal in &mut self.refusals[before..] {
            refusal.word = "invalid_attachments";
        }
        let keys = attachment
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys());
        for key in keys.map(String::as_str) {
            if OLDER.contains(&key) && !BESIDE_BLOCKS.contains(&key) {
                let reason = "a key of the older form beside blocks, even if it is null";
                self.refuse("invalid_attachments", at.key(key), reason);
            }
        }
        if blocks.as_array().is_some_and(|blocks| blocks.len() > 20) {
            let reason = "more than 20 blocks in one attachment are sometimes refused";
            self.warn("many_att_blocks", at, reason);
        }
    }

    fn older_form(&mut self, attachment: &Value, at: At<'_>) {
        for key in TEXTS {
            let text = &attachment[key];
            if attachment.get(key).is_some() && !text.is_string() {
                let reason = format!("a text is needed, not {}", kind(text));
                self.refuse("invalid_payload", at.key(key), reason);
            }
        }
        for key in ["text", "pretext"] {
            self.mrkdwn(attachment[key].as_str().unwrap_or_default(), at.key(key));
        }
        for (key, most, name) in [
            ("text", 8000, "att_text_cut"),
            ("title", 1024, "att_title_long"),
            ("footer", 300, "footer_long"),
        ] {
            let text = attachment[key].as_str().unwrap_or_default();
            if text.chars().count() > most {
                let reason = format!("Slack cuts it after about {most} characters");
                self.warn(name, at.key(key), reason);
            }
        }
        for key in URLS {
            let url = attachment.get(key);
            if url.is_some_and(|url| !url.as_str().is_some_and(is_absolute)) {
                let reason = "an absolute URL is needed, without spaces";
                self.warn("bad_url", at.key(key), reason);
            }
        }
        if let Some(fields) = attachment.get("fields") {
            self.fields(fields, at.key("fields"));
        }
        self.rest_of_older_form(attachment, at);
    }

    fn fields(&mut self, fields: &Value, at: At<'_>) {
        let Some(fields) = fields.as_array() else {
            let reason = format!("fields have to be an array, not {}", kind(fields));
            return self.refuse("invalid_payload", at, reason);
        };
        for (index, field) in fields.iter().enumerate() {
            let at = at.index(index);
            let text = |key| field.get(key).is_none_or(Value::is_string);
            if !field.is_object() || !text("title") || !text("value") {
                let reason = "a field is an object whose title and value are texts";
                self.refuse("invalid_payload", at, reason);
                continue;
            }
            self.mrkdwn(field["value"].as_str().unwrap_or_default(), at.key("value"));
            if field.get("short").is_some_and(|short| !short.is_boolean()) {
                self.warn("bad_short", at.key("short"), "short is true or false");
            }
        }
    }

    fn rest_of_older_form(&mut self, attachment: &Value, at: At<'_>) {
        let ts = &attachment["ts"];
        let seconds = |ts: &Value| {
            ts.as_str()
                .map_or(ts.is_number(), |ts| ts.parse::<f64>().is_ok())
        };
        if !ts.is_null() && !seconds(ts) {
            self.warn("bad_ts", at.key("ts"), "ts is a Unix time in seconds");
        }
        let known = |part: &Value| {
            let parts = ["pretext", "text", "fields", "fallback", "title"];
            part.as_str().is_some_and(|part| parts.contains(&part))
        };
        let parts = &attachment["mrkdwn_in"];
        let all_known = parts
            .as_array()
            .is_some_and(|parts| parts.iter().all(known));
        if !parts.is_null() && !all_known {
            let reason = "mrkdwn_in is a list of pretext, text and fields";
            self.warn("bad_mrkdwn_in", at.key("mrkdwn_in"), reason);
        }
        if attachment["actions"]
            .as_array()
            .is_some_and(|list| list.len() > 5)
        {
            let reason = "an attachment may have 5 actions";
            self.refuse("invalid_payload", at.key("actions"), reason);
        }
    }
}

/// Tells whether there is something to show.
pub(super) fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn is_color(color: &str) -> bool {
    let digits = color.strip_prefix('#').unwrap_or(color);
    matches!(color, "good" | "warning" | "danger")
        || (digits.len() == 6 && digits.chars().all(|digit| digit.is_ascii_hexdigit()))
}
