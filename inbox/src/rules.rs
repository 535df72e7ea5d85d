//! Slack's rules for a message, one file for each of its parts.
//!
//! A webhook answers a message that breaks one with a bare word. What is known here beyond the word
//! is where the mistake is and what would be right.

mod attachments;
mod blocks;
mod elements;
mod json;
mod message;
mod review;
mod text;

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use review::{At, Review};

/// What a webhook of Slack can answer instead of `ok`, with the status that goes with it.
///
/// What is wrong with the message comes first, in the order in which Slack looks at it; what is wrong
/// with the webhook or with Slack itself comes after it.
const WORDS: [(&str, u16); 20] = [
    ("invalid_payload", 400),
    ("no_text", 400),
    ("missing_text_or_fallback_or_attachments", 400),
    ("too_many_attachments", 400),
    ("invalid_blocks_format", 400),
    ("invalid_blocks", 400),
    ("invalid_attachments", 400),
    ("invalid_metadata_format", 400),
    ("user_not_found", 400),
    ("action_prohibited", 403),
    ("invalid_token", 403),
    ("posting_to_general_channel_denied", 403),
    ("team_disabled", 403),
    ("channel_not_found", 404),
    ("no_active_hooks", 404),
    ("no_service", 404),
    ("no_service_id", 404),
    ("no_team", 404),
    ("channel_is_archived", 410),
    ("rollup_error", 500),
];

/// Judges a message as an incoming webhook of Slack does.
///
/// # Errors
///
/// Slack would refuse it. Of several reasons it is the one that Slack would name.
///
/// # Examples
///
/// ```
/// use serde_json::json;
///
/// assert!(tribune_inbox::check(&json!({"text": "hello"})).is_ok());
///
/// let refusal = tribune_inbox::check(&json!({"text": ""})).unwrap_err();
/// assert_eq!((refusal.status(), refusal.word()), (400, "no_text"));
/// ```
pub fn check(message: &Value) -> Result<(), Refusal> {
    review(message).verdict().map(drop)
}

/// What Slack would take, and a reader would not see as it was meant.
///
/// # Examples
///
/// ```
/// use serde_json::json;
///
/// let warnings = tribune_inbox::warnings(&json!({"text": "expected Vec<u8>"}));
/// assert_eq!(warnings[0].name(), "unescaped_lt");
/// ```
pub fn warnings(message: &Value) -> Vec<Warning> {
    review(message).warnings
}

/// Reads and judges the body of a request to a webhook.
///
/// # Errors
///
/// It is not JSON in UTF-8, or Slack would refuse it as [`check`] does.
///
/// # Examples
///
/// ```
/// let refusal = tribune_inbox::read(b"{\"text\": ").unwrap_err();
/// assert_eq!(refusal.word(), "invalid_payload");
/// ```
pub fn read(body: &[u8]) -> Result<(Value, Vec<Warning>), Refusal> {
    let (message, twice) = json::read(body).map_err(|error| Refusal {
        word: "invalid_payload",
        pointer: String::new(),
        reason: format!("this is not JSON: {error}"),
    })?;
    let mut review = review(&message);
    for key in twice {
        let reason = "the key is there twice, and only one of them counts";
        review.warn("duplicate_key", At::ROOT.key(&key), reason);
    }
    let warnings = review.verdict()?;
    Ok((message, warnings))
}

fn review(message: &Value) -> Review {
    let mut review = Review::default();
    review.message(message);
    review
}

impl Review {
    /// The warnings, or the refusal that Slack would name.
    fn verdict(self) -> Result<Vec<Warning>, Refusal> {
        let rank = |refusal: &Refusal| WORDS.iter().position(|(word, _)| *word == refusal.word);
        match self.refusals.into_iter().min_by_key(rank) {
            Some(refusal) => Err(refusal),
            None => Ok(self.warnings),
        }
    }
}

/// What a webhook answers to a message that it does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    word: &'static str,
    pointer: String,
    reason: String,
}

impl Refusal {
    /// A refusal that says this word because the inbox was told to.
    pub(crate) fn saying(word: &'static str) -> Self {
        Self {
            word,
            pointer: String::new(),
            reason: "the inbox was told to say so".to_owned(),
        }
    }

    /// All the words that a refusal can say.
    pub fn words() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(word, _)| *word)
    }

    /// What Slack says: the whole body of its answer.
    pub fn word(&self) -> &'static str {
        self.word
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        let known = WORDS.iter().find(|(word, _)| *word == self.word);
        known.map_or(400, |(_, status)| *status)
    }

    /// The JSON pointer to the mistake; the empty one is the message itself.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is wrong there, which Slack does not say.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status(), self.word)?;
        finding(f, &self.pointer, &self.reason)
    }
}

impl Error for Refusal {}

impl FromStr for Refusal {
    type Err = UnknownWord;

    /// The refusal that says this word.
    ///
    /// # Examples
    ///
    /// ```
    /// use tribune_inbox::Refusal;
    ///
    /// assert_eq!("no_service".parse::<Refusal>()?.status(), 404);
    /// assert!("no_sevice".parse::<Refusal>().is_err());
    /// # Ok::<(), tribune_inbox::UnknownWord>(())
    /// ```
    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let known = WORDS.iter().find(|(known, _)| *known == word);
        match known {
            Some((word, _)) => Ok(Self::saying(word)),
            None => Err(UnknownWord(word.to_owned())),
        }
    }
}

/// A word that no webhook of Slack answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord(String);

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = Refusal::words().collect();
        write!(
            f,
            "Slack does not say `{}`; it says {}",
            self.0,
            words.join(", ")
        )
    }
}

impl Error for UnknownWord {}

/// Something that Slack takes and shows badly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    name: &'static str,
    pointer: String,
    reason: String,
}

impl Warning {
    /// The name of the rule.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The JSON pointer to the mistake; the empty one is the message itself.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is wrong there.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        finding(f, &self.pointer, &self.reason)
    }
}

fn finding(f: &mut fmt::Formatter<'_>, pointer: &str, reason: &str) -> fmt::Result {
    if !pointer.is_empty() {
        write!(f, " at {pointer}")?;
    }
    write!(f, ": {reason}")
}

#[cfg(test)]
mod tests;
