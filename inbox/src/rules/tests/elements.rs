use super::*;

fn button(more: &Value) -> Value {
    let mut button = json!({"type": "button", "text": plain(5), "action_id": "a"});
    let more = more.as_object().unwrap().clone();
    button.as_object_mut().unwrap().extend(more);
    block(&json!({"type": "actions", "elements": [button]}))
}

#[test]
fn buttons_and_menus_have_their_limits() {
    let element = "/blocks/0/elements/0";
    let refused = |key: &str| Refused("invalid_blocks", format!("{element}/{key}").leak());
    let actions = |elements: Value| block(&json!({"type": "actions", "elements": elements}));
    let options = |kind: &str, count| {
        let option = json!({"text": plain(75), "value": "v"});
        actions(json!([{"type": kind, "options": times(count, &option)}]))
    };
    let confirm = |text| {
        json!({"confirm": {
            "title": plain(100), "text": text, "confirm": plain(30), "deny": plain(30),
        }})
    };
    judge([
        (
            button(&json!({"value": long(2000), "url": "https://example.org", "style": "danger"})),
            Nothing,
        ),
        (button(&json!({"text": plain(76)})), refused("text/text")),
        (button(&json!({"text": mrkdwn(1)})), refused("text/type")),
        (button(&json!({"value": long(2001)})), refused("value")),
        (button(&json!({"url": "example.org"})), refused("url")),
        (button(&json!({"style": "default"})), refused("style")),
        (button(&json!({"color": "red"})), refused("color")),
        (
            button(&json!({"action_id": long(256)})),
            refused("action_id"),
        ),
        (
            button(&json!({"accessibility_label": long(76)})),
            refused("accessibility_label"),
        ),
        (button(&confirm(mrkdwn(300))), Nothing),
        (button(&confirm(mrkdwn(301))), refused("confirm/text/text")),
        (button(&json!({"confirm": {}})), refused("confirm/title")),
        (
            actions(times(26, &json!({"type": "datepicker"}))),
            Refused("invalid_blocks", "/blocks/0/elements"),
        ),
        (
            actions(times(2, &json!({"type": "datepicker", "action_id": "a"}))),
            Refused("invalid_blocks", "/blocks/0/elements/1/action_id"),
        ),
        (actions(json!([{"type": "image"}])), refused("type")),
        (options("static_select", 100), Nothing),
        (options("static_select", 101), refused("options")),
        (options("overflow", 6), refused("options")),
        (options("radio_buttons", 11), refused("options")),
        (
            actions(json!([{"type": "static_select"}])),
            Refused("invalid_blocks", element),
        ),
    ]);
}
