use super::*;

fn attachment(attachment: &Value) -> Value {
    json!({"text": "t", "attachments": [attachment]})
}

#[test]
fn an_attachment_has_blocks_or_the_older_form() {
    let refused = |at| Refused("invalid_attachments", at);
    let blocks =
        |count| json!({"color": "#eb0000", "blocks": times(count, &json!({"type": "divider"}))});
    judge([
        (attachment(&blocks(20)), Nothing),
        (
            attachment(&blocks(21)),
            Warned("many_att_blocks", "/attachments/0"),
        ),
        (attachment(&blocks(51)), refused("/attachments/0/blocks")),
        (
            attachment(&json!({"blocks": blocks(1)["blocks"], "text": null})),
            refused("/attachments/0/text"),
        ),
        (
            attachment(&json!({"blocks": blocks(1)["blocks"], "footer": "f"})),
            refused("/attachments/0/footer"),
        ),
        (
            attachment(&json!({"blocks": [{"type": "section", "text": mrkdwn(3001)}]})),
            refused("/attachments/0/blocks/0/text/text"),
        ),
        (
            attachment(&json!({
                "fallback": "f", "color": "good", "author_name": "a", "author_link": "https://example.org",
                "title": "t", "text": "x", "footer": "f", "ts": 1_700_000_000, "mrkdwn_in": ["text"],
                "fields": [{"title": "Message", "value": "v", "short": false}],
            })),
            Nothing,
        ),
        (
            json!({"attachments": [{"text": "x"}]}),
            Warned("missing_fallback", "/attachments/0"),
        ),
        (
            json!({"attachments": [{"text": "x", "fallback": "f"}]}),
            Nothing,
        ),
        (
            attachment(&json!({"color": "good"})),
            Refused("no_text", "/attachments/0"),
        ),
        (
            json!({"text": "t", "attachments": ["x"]}),
            Refused("invalid_payload", "/attachments/0"),
        ),
        (
            attachment(&json!({"text": 1})),
            Refused("invalid_payload", "/attachments/0/text"),
        ),
        (
            attachment(&json!({"text": "x", "fields": {}})),
            Refused("invalid_payload", "/attachments/0/fields"),
        ),
        (
            attachment(&json!({"fields": [{"value": 1}]})),
            Refused("invalid_payload", "/attachments/0/fields/0"),
        ),
        (
            attachment(&json!({"text": "x", "actions": times(6, &json!({}))})),
            Refused("invalid_payload", "/attachments/0/actions"),
        ),
        (
            json!({"text": "t", "attachments": times(100, &json!({"fallback": "f"}))}),
            Warned("many_attachments", "/attachments"),
        ),
        (
            json!({"text": "t", "attachments": times(101, &json!({"fallback": "f"}))}),
            Refused("too_many_attachments", "/attachments"),
        ),
    ]);
    for (key, value, warning) in [
        ("color", json!("green"), "bad_color"),
        ("text", json!("a -> b"), "unescaped_gt"),
        ("text", json!(long(8001)), "att_text_cut"),
        ("title", json!(long(1025)), "att_title_long"),
        ("footer", json!(long(301)), "footer_long"),
        ("title_link", json!("example.org"), "bad_url"),
        ("ts", json!("noon"), "bad_ts"),
        ("mrkdwn_in", json!(["footer"]), "bad_mrkdwn_in"),
        ("colour", json!("red"), "unknown_key"),
    ] {
        let message = attachment(&json!({"fallback": "f", key: value}));
        judge([(
            message,
            Warned(warning, format!("/attachments/0/{key}").leak()),
        )]);
    }
    let message = attachment(&json!({"fields": [{"value": "v", "short": "yes"}]}));
    judge([(
        message,
        Warned("bad_short", "/attachments/0/fields/0/short"),
    )]);
}
