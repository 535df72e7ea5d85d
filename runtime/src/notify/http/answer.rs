//! What every server means by its answer, whatever it is a server of.
//!
//! Pure functions over plain data: nothing here sends, waits or reads a clock.

use std::time::{Duration, SystemTime};

use crate::notify::channel::Outcome;

/// An answer, as far as it matters here.
#[derive(Debug)]
pub(in crate::notify) struct Answer {
    pub(in crate::notify) status: u16,
    /// How long it asks to wait.
    pub(in crate::notify) wait: Option<Duration>,
    /// The beginning of the body, without the address of the webhook.
    pub(in crate::notify) body: String,
}

impl Answer {
    /// The answer with this `Retry-After` header. `now` is for a server that names a time to come back.
    pub(super) fn new(status: u16, retry_after: Option<&str>, body: &str, now: SystemTime) -> Self {
        let wait = retry_after.and_then(|text| parse_retry_after(text, now));
        Self {
            status,
            wait: wait.or_else(|| json_retry_after(body)),
            body: body.trim().to_owned(),
        }
    }

    /// What the status says, if it says more than yes or no.
    pub(in crate::notify) fn trouble(&self) -> Option<Outcome> {
        let status = self.status;
        match status {
            300..=399 => Some(Outcome::Closed(format!(
                "the answer leads elsewhere, and redirects are not followed ({status})"
            ))),
            429 => Some(Outcome::Busy {
                reason: "the receiver gets too many messages (429)".to_owned(),
                wait: self.wait,
            }),
            408 | 500.. => Some(Outcome::Unreachable(format!(
                "the receiver is in trouble ({})",
                self.excerpt()
            ))),
            _ => None,
        }
    }

    /// The status and the beginning of what was said, without what would disturb a terminal or a log.
    pub(in crate::notify) fn excerpt(&self) -> String {
        let line = self.body.split_whitespace().collect::<Vec<_>>().join(" ");
        let printable: String = line.chars().filter(|c| !c.is_control()).take(64).collect();
        let status = self.status;
        match printable.is_empty() {
            true => format!("{status} with an empty body"),
            false => format!("{status} {printable}"),
        }
    }
}

/// How long a `Retry-After` header asks to wait: a number of seconds, or a date.
fn parse_retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

/// The `retry_after` of a JSON body.
fn json_retry_after(body: &str) -> Option<Duration> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    Duration::try_from_secs_f64(body.get("retry_after")?.as_f64()?).ok()
}

#[cfg(test)]
mod tests;
