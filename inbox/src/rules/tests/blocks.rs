use super::*;

#[test]
fn a_section_has_text_or_fields() {
    let at = "/blocks/0/text/text";
    let section = |text: Value| block(&json!({"type": "section", "text": text}));
    let fields = |fields: Value| block(&json!({"type": "section", "fields": fields}));
    judge([
        (section(mrkdwn(3000)), Nothing),
        (section(mrkdwn(3001)), Refused("invalid_blocks", at)),
        (section(plain(3001)), Refused("invalid_blocks", at)),
        (section(mrkdwn(0)), Refused("invalid_blocks", at)),
        (
            section(json!({"type": "mrkdwn", "text": "é".repeat(3000)})),
            Nothing,
        ),
        (
            section(json!("text")),
            Refused("invalid_blocks", "/blocks/0/text"),
        ),
        (
            section(json!({"type": "mrkdwn"})),
            Refused("invalid_blocks", at),
        ),
        (
            section(json!({"type": "markdown", "text": "t"})),
            Refused("invalid_blocks", "/blocks/0/text/type"),
        ),
        (
            section(json!({"type": "mrkdwn", "text": "t", "emoji": true})),
            Refused("invalid_blocks", "/blocks/0/text/emoji"),
        ),
        (
            section(json!({"type": "mrkdwn", "text": "<"})),
            Warned("unescaped_lt", at),
        ),
        (fields(times(10, &mrkdwn(2000))), Nothing),
        (
            fields(times(11, &mrkdwn(1))),
            Refused("invalid_blocks", "/blocks/0/fields"),
        ),
        (
            fields(json!([mrkdwn(2001)])),
            Refused("invalid_blocks", "/blocks/0/fields/0/text"),
        ),
        (
            fields(json!([])),
            Refused("invalid_blocks", "/blocks/0/fields"),
        ),
        (
            block(&json!({"type": "section"})),
            Refused("invalid_blocks", "/blocks/0"),
        ),
        (
            block(&json!({"type": "section", "text": plain(1), "color": "red"})),
            Refused("invalid_blocks", "/blocks/0/color"),
        ),
        (
            block(&json!({"type": "section", "text": plain(1), "accessory": {"type": "video"}})),
            Refused("invalid_blocks", "/blocks/0/accessory/type"),
        ),
    ]);
}

#[test]
fn every_simple_block_has_its_limits() {
    let image = |more: Value| {
        let mut image = json!({"type": "image", "image_url": "https://example.org/a.png"});
        image
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        block(&image)
    };
    let of = |kind: &str, key: &str, value: Value| block(&json!({"type": kind, key: value}));
    judge([
        (of("header", "text", plain(150)), Nothing),
        (
            of("header", "text", plain(151)),
            Refused("invalid_blocks", "/blocks/0/text/text"),
        ),
        (
            of("header", "text", mrkdwn(1)),
            Refused("invalid_blocks", "/blocks/0/text/type"),
        ),
        (block(&json!({"type": "divider"})), Nothing),
        (
            of("divider", "text", plain(1)),
            Refused("invalid_blocks", "/blocks/0/text"),
        ),
        (of("context", "elements", times(10, &mrkdwn(1))), Nothing),
        (
            of("context", "elements", times(11, &mrkdwn(1))),
            Refused("invalid_blocks", "/blocks/0/elements"),
        ),
        (image(json!({"alt_text": "a chart"})), Nothing),
        (
            image(json!({})),
            Refused("invalid_blocks", "/blocks/0/alt_text"),
        ),
        (
            image(json!({"alt_text": "x", "image_url": "a.png"})),
            Refused("invalid_blocks", "/blocks/0/image_url"),
        ),
        (
            image(json!({"alt_text": "x", "slack_file": {}})),
            Refused("invalid_blocks", "/blocks/0"),
        ),
        (
            image(json!({"alt_text": "x", "title": mrkdwn(1)})),
            Refused("invalid_blocks", "/blocks/0/title/type"),
        ),
        (of("markdown", "text", json!(long(12_000))), Nothing),
        (
            of("markdown", "text", json!(long(12_001))),
            Refused("invalid_blocks", "/blocks/0/text"),
        ),
        (
            of(
                "rich_text",
                "elements",
                json!([{"type": "rich_text_quote"}]),
            ),
            Nothing,
        ),
    ]);
}

#[test]
fn structured_blocks_have_their_limits() {
    let of = |kind: &str, key: &str, value: Value| block(&json!({"type": kind, key: value}));
    judge([
        (
            of("rich_text", "elements", json!([{"type": "text"}])),
            Refused("invalid_blocks", "/blocks/0/elements/0"),
        ),
        (of("table", "rows", json!([[]])), Nothing),
        (
            of("table", "rows", json!([1])),
            Refused("invalid_blocks", "/blocks/0/rows/0"),
        ),
        (
            of("table", "rows", times(101, &json!([]))),
            Refused("invalid_blocks", "/blocks/0/rows"),
        ),
        (
            block(&json!({"type": "alert", "text": plain(1), "level": "error"})),
            Nothing,
        ),
        (
            block(&json!({"type": "alert", "text": plain(1), "level": "bad"})),
            Refused("invalid_blocks", "/blocks/0/level"),
        ),
        (
            block(
                &json!({"type": "task_card", "task_id": "1", "title": "t", "status": "complete"}),
            ),
            Nothing,
        ),
        (
            block(&json!({"type": "task_card", "task_id": "1", "title": "t", "status": "done"})),
            Refused("invalid_blocks", "/blocks/0/status"),
        ),
        (
            block(
                &json!({"type": "container", "title": plain(1), "child_blocks": [{"type": "x"}]}),
            ),
            Refused("invalid_blocks", "/blocks/0/child_blocks/0/type"),
        ),
        (
            of("container", "child_blocks", json!([])),
            Refused("invalid_blocks", "/blocks/0"),
        ),
    ]);
}

#[test]
fn blocks_are_counted_and_named_once() {
    let of = |kind: &str, key: &str, value: Value| block(&json!({"type": kind, key: value}));
    judge([
        (
            of("quote", "text", plain(1)),
            Refused("invalid_blocks", "/blocks/0/type"),
        ),
        (of("divider", "block_id", json!(long(255))), Nothing),
        (
            of("divider", "block_id", json!(long(256))),
            Refused("invalid_blocks", "/blocks/0/block_id"),
        ),
        (
            json!({"text": "t", "blocks": times(2, &json!({"type": "divider", "block_id": "a"}))}),
            Refused("invalid_blocks", "/blocks/1/block_id"),
        ),
        (
            json!({"text": "t", "blocks": times(50, &json!({"type": "divider"}))}),
            Nothing,
        ),
        (
            json!({"text": "t", "blocks": times(51, &json!({"type": "divider"}))}),
            Refused("invalid_blocks", "/blocks"),
        ),
        (
            json!({"blocks": [{"type": "divider"}]}),
            Warned("missing_fallback", "/text"),
        ),
        (
            json!({"text": "t", "blocks": times(2, &json!({"type": "table", "rows": [[]]}))}),
            Refused("invalid_blocks", "/blocks/1"),
        ),
    ]);
}
