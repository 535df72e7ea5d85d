//! Messages of every kind.

use serde_json::{Value, json};
use tribune_inbox::Inbox;

/// Posts a message to a channel.
pub(crate) fn post(inbox: &Inbox, channel: &str, body: &str) {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .new_agent();
    let request = agent
        .post(inbox.url_of(channel))
        .content_type("application/json");
    request.send(body).unwrap();
}

/// Posts all samples, and tells how many there are.
pub(crate) fn fill(inbox: &Inbox) -> usize {
    let samples = [
        mark_up(),
        failed(),
        older(),
        blocks(),
        hostile(),
        long(),
        refused(),
    ];
    for sample in &samples {
        post(inbox, "general", &sample.to_string());
    }
    samples.len()
}

fn mark_up() -> Value {
    json!({"text": "Hello, *channel* :wave: from _Tribune_: see <https://example.org/a?b=1|the docs>, \
        run `cargo run`, ~old~ and all\n&gt; quoted\n&gt; and more\nfor <!here> and <@U012AB3CD>"})
}

fn failed() -> Value {
    let mrkdwn = |text: &str| json!({"type": "mrkdwn", "text": text});
    let blocks = json!([
        {"type": "section", "text": mrkdwn("```attempt to divide by zero\n  at div```")},
        {"type": "section", "fields": [
            mrkdwn("*Flow*\nAdd Divide Flow"),
            mrkdwn("*Attempt*\n2 of 3"),
            mrkdwn("*Run*\n`30c37a31-6526-4de1-b1ac-f795a1d5f255`"),
            mrkdwn("*Duration*\n1.2 s"),
        ]},
        {"type": "context", "elements": [
            mrkdwn("laptop · <!date^1392734382^{date} at {time}|Tue, 18 Feb 2014 14:39:42 GMT>"),
            mrkdwn("<https://console.example.org/runs/1|Open the run>"),
        ]},
    ]);
    json!({"text": ":x: Task *1/x task* is Failed", "attachments": [{"color": "#eb0000", "blocks": blocks}]})
}

fn older() -> Value {
    json!({"attachments": [{
        "fallback": "State change notification", "color": "danger", "author_name": "Tribune",
        "author_link": "https://docs.rs/tribune", "title": "Failed",
        "text": "1/x task is now in a Failed state",
        "fields": [
            {"title": "Message", "value": "```attempt to divide by zero```", "short": false},
            {"title": "Host", "value": "laptop", "short": true},
            {"title": "Attempt", "value": "3", "short": true},
        ],
        "footer": "Tribune notification", "ts": 1_392_734_382,
    }]})
}

fn blocks() -> Value {
    let plain = |text: &str| json!({"type": "plain_text", "text": text});
    json!({"text": "A report", "blocks": [
        {"type": "header", "text": plain("Nightly report :rocket:")},
        {"type": "section", "text": {"type": "mrkdwn", "text": "812 more changes"}},
        {"type": "divider"},
        {"type": "actions", "elements": [
            {"type": "button", "text": plain("Approve"), "action_id": "a", "style": "primary"},
            {"type": "button", "text": plain("Cancel"), "action_id": "b", "style": "danger"},
        ]},
        {"type": "image", "image_url": "https://example.org/chart.png", "alt_text": "a chart"},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
            {"type": "text", "text": "rich", "style": {"bold": true}},
        ]}]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "div"}, {"type": "raw_text", "text": "3"}]]},
        {"type": "alert", "level": "error", "text": plain("Disk is full")},
        {"type": "plan", "title": "Not drawn here"},
    ]})
}

/// Everything that a page could be tricked with.
fn hostile() -> Value {
    json!({
        "text": "&lt;img src=x onerror=window.hacked=1&gt; <script>window.hacked=1</script> \
            <javascript:window.hacked=1|click> <https://example.org/\"onmouseover=\"window.hacked=1|here>",
        "attachments": [{
            "fallback": "f", "color": "red;background:url(https://example.org)",
            "title": "<b>bold</b>", "title_link": "javascript:window.hacked=1",
            "image_url": "https://example.org/tracker.png", "text": "</div></article>",
        }],
    })
}

fn long() -> Value {
    let lines: Vec<String> = (1..30)
        .map(|line| format!("frame {line} of a long trace"))
        .collect();
    json!({"text": "A long one:", "attachments": [{"color": "warning", "title": "Retrying", "text": lines.join("\n")}]})
}

fn refused() -> Value {
    let text = json!({"type": "mrkdwn", "text": "x".repeat(3001)});
    json!({"text": "too long", "blocks": [{"type": "section", "text": text}]})
}
