//! What Slack means by its answers.

use crate::notify::channel::Outcome;
use crate::notify::http::Answer;

/// What came of a message that Slack answered so.
pub(super) fn outcome(answer: &Answer) -> Outcome {
    if let Some(trouble) = answer.trouble() {
        return trouble;
    }
    match answer.status {
        200..=299 if answer.body == "ok" => Outcome::Delivered,
        // It takes everything and passes nothing on: a page to log in, a filter.
        200..=299 => Outcome::Closed(format!(
            "something else than the receiver of messages answered, such as a proxy ({})",
            answer.excerpt()
        )),
        _ => {
            // Whoever is not found or not let in is so for the next message too.
            let is_closed = matches!(answer.status, 401 | 403 | 404 | 410);
            let unknown = ("the receiver does not take it", is_closed);
            let (meaning, is_closed) = meaning(&answer.body).unwrap_or(unknown);
            let reason = format!("{meaning} ({})", answer.excerpt());
            match is_closed {
                true => Outcome::Closed(reason),
                false => Outcome::Refused(reason),
            }
        }
    }
}

/// What Slack means by this word, and whether it says so of the webhook and not of the message.
fn meaning(word: &str) -> Option<(&'static str, bool)> {
    Some(match word {
        "invalid_payload"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "invalid_attachments"
        | "too_many_attachments" => ("Slack does not understand the message", false),
        "no_text" | "missing_text_or_fallback_or_attachments" => ("the message has no text", false),
        "no_service" | "no_service_id" | "no_active_hooks" => (
            "the webhook was removed or disabled, or its address is wrong",
            true,
        ),
        "invalid_token" => ("the address of the webhook is wrong, or was revoked", true),
        "no_team" => ("the workspace of the webhook does not exist", true),
        "team_disabled" => ("the workspace of the webhook is disabled", true),
        "channel_not_found" => ("the channel of the webhook does not exist", true),
        "channel_is_archived" => ("the channel of the webhook is archived", true),
        "posting_to_general_channel_denied" => {
            ("the webhook may not post to the general channel", true)
        }
        "action_prohibited" => ("an administrator of the workspace forbids it", true),
        "user_not_found" => ("the user that the webhook posts to does not exist", true),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(status: u16, body: &str) -> Outcome {
        let body = body.to_owned();
        outcome(&Answer {
            status,
            wait: None,
            body,
        })
    }

    #[test]
    fn ok_is_delivered_and_another_body_is_somebody_else() {
        assert_eq!(judge(200, "ok"), Outcome::Delivered);
        for body in ["", "OK!", "<html>Please log in</html>", "{\"ok\":false}"] {
            let Outcome::Closed(reason) = judge(200, body) else {
                panic!("{body}")
            };
            assert!(reason.starts_with("something else than the receiver"));
        }
    }

    #[test]
    fn words_about_the_message_refuse_it() {
        for (status, word, words) in [
            (
                400,
                "invalid_payload",
                "Slack does not understand the message",
            ),
            (
                400,
                "invalid_blocks",
                "Slack does not understand the message",
            ),
            (400, "no_text", "the message has no text"),
            (418, "teapot", "the receiver does not take it"),
        ] {
            let reason = format!("{words} ({status} {word})");
            assert_eq!(judge(status, word), Outcome::Refused(reason));
        }
    }

    #[test]
    fn words_about_the_webhook_close_it() {
        for (status, word, words) in [
            (
                403,
                "action_prohibited",
                "an administrator of the workspace forbids it",
            ),
            (
                403,
                "invalid_token",
                "the address of the webhook is wrong, or was revoked",
            ),
            (
                404,
                "no_service",
                "the webhook was removed or disabled, or its address is wrong",
            ),
            (
                404,
                "channel_not_found",
                "the channel of the webhook does not exist",
            ),
            (
                410,
                "channel_is_archived",
                "the channel of the webhook is archived",
            ),
        ] {
            let reason = format!("{words} ({status} {word})");
            assert_eq!(judge(status, word), Outcome::Closed(reason));
        }
    }
}
