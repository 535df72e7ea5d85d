use serde_json::{Value, json};

use super::*;

mod attachments;
mod blocks;
mod elements;

/// What a rule is expected to say: nothing, a refusal with its place, or a warning with its place.
#[derive(Clone, Copy)]
enum Says {
    Nothing,
    Refused(&'static str, &'static str),
    Warned(&'static str, &'static str),
}

use Says::{Nothing, Refused, Warned};

fn judge(table: impl IntoIterator<Item = (Value, Says)>) {
    for (message, expected) in table {
        let result = read(message.to_string().as_bytes());
        let shown = message.to_string().chars().take(200).collect::<String>();
        match (result, expected) {
            (Ok((_, warnings)), Nothing) => assert_eq!(warnings, [], "{shown}"),
            (Ok((_, warnings)), Warned(name, at)) => {
                let found: Vec<_> = warnings.iter().map(|w| (w.name(), w.pointer())).collect();
                assert_eq!(found, [(name, at)], "{shown}");
            }
            (Err(refusal), Refused(word, at)) => {
                assert_eq!(
                    (refusal.word(), refusal.pointer()),
                    (word, at),
                    "{refusal}: {shown}"
                );
            }
            (Ok((_, warnings)), Refused(word, _)) => {
                panic!("{word} was expected, not {warnings:?}: {shown}")
            }
            (Err(refusal), _) => panic!("{refusal} was not expected: {shown}"),
        }
    }
}

fn long(length: usize) -> String {
    "x".repeat(length)
}

fn times(count: usize, value: &Value) -> Value {
    vec![value.clone(); count].into()
}

fn plain(length: usize) -> Value {
    json!({"type": "plain_text", "text": long(length)})
}

fn mrkdwn(length: usize) -> Value {
    json!({"type": "mrkdwn", "text": long(length)})
}

fn block(block: &Value) -> Value {
    json!({"text": "t", "blocks": [block]})
}

#[test]
fn a_message_needs_something_to_say() {
    judge([
        (json!({"text": "hello"}), Nothing),
        (json!({"text": ""}), Refused("no_text", "")),
        (json!({"text": "  \n"}), Refused("no_text", "")),
        (
            json!({}),
            Refused("missing_text_or_fallback_or_attachments", ""),
        ),
        (
            json!({"attachments": []}),
            Refused("missing_text_or_fallback_or_attachments", ""),
        ),
        (json!([]), Refused("invalid_payload", "")),
        (json!("hello"), Refused("invalid_payload", "")),
        (json!({"text": 42}), Refused("invalid_payload", "/text")),
        (
            json!({"text": "t", "blocks": {}}),
            Refused("invalid_blocks_format", "/blocks"),
        ),
        (
            json!({"text": "t", "blocks": ["x"]}),
            Refused("invalid_blocks_format", "/blocks/0"),
        ),
        (
            json!({"text": "t", "attachments": {}}),
            Refused("invalid_payload", "/attachments"),
        ),
        (json!({"text": long(4000)}), Nothing),
        (json!({"text": long(4001)}), Warned("text_long", "/text")),
        (
            json!({"text": long(40_001)}),
            Warned("text_truncated", "/text"),
        ),
        (
            json!({"text": "t", "channel": "#ops"}),
            Warned("override_ignored", "/channel"),
        ),
        (
            json!({"text": "t", "colour": "red"}),
            Warned("unknown_key", "/colour"),
        ),
        (
            json!({"text": "t", "a/b~c": 1}),
            Warned("unknown_key", "/a~1b~0c"),
        ),
        (
            json!({"text": "t", "thread_ts": "1503435956.000247"}),
            Nothing,
        ),
        (
            json!({"text": "t", "thread_ts": "today"}),
            Warned("bad_thread_ts", "/thread_ts"),
        ),
        (
            json!({"text": "t", "metadata": {}}),
            Refused("invalid_metadata_format", "/metadata"),
        ),
    ]);
}

#[test]
fn a_body_has_to_be_json() {
    for body in [
        "",
        "{\"text\": ",
        "{\"text\": NaN}",
        "payload=%7B%7D",
        "\u{feff}{}",
    ] {
        assert_eq!(
            read(body.as_bytes()).unwrap_err().word(),
            "invalid_payload",
            "{body}"
        );
    }
    assert_eq!(
        read(b"{\"text\": \"\xff\"}").unwrap_err().word(),
        "invalid_payload"
    );
}

#[test]
fn a_key_that_is_twice_in_an_object_is_noticed() {
    let body =
        br#"{"text": "a", "text": "b", "unfurl_links": [null, -1, 1.5, {"x": 1}, {"x": true}]}"#;
    let (message, warnings) = read(body).unwrap();
    assert_eq!(message["text"], "b");
    let found: Vec<_> = warnings.iter().map(|w| (w.name(), w.pointer())).collect();
    assert_eq!(found, [("duplicate_key", "/text")]);
}

#[test]
fn mark_up_is_read_as_slack_reads_it() {
    for text in [
        "*bold* `code` ```block```",
        "a &amp; b &lt;c&gt; <https://example.org/?a=1|here> <mailto:a@example.org>",
        "<@U012AB3CD> <!here> <!subteam^S012> <#C024BE7LR|general>",
        "<!date^1392734382^{date_short_pretty} at {time_secs}|18 February 2014>",
        "> quoted\n>> and again",
    ] {
        judge([(json!({"text": text}), Nothing)]);
    }
    for (text, warning) in [
        ("this & that", "unescaped_amp"),
        ("Vec<u8&gt;", "unescaped_lt"),
        ("<@ann&gt;", "unescaped_lt"),
        ("a -> b", "unescaped_gt"),
        ("> a > b", "unescaped_gt"),
        ("&amp;lt;", "double_escaped"),
        ("```let x", "unclosed_code_fence"),
        ("<!date^1392734382^{day}|then>", "unknown_date_token"),
        (
            "https://hooks.slack.com/services/T0/B0/abcdef",
            "secret_in_payload",
        ),
        ("xoxb-0123456789", "secret_in_payload"),
    ] {
        judge([(json!({"text": text}), Warned(warning, "/text"))]);
    }
    let names = |text| {
        let warnings = warnings(&json!({"text": text}));
        warnings.iter().map(Warning::name).collect::<Vec<_>>()
    };
    assert_eq!(names("&quot;"), ["unescaped_amp", "double_escaped"]);
    judge([(json!({"text": "a -> b", "mrkdwn": false}), Nothing)]);
}

#[test]
fn a_credential_is_not_quoted() {
    let message = json!({"text": "xoxb-0123456789"});
    let warning = &warnings(&message)[0];
    assert!(!format!("{warning} {warning:?}").contains("0123456789"));
}

#[test]
fn of_several_mistakes_slack_names_one() {
    let message = json!({"text": 1, "blocks": [{"type": "x"}], "attachments": {}});
    assert_eq!(check(&message).unwrap_err().pointer(), "/text");
    let message = json!({"text": "t", "blocks": [{"type": "x"}, 1]});
    assert_eq!(check(&message).unwrap_err().word(), "invalid_blocks_format");
}

#[test]
fn a_refusal_says_where_and_why() {
    let message = block(&json!({"type": "header", "text": plain(151)}));
    assert_eq!(
        check(&message).unwrap_err().to_string(),
        "400 invalid_blocks at /blocks/0/text/text: the text has 151 characters, and may have 150"
    );
    assert_eq!(
        warnings(&json!({"text": "<"}))[0].to_string(),
        "unescaped_lt at /text: `<` that begins no link, mention or date has to be written `&lt;`"
    );
    for word in Refusal::words() {
        let refusal = word.parse::<Refusal>().unwrap();
        assert_eq!(refusal.word(), word);
        assert!((400..=500).contains(&refusal.status()), "{word}");
    }
    let error = "no_sevice".parse::<Refusal>().unwrap_err().to_string();
    assert!(error.starts_with("Slack does not say `no_sevice`; it says invalid_payload, no_text"));
}
