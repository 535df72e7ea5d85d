use super::*;

/// Sun, 06 Nov 1994 08:49:37 GMT.
const NOW: Duration = Duration::from_secs(784_111_777);

fn answer(status: u16, retry_after: Option<&str>, body: &str) -> Answer {
    Answer::new(status, retry_after, body, SystemTime::UNIX_EPOCH + NOW)
}

#[test]
fn a_redirect_is_not_followed() {
    for status in [301, 302, 307, 308] {
        let Some(Outcome::Closed(reason)) = answer(status, None, "").trouble() else {
            panic!("{status}")
        };
        assert!(reason.contains("redirects are not followed"));
    }
}

#[test]
fn what_was_said_is_cut_and_printable() {
    let said = format!("\x1b[31m{}", "x".repeat(1000));
    let excerpt = answer(404, None, &said).excerpt();
    assert_eq!(excerpt, format!("404 [31m{}", "x".repeat(60)));
    let page = "<html>\n\tLog in";
    assert_eq!(answer(200, None, page).excerpt(), "200 <html> Log in");
    assert_eq!(answer(204, None, "").excerpt(), "204 with an empty body");
}

#[test]
fn trouble_of_the_server_is_not_for_ever() {
    for status in [408, 500, 502, 503, 504, 599] {
        let trouble = answer(status, None, "rollup_error").trouble();
        assert!(matches!(trouble, Some(Outcome::Unreachable(_))), "{status}");
    }
    for status in [200, 204, 400, 401, 404, 410] {
        assert_eq!(answer(status, None, "").trouble(), None, "{status}");
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
        let Some(Outcome::Busy { wait, .. }) = answer(429, header, body).trouble() else {
            panic!("429 is busy")
        };
        assert_eq!(wait, expected, "{header:?} {body}");
    }
}
