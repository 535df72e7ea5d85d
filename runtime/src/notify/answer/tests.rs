use super::*;

/// Sun, 06 Nov 1994 08:49:37 GMT.
const NOW: Duration = Duration::from_secs(784_111_777);

fn judge(status: u16, retry_after: Option<&str>, body: &str) -> Verdict {
    Answer {
        status,
        retry_after,
        body,
    }
    .judge(SystemTime::UNIX_EPOCH + NOW)
}

fn refusal(status: u16, body: &str) -> String {
    match judge(status, None, body) {
        Verdict::Refused(reason) => reason,
        other => panic!("{status} {body} is {other:?}"),
    }
}

#[test]
fn ok_is_delivered_whatever_surrounds_it() {
    assert_eq!(judge(200, None, "ok"), Verdict::Delivered);
    assert_eq!(judge(200, None, "ok\n"), Verdict::Delivered);
}

#[test]
fn another_body_is_somebody_else() {
    for body in [
        "",
        "OK!",
        "<html>\n<body>Please log in</body>",
        "{\"ok\":false}",
    ] {
        assert!(
            refusal(200, body).starts_with("something else than the receiver"),
            "{body}"
        );
    }
    assert!(refusal(200, "<html>\n\tLog in").ends_with("(200 <html> Log in)"));
    assert!(refusal(204, "").ends_with("(204 with an empty body)"));
}

#[test]
fn refusals_are_put_into_words() {
    for (status, word, words) in [
        (
            400,
            "invalid_payload",
            "Slack does not understand the message",
        ),
        (400, "no_text", "the message has no text"),
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
        (418, "teapot", "the receiver does not take it"),
    ] {
        assert_eq!(refusal(status, word), format!("{words} ({status} {word})"));
    }
    assert_eq!(
        refusal(404, ""),
        "the receiver does not take it (404 with an empty body)"
    );
}

#[test]
fn a_redirect_is_refused() {
    for status in [301, 302, 307, 308] {
        assert!(refusal(status, "").contains("redirects are not followed"));
    }
}

#[test]
fn what_was_said_is_cut_and_printable() {
    let reason = refusal(404, &format!("\x1b[31m{}", "x".repeat(1000)));
    assert!(
        reason.ends_with(&format!("(404 [31m{})", "x".repeat(60))),
        "{reason}"
    );
}

#[test]
fn trouble_of_the_server_is_not_for_ever() {
    for status in [408, 500, 502, 503, 504, 599] {
        assert!(
            matches!(judge(status, None, "rollup_error"), Verdict::Trouble(_)),
            "{status}"
        );
    }
}

#[test]
fn a_busy_receiver_says_how_long_to_wait() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (header, body, expected) in [
        (Some("7"), "", seconds(7)),
        (Some(" 0 "), "", seconds(0)),
        (Some("Sun, 06 Nov 1994 08:50:07 GMT"), "", seconds(30)),
        (Some("Sun, 06 Nov 1994 08:00:00 GMT"), "", seconds(0)),
        (Some("3"), r#"{"retry_after":5}"#, seconds(3)),
        (Some("soon"), r#"{"retry_after":5}"#, seconds(5)),
        (Some("-1"), "", None),
        (
            None,
            r#"{"retry_after":1.5,"ok":false}"#,
            Some(Duration::from_millis(1500)),
        ),
        (None, r#"{"retry_after":-1}"#, None),
        (None, r#"{"retry_after":"1"}"#, None),
        (None, "rate_limited", None),
    ] {
        let Verdict::Busy(_, wait) = judge(429, header, body) else {
            panic!("429 is busy")
        };
        assert_eq!(wait, expected, "{header:?} {body}");
    }
}

#[test]
fn dates_are_read_as_servers_write_them() {
    for (text, expected) in [
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
        ("Thu, 29 Feb 2024 23:59:59 GMT", Some(1_709_251_199)),
        ("Sat, 01 Mar 2025 00:00:00 GMT", Some(1_740_787_200)),
        ("Fri, 01 Jan 2100 00:00:00 GMT", Some(4_102_444_800)),
        ("Mon, 01 Mar 2100 00:00:00 GMT", Some(4_107_542_400)),
        ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ("Sun, 06 Nov 1994 24:49:37 GMT", None),
        ("Sun, 00 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 99999 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49 GMT", None),
        ("Sunday, 06-Nov-94 08:49:37 GMT", None),
        ("", None),
    ] {
        assert_eq!(http_date(text), expected, "{text}");
    }
}

#[test]
fn waits_follow_the_policy() {
    let second = Duration::from_secs(1);
    let trouble = Verdict::Trouble(String::new());
    let busy = |seconds| Verdict::Busy(String::new(), Some(Duration::from_secs(seconds)));
    for (verdict, tries, expected) in [
        (&Verdict::Delivered, 1, None),
        (&Verdict::Refused(String::new()), 1, None),
        (&Verdict::Impossible(String::new()), 1, None),
        (&trouble, 1, Some(1)),
        (&trouble, 2, Some(2)),
        (&trouble, 3, Some(4)),
        (&trouble, 4, Some(8)),
        (&trouble, 5, None),
        (&busy(7), 1, Some(7)),
        (&busy(7), 19, Some(7)),
        (&busy(7), 20, None),
        // Never at once, and not for ever.
        (&busy(0), 1, Some(1)),
        (&busy(u64::MAX), 1, Some(3600)),
        (&Verdict::Busy(String::new(), None), 1, Some(1)),
    ] {
        let expected = expected.map(Duration::from_secs);
        assert_eq!(
            wait(verdict, tries, second),
            expected,
            "{verdict:?} {tries}"
        );
    }
    assert_eq!(
        wait(&trouble, 4, Duration::from_secs(40)),
        Some(LONGEST_BACKOFF)
    );
    assert_eq!(wait(&trouble, 1, Duration::MAX), Some(LONGEST_BACKOFF));
    assert_eq!(wait(&busy(1), 1, Duration::MAX), Some(LONGEST_WAIT));
}
