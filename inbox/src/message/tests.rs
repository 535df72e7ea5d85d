use serde_json::json;

use super::*;

fn printed(payload: Value) -> String {
    let message = Message {
        number: 1,
        at: UNIX_EPOCH,
        channel: "general".to_owned(),
        payload,
        verdict: Ok(Vec::new()),
    };
    message.to_string()
}

#[test]
fn the_older_form_stands_beside_a_bar() {
    let attachment = json!({
        "author_name": "Tribune", "title": "Failed", "text": "`div` is now &lt;Failed&gt;",
        "fields": [{"title": "Message", "value": "```one\ntwo```"}], "footer": "the end",
    });
    assert_eq!(
        printed(json!({"text": "Look:", "attachments": [attachment]})),
        "Look:\n┃ Tribune\n┃ Failed\n┃ `div` is now <Failed>\n┃ Message\n┃ one\n┃ two\n┃ the end"
    );
}

#[test]
fn blocks_are_read_one_after_the_other() {
    let blocks = json!([
        {"type": "header", "text": {"type": "plain_text", "text": "Nightly"}},
        {"type": "divider"},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Task*\ndiv"}]},
        {"type": "markdown", "text": "done"},
        {"type": "context", "elements": [
            {"type": "mrkdwn", "text": "<!date^0^{date}|1970-01-01>"},
            {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "a chart"},
        ]},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Stop"}}]},
    ]);
    assert_eq!(
        printed(json!({"attachments": [{"blocks": blocks}]})),
        "┃ Nightly\n┃ Task: div\n┃ done\n┃ 1970-01-01 · a chart\n┃ Stop"
    );
}

#[test]
fn links_show_their_labels_and_nothing_moves_the_cursor() {
    assert_eq!(
        printed(json!({"text": "<https://example.org|the run> of <@U1> a < b \u{1b}[31mred"})),
        "the run (https://example.org) of @U1 a < b [31mred"
    );
}

#[test]
fn a_refused_message_says_why() {
    let refusal = crate::check(&json!({"text": ""})).unwrap_err();
    let message = Message {
        number: 7,
        at: UNIX_EPOCH,
        channel: "ops".to_owned(),
        payload: Value::Null,
        verdict: Err(refusal),
    };
    let reason = "there is no text, no block and no attachment";
    assert_eq!(
        message.to_string(),
        format!("(refused: 400 no_text: {reason})")
    );
    assert_eq!(message.warnings(), []);
    assert_eq!(
        message.to_json(),
        json!({
            "number": 7, "at": 0, "channel": "ops", "payload": null, "warnings": [],
            "refusal": {"word": "no_text", "status": 400, "pointer": "", "reason": reason},
        })
    );
}
