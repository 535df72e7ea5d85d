//! Texts: what Slack's mark-up makes of them, and the objects that hold them.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::Value;

use super::review::{At, Review};

/// The longest text of a text object.
pub(super) const LONGEST: usize = 3000;

/// A link, a mention or a date: what may stand between `<` and `>`.
static CONTROL: LazyLock<Regex> = LazyLock::new(|| {
    let forms = [
        r"(?:https?|ftp)://[^\s<>|]+(?:\|[^<>]*)?",
        r"(?:mailto|tel|slack):[^\s<>|]+(?:\|[^<>]*)?",
        r"#[CGD][A-Z0-9]+(?:\|[^<>]*)?",
        r"@[UW][A-Z0-9]+(?:\|[^<>]*)?",
        r"!(?:here|channel|everyone)(?:\|[^<>]*)?",
        r"!subteam\^S[A-Z0-9]+(?:\|[^<>]*)?",
        r"!date\^-?\d+\^[^<>^|]*(?:\^https?://[^\s<>|^]+)?\|[^<>]+",
    ];
    regex(&format!("<(?:{})>", forms.join("|")))
});

static ESCAPED_TWICE: LazyLock<Regex> =
    LazyLock::new(|| regex(r"&amp;(?:amp|lt|gt|quot|#\d+);|&(?:quot|apos|#\d+);"));

static DATE_TOKEN: LazyLock<Regex> = LazyLock::new(|| regex(r"\{([a-z_]+)\}"));

static CREDENTIAL: LazyLock<Regex> = LazyLock::new(|| {
    let hook = r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers|actions|commands)/[A-Za-z0-9/_-]{8,}";
    let token =
        r"xox[abeoprs]-[A-Za-z0-9-]{8,}|xoxe\.xox[bp]-[A-Za-z0-9-]{8,}|xapp-\d-[A-Za-z0-9-]{8,}";
    regex(&format!("{hook}|{token}"))
});

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns are constants")
}

const DATE_TOKENS: [&str; 12] = [
    "ago",
    "date",
    "date_long",
    "date_long_pretty",
    "date_num",
    "date_pretty",
    "date_short",
    "date_short_pretty",
    "date_slash",
    "day_divider_pretty",
    "time",
    "time_secs",
];

impl Review {
    /// Warns of mark-up that a reader would not see as it was meant.
    pub(super) fn mrkdwn(&mut self, text: &str, at: At<'_>) {
        self.credential(text, at);
        let plain = CONTROL.replace_all(text, "\0");
        let entity = |rest: &str| ["amp;", "lt;", "gt;"].iter().any(|e| rest.starts_with(e));
        if plain.split('&').skip(1).any(|rest| !entity(rest)) {
            self.warn("unescaped_amp", at, "`&` has to be written `&amp;`");
        }
        if plain.contains('<') {
            let reason = "`<` that begins no link, mention or date has to be written `&lt;`";
            self.warn("unescaped_lt", at, reason);
        }
        let quoted = |line: &str| line.trim_start_matches('>').trim_start().contains('>');
        if plain.split('\n').any(quoted) {
            let reason = "`>` has to be written `&gt;`, except at the start of a quoted line";
            self.warn("unescaped_gt", at, reason);
        }
        if ESCAPED_TWICE.is_match(text) {
            let reason = "escaped twice, or an entity that Slack does not know";
            self.warn("double_escaped", at, reason);
        }
        for control in CONTROL.find_iter(text) {
            self.date(control.as_str(), at);
        }
        if text.matches("```").count() % 2 == 1 {
            self.warn("unclosed_code_fence", at, "a code block has no end");
        }
    }

    fn date(&mut self, control: &str, at: At<'_>) {
        let Some(date) = control.strip_prefix("<!date^") else {
            return;
        };
        let format = date
            .split('|')
            .next()
            .and_then(|date| date.split('^').nth(1));
        for token in DATE_TOKEN.captures_iter(format.unwrap_or_default()) {
            if !DATE_TOKENS.contains(&&token[1]) {
                let reason = format!("Slack has no date token `{{{}}}`", &token[1]);
                self.warn("unknown_date_token", at, reason);
            }
        }
    }

    /// Warns of a text that would publish a token or the URL of a webhook; it is not quoted.
    pub(super) fn credential(&mut self, text: &str, at: At<'_>) {
        if CREDENTIAL.is_match(text) {
            let reason =
                "this looks like a token or a webhook of Slack, which everybody could read";
            self.warn("secret_in_payload", at, reason);
        }
    }

    /// A text object of either kind.
    pub(super) fn text(&mut self, value: &Value, at: At<'_>, longest: usize) {
        if !value.is_object() {
            return self.bad(at, "a text object is needed: {\"type\": .., \"text\": ..}");
        }
        let (allowed, is_mrkdwn) = match value["type"].as_str() {
            Some("plain_text") => (["type", "text", "emoji"], false),
            Some("mrkdwn") => (["type", "text", "verbatim"], true),
            _ => {
                let reason = format!("{} is not plain_text or mrkdwn", value["type"]);
                return self.bad(at.key("type"), reason);
            }
        };
        self.keys(value, at, &allowed);
        let at = at.key("text");
        match self.string(&value["text"], at, 1..=longest) {
            Some(text) if is_mrkdwn => self.mrkdwn(text, at),
            Some(text) => self.credential(text, at),
            None => {}
        }
    }

    /// A text object without mark-up.
    pub(super) fn plain_text(&mut self, value: &Value, at: At<'_>, longest: usize) {
        if value["type"] == "mrkdwn" {
            self.bad(at.key("type"), "only plain_text is allowed here");
        }
        self.text(value, at, longest);
    }

    /// An absolute URL.
    pub(super) fn url(&mut self, value: &Value, at: At<'_>) {
        if let Some(url) = self.string(value, at, 1..=3000)
            && !is_absolute(url)
        {
            self.bad(at, "an absolute URL is needed, without spaces");
        }
    }
}

/// Tells whether this is a URL that a link may lead to.
pub(super) fn is_absolute(url: &str) -> bool {
    let known = ["http://", "https://", "mailto:", "slack:"];
    let rest = known.iter().find_map(|scheme| url.strip_prefix(scheme));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}
