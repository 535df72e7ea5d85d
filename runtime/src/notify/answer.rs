//! What a server's answer to a message means, and when to try again.
//!
//! Pure functions over plain data: nothing here sends, waits or reads a clock.

use std::time::{Duration, SystemTime};

/// What one try came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Delivered,
    /// The same message would be refused again.
    Refused(String),
    /// There is no way to the receiver, and there will be none.
    Impossible(String),
    /// The receiver gets too many messages; it may say how long to wait.
    Busy(String, Option<Duration>),
    /// It did not get through, or nobody knows whether it did.
    Trouble(String),
}

/// The longest wait that is taken from an answer.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
/// The longest wait between two tries that nobody asked for.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);
/// How many tries a message is given while the way to the receiver is broken.
const TRIES: u32 = 5;
/// How many times the receiver may put the same message off.
const TRIES_WHEN_BUSY: u32 = 20;

/// How long to wait before the next try, if there should be one after `tries` of them.
///
/// `first` is the wait before the second try, which doubles from then on. It is also the shortest
/// wait of all: a receiver that is busy is never asked again at once, whatever it says.
pub(super) fn wait(verdict: &Verdict, tries: u32, first: Duration) -> Option<Duration> {
    match verdict {
        Verdict::Delivered | Verdict::Refused(_) | Verdict::Impossible(_) => None,
        Verdict::Busy(_, wait) => (tries < TRIES_WHEN_BUSY).then(|| {
            wait.unwrap_or(Duration::from_secs(1))
                .max(first)
                .min(LONGEST_WAIT)
        }),
        Verdict::Trouble(_) => (tries < TRIES).then(|| {
            let factor = 2_u32.saturating_pow(tries.saturating_sub(1));
            first.saturating_mul(factor).min(LONGEST_BACKOFF)
        }),
    }
}

/// An answer, as far as it matters here.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) retry_after: Option<&'a str>,
    /// The beginning of the body.
    pub(super) body: &'a str,
}

impl Answer<'_> {
    /// What the answer means. `now` is for a server that names a time to come back.
    pub(super) fn judge(&self, now: SystemTime) -> Verdict {
        let status = self.status;
        let body = self.body.trim();
        match status {
            200..=299 if body == "ok" => Verdict::Delivered,
            200..=299 => Verdict::Refused(format!(
                "something else than the receiver of messages answered, such as a proxy ({status} {})",
                excerpt(body)
            )),
            300..=399 => Verdict::Refused(format!(
                "the answer leads elsewhere, and redirects are not followed ({status})"
            )),
            429 => {
                let wait = self
                    .retry_after
                    .and_then(|text| parse_retry_after(text, now));
                let wait = wait.or_else(|| json_retry_after(body));
                Verdict::Busy("the receiver gets too many messages (429)".to_owned(), wait)
            }
            408 | 500.. => Verdict::Trouble(format!(
                "the receiver is in trouble ({status} {})",
                excerpt(body)
            )),
            _ => {
                let meaning = meaning(body).unwrap_or("the receiver does not take it");
                Verdict::Refused(format!("{meaning} ({status} {})", excerpt(body)))
            }
        }
    }
}

/// What Slack means by the word that it answers.
fn meaning(word: &str) -> Option<&'static str> {
    Some(match word {
        "invalid_payload"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "invalid_attachments"
        | "too_many_attachments" => "Slack does not understand the message",
        "no_text" | "missing_text_or_fallback_or_attachments" => "the message has no text",
        "no_service" | "no_service_id" | "no_active_hooks" => {
            "the webhook was removed or disabled, or its address is wrong"
        }
        "invalid_token" => "the address of the webhook is wrong, or was revoked",
        "no_team" => "the workspace of the webhook does not exist",
        "team_disabled" => "the workspace of the webhook is disabled",
        "channel_not_found" => "the channel of the webhook does not exist",
        "channel_is_archived" => "the channel of the webhook is archived",
        "posting_to_general_channel_denied" => "the webhook may not post to the general channel",
        "action_prohibited" => "an administrator of the workspace forbids it",
        "user_not_found" => "the user that the webhook posts to does not exist",
        _ => return None,
    })
}

/// The beginning of what a server said, without what would disturb a terminal or a log.
fn excerpt(body: &str) -> String {
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    let printable: String = line.chars().filter(|c| !c.is_control()).take(64).collect();
    if printable.is_empty() {
        "with an empty body".to_owned()
    } else {
        printable
    }
}

/// How long a `Retry-After` header asks to wait: a number of seconds, or a date.
fn parse_retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(http_date(text)?))?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

/// The `retry_after` of a JSON body.
fn json_retry_after(body: &str) -> Option<Duration> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    Duration::try_from_secs_f64(body.get("retry_after")?.as_f64()?).ok()
}

/// The seconds from 1970 to a date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];

    let (_, date) = text.split_once(", ")?;
    let words: Vec<&str> = date.split(' ').collect();
    let [day, month, year, time, "GMT"] = words[..] else {
        return None;
    };
    let month = MONTHS.iter().position(|name| *name == month)?;
    let (day, year): (u64, u64) = (day.parse().ok()?, year.parse().ok()?);
    let clock: Vec<u64> = time
        .split(':')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let [hour, minute, second] = clock[..] else {
        return None;
    };
    if !(1970..=9999).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_before(year, month) + day - 1;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// The days from the first of January 1970 to the first of this month, counted from 0.
fn days_before(year: u64, month: usize) -> u64 {
    const LENGTHS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let years: u64 = (1970..year)
        .map(|year| if leap(year) { 366 } else { 365 })
        .sum();
    let months: u64 = LENGTHS[..month].iter().sum();
    years + months + u64::from(month > 1 && leap(year))
}

#[cfg(test)]
mod tests;
