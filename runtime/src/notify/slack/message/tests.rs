use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::notify::alert::Alert;
use crate::notify::testing::alert;
use crate::state::StateKind::{Failed, Running, Success, TimedOut};

/// The body as JSON, which Slack takes and shows well.
fn checked(body: &str) -> Value {
    let (message, warnings) = tribune_inbox::read(body.as_bytes())
        .unwrap_or_else(|refusal| panic!("{refusal:?}: {body}"));
    // A text that holds an entity is to be seen as it is.
    let bad = |warning: &&tribune_inbox::Warning| warning.name() != "double_escaped";
    let warning = warnings.iter().find(bad);
    assert!(warning.is_none(), "{warning:?}: {body}");
    message
}

/// An alert in every form that it can take.
fn forms(alert: &Alert) -> Vec<Value> {
    let message = Message::about(alert);
    let mut forms = vec![
        message.to_blocks(),
        message.to_classic(),
        message.to_plain(),
    ];
    if let ([event], 1) = (alert.events(), alert.total()) {
        forms.push(serde_json::from_str(&one_change(alert, event)).unwrap());
    }
    forms
        .into_iter()
        .map(|form| checked(&form.to_string()))
        .collect()
}

fn digest(changes: impl IntoIterator<Item = Alert>) -> Alert {
    let mut changes = changes.into_iter();
    let mut first = changes.next().unwrap();
    changes.for_each(|change| first.merge(change));
    first
}

#[test]
fn the_usual_message_says_what_why_and_where() {
    let message = Message::about(&alert("1/x task", Failed, "attempt to divide by zero"));
    let text = |text: &str| json!({"type": "mrkdwn", "text": text});
    assert_eq!(
        checked(&message.to_blocks().to_string()),
        json!({
            "text": "❌ Task 1/x task is Failed",
            "attachments": [{"color": "#eb0000", "blocks": [
                {"type": "section", "text": text("```attempt to divide by zero```")},
                {"type": "section", "fields": [
                    text("*Flow*\nnightly"),
                    text("*Run*\n00000000-0000-0000-0000-000000000000"),
                    text("*Attempt*\n1"),
                ]},
                {"type": "context", "elements": [
                    text("mill"),
                    text("<!date^1700000000^{date_short_pretty} at {time_secs}\
                          |Tue, 14 Nov 2023 22:13:20 GMT>"),
                ]},
            ]}],
            "unfurl_links": false,
            "unfurl_media": false,
        })
    );
}

#[test]
fn the_classic_message_has_the_keys_of_the_original_in_their_order() {
    let alert = alert("1/x task", Failed, "attempt to divide by zero");
    let expected = concat!(
        r##"{"attachments":[{"fallback":"State change notification","color":"#eb0000","##,
        r#""author_name":"Tribune","author_link":"https://docs.rs/tribune","title":"Failed","#,
        r#""fields":[{"title":"Message","value":"```attempt to divide by zero```","short":false}],"#,
        r#""text":"1/x task is now in a Failed state","#,
        r#""footer":"Tribune notification, run 00000000-0000-0000-0000-000000000000"}],"#,
        r#""unfurl_links":false,"unfurl_media":false}"#,
    );
    assert_eq!(one_change(&alert, &alert.events()[0]), expected);
}

#[test]
fn a_few_changes_are_listed_one_by_one() {
    let digest = digest([
        alert("load", Running, "Starting task run."),
        alert("load", Failed, "no <table>"),
        alert("report", TimedOut, "no\nluck"),
    ]);
    let [blocks, ..] = &forms(&digest)[..] else {
        panic!("an alert has forms")
    };
    assert_eq!(
        blocks["text"],
        "❌ 3 changes in nightly, 2 of them failures"
    );
    assert_eq!(
        blocks["attachments"][0]["blocks"][0]["text"]["text"],
        "▶️ load: Running\n❌ load: Failed: no &lt;table&gt;\n⏰ report: TimedOut: no\nluck"
    );
}

#[test]
fn many_changes_are_counted_and_the_first_errors_quoted() {
    let digest = digest((0..1000).map(|number| match number % 10 {
        3 => alert("load", Failed, &format!("row {number}")),
        _ => alert("load", Success, "Task run succeeded."),
    }));
    let counted: u64 = digest.counted().iter().map(|group| group.count).sum();
    assert_eq!(
        (digest.total(), counted, digest.failed()),
        (1000, 1000, 100)
    );
    let blocks = &forms(&digest)[0]["attachments"][0]["blocks"];
    assert_eq!(
        blocks[0]["text"]["text"],
        "✅ 900 x load: Success\n❌ 100 x load: Failed"
    );
    assert_eq!(
        blocks[1]["text"]["text"],
        "```load: row 3\nload: row 13\nload: row 23\nload: row 33\nload: row 43\n... and 95 more```"
    );
}

#[test]
fn tasks_beyond_a_number_are_counted_together() {
    let digest = digest((0..500).map(|number| alert(&number.to_string(), Success, "")));
    let counted = digest.counted();
    assert_eq!(counted.len(), 51);
    assert_eq!(counted.iter().map(|group| group.count).sum::<u64>(), 500);
    let text = &forms(&digest)[0]["attachments"][0]["blocks"][0]["text"]["text"];
    assert!(text.as_str().unwrap().ends_with("... and 480 more changes"));
}

#[test]
fn an_alert_is_as_large_for_many_changes_as_for_a_hundred() {
    let size = |changes: usize| {
        let text = "why ".repeat(2000);
        let name = |number: usize| format!("task {}", number % 300);
        let digest = digest((0..changes).map(|number| alert(&name(number), Failed, &text)));
        serde_json::to_string(&digest).unwrap().len()
    };
    // The digits of the counts.
    assert!(size(20_000) < size(100) + 8 * 300);
}

#[test]
fn a_repetition_says_so() {
    let mut alert = alert("x", Failed, "y");
    alert.repeat();
    for form in forms(&alert) {
        let text = form.to_string();
        assert!(text.contains("repetition") || text.contains("maybe sent before"));
    }
}

#[test]
fn links_and_mentions_are_ours_alone() {
    let message = Message::new("<!channel> <@U1>")
        .link("https://example.org/a b|c>?x&y", "open")
        .mention(&["<@U2>".into()]);
    assert_eq!(
        checked(&message.to_blocks().to_string())["text"],
        "<@U2> &lt;!channel&gt; &lt;@U1&gt; (<https://example.org/a%20b%7Cc%3E?x&amp;y|open>)"
    );
    let message = Message::new("x").link("javascript:alert(1)", "open");
    assert_eq!(message.to_plain()["text"], "x");
}

#[test]
fn what_finds_no_room_is_counted() {
    let mut message = Message::new("");
    for number in 0..30 {
        message = message
            .text("y".repeat(1000))
            .field(number.to_string(), "")
            .note(number.to_string());
    }
    for form in [message.to_blocks(), message.to_classic()] {
        let form = checked(&form.to_string());
        assert!(form.to_string().len() < 16 * 1024);
    }
    let blocks = message.to_blocks();
    let notes = &blocks["attachments"][0]["blocks"][8]["elements"];
    assert_eq!(notes[9]["text"], "... and 64 more parts of this message");
    assert_eq!(blocks["text"], "(no text)");
}

/// Any text, and often one with what has a meaning for Slack.
fn any_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<String>(),
        "[`<>&*_~| \n\u{0}\u{2028}@!a]{0,40}",
        Just("<!channel>".to_owned()),
        Just("```".to_owned()),
        Just("&amp;".to_owned()),
        Just("🦀".repeat(400)),
    ];
    (proptest::collection::vec(part, 0..6), 1_usize..60)
        .prop_map(|(parts, copies)| parts.concat().repeat(copies))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_alert_is_a_message_that_slack_takes(
        changes in proptest::collection::vec((any_text(), any_text(), any::<bool>()), 1..14),
    ) {
        let change = |(name, text, failed): &(String, String, bool)| {
            alert(name, if *failed { Failed } else { Success }, text)
        };
        let digest = digest(changes.iter().map(change));
        for form in forms(&digest) {
            let body = form.to_string();
            prop_assert!(body.len() < 16 * 1024 * 4, "{}", body.len());
            prop_assert!(!body.contains("<!channel>"));
            prop_assert_eq!(body.matches("```").count() % 2, 0);
        }
    }

    #[test]
    fn any_message_of_a_program_is_one_that_slack_takes(
        line in any_text(),
        parts in proptest::collection::vec((0..4, any_text(), any_text()), 0..20),
    ) {
        let message = parts.iter().fold(Message::new(&line), |message, (which, a, b)| {
            match which {
                0 => message.text(a),
                1 => message.code(a),
                2 => message.field(a, b),
                _ => message.note(a),
            }
        });
        for form in [message.to_blocks(), message.to_classic(), message.to_plain()] {
            checked(&form.to_string());
        }
    }
}
