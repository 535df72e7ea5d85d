//! The message as one attachment, in the shape of the Python library that this one continues.

use serde::Serialize;
use serde_json::{Value, json};

use super::{LONGEST_LINE, LONGEST_TEXT, Message, Part};
use crate::notify::alert::{Alert, Event};
use crate::notify::slack::mrkdwn::{Place, fit};

#[derive(Serialize)]
struct Classic {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    attachments: [Attachment; 1],
    unfurl_links: bool,
    unfurl_media: bool,
}

/// Its keys, and their order, are those of the original.
#[derive(Serialize)]
struct Attachment {
    fallback: &'static str,
    color: &'static str,
    author_name: &'static str,
    author_link: &'static str,
    title: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title_link: Option<String>,
    fields: Vec<Field>,
    text: String,
    footer: String,
}

#[derive(Serialize)]
struct Field {
    title: &'static str,
    value: String,
    short: bool,
}

/// The body that tells of one change as the original did.
pub(in crate::notify::slack) fn one_change(alert: &Alert, event: &Event) -> String {
    let kind = event.kind();
    let name = fit(event.name(), Place::Line, LONGEST_LINE);
    let value = event.text().map(|text| match event.is_error() {
        true => format!(
            "```{}```",
            fit(text, Place::Fence, LONGEST_TEXT - "``````".len())
        ),
        false => fit(text, Place::Line, LONGEST_TEXT),
    });
    let field = |value| Field {
        title: "Message",
        value,
        short: false,
    };
    let mentions = alert.mentions();
    let classic = Classic {
        text: (!mentions.is_empty()).then(|| mentions.join(" ")),
        attachments: [Attachment {
            fallback: "State change notification",
            color: kind.color(),
            author_name: "Tribune",
            author_link: "https://docs.rs/tribune",
            title: kind.name(),
            title_link: alert.link().map(str::to_owned),
            fields: value.map(field).into_iter().collect(),
            text: format!("{name} is now in a {kind} state"),
            footer: footer(alert, event),
        }],
        unfurl_links: false,
        unfurl_media: false,
    };
    serde_json::to_string(&classic).expect("texts and truth values are always JSON")
}

/// What tells a message from its repetition.
fn footer(alert: &Alert, event: &Event) -> String {
    let run = alert.run_id();
    let mut footer = format!("Tribune notification, run {run}");
    if event.attempt() > 1 {
        footer = format!("{footer}, attempt {}", event.attempt());
    }
    if alert.is_repeated() {
        footer.push_str(", maybe sent before");
    }
    footer
}

impl Message {
    /// The message as one attachment.
    pub(in crate::notify::slack) fn to_classic(&self) -> Value {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Code(text) => format!("```{text}```"),
        });
        let fields = self
            .fields
            .iter()
            .map(|field| json!({"title": field.name, "value": field.value, "short": true}));
        json!({
            "text": self.line,
            "attachments": [{
                "fallback": self.line,
                "color": self.color.as_deref().unwrap_or("#7e8791"),
                "text": parts.collect::<Vec<_>>().join("\n"),
                "fields": fields.collect::<Vec<_>>(),
                "footer": super::fit_footer(&self.all_notes()),
            }],
            "unfurl_links": false,
            "unfurl_media": false,
        })
    }
}
