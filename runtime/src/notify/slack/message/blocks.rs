//! The message as a line and blocks beside a coloured bar.
//!
//! Only attachments have a bar. One with blocks takes no other key but the colour: Slack refuses it
//! with a title, a footer, or a `null`.

use serde_json::{Value, json};

use super::{Message, Part};

impl Message {
    pub(in crate::notify::slack) fn to_blocks(&self) -> Value {
        let mut blocks: Vec<Value> = self.parts.iter().map(part).collect();
        if !self.fields.is_empty() {
            let field = |field: &super::Field| text(&format!("*{}*\n{}", field.name, field.value));
            let fields: Vec<Value> = self.fields.iter().map(field).collect();
            blocks.push(json!({"type": "section", "fields": fields}));
        }
        let notes: Vec<Value> = self.all_notes().iter().map(|note| text(note)).collect();
        if !notes.is_empty() {
            blocks.push(json!({"type": "context", "elements": notes}));
        }
        let mut message = json!({
            "text": self.line,
            "unfurl_links": false,
            "unfurl_media": false,
        });
        if !blocks.is_empty() {
            let color = self.color.as_deref().unwrap_or("#7e8791");
            message["attachments"] = json!([{"color": color, "blocks": blocks}]);
        }
        message
    }

    /// Only the text, for a receiver that refused the rest.
    pub(in crate::notify::slack) fn to_plain(&self) -> Value {
        json!({"text": self.plain(), "unfurl_links": false, "unfurl_media": false})
    }
}

fn part(part: &Part) -> Value {
    let text = match part {
        Part::Text(words) => text(words),
        Part::Code(words) => text(&format!("```{words}```")),
    };
    json!({"type": "section", "text": text})
}

fn text(mrkdwn: &str) -> Value {
    json!({"type": "mrkdwn", "text": mrkdwn})
}
