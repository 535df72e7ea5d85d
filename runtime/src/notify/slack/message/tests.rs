use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::error::TaskError;
use crate::state::StateKind;

const ADDRESS: &str =
    "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX";

fn body(name: &str, state: &State) -> String {
    super::body(name, state, &Webhook::parse(&ADDRESS.into()).unwrap())
}

fn failed(error: &str) -> State {
    State::new(StateKind::Failed)
        .with_message("it failed")
        .with_error(TaskError::new(error))
}

fn value(state: &State) -> Value {
    let body: Value = serde_json::from_str(&body("x", state)).unwrap();
    body["attachments"][0]["fields"][0]["value"].clone()
}

#[test]
fn a_message_has_the_classic_shape_in_the_classic_order() {
    let expected = concat!(
        r##"{"attachments":[{"fallback":"State change notification","color":"#eb0000","##,
        r#""author_name":"Tribune","author_link":"https://docs.rs/tribune","title":"Failed","#,
        r#""fields":[{"title":"Message","value":"```attempt to divide by zero```","short":false}],"#,
        r#""text":"1/x task is now in a Failed state","footer":"Tribune notification"}],"#,
        r#""unfurl_links":false,"unfurl_media":false}"#,
    );
    assert_eq!(
        body("1/x task", &failed("attempt to divide by zero")),
        expected
    );
}

#[test]
fn a_state_without_a_message_has_no_fields() {
    let body: Value = serde_json::from_str(&body("x", &State::new(StateKind::Pending))).unwrap();
    assert_eq!(body["attachments"][0]["fields"], json!([]));
}

#[test]
fn an_error_stands_in_a_code_block_and_a_timeout_does_not() {
    assert_eq!(value(&failed("a < b")), "```a &lt; b```");
    let panic = State::new(StateKind::Failed).with_error(TaskError::from_panic(&"index 7"));
    assert_eq!(value(&panic), "```index 7```");
    let late = State::new(StateKind::TimedOut)
        .with_message("Timeout after 3 s.")
        .with_error(TaskError::timed_out());
    assert_eq!(value(&late), "Timeout after 3 s.");
    assert_eq!(
        value(&State::new(StateKind::Success).with_message("<done>")),
        "&lt;done&gt;"
    );
    assert_eq!(value(&failed("")), "it failed");
}

#[test]
fn the_address_of_the_webhook_is_never_in_a_message() {
    let error = failed(&format!("no connection to {ADDRESS}"));
    assert_eq!(value(&error), "```no connection to [REDACTED]```");
    assert!(!body(ADDRESS, &error).contains("XXXXXX"));
}

proptest! {
    #[test]
    fn any_message_is_within_the_limits(name: String, error: String, copies in 1_usize..500) {
        let state = failed(&error.repeat(copies));
        let body = body(&name.repeat(copies), &state);
        prop_assert!(body.len() < 16 * 1024);
        let message: Value = serde_json::from_str(&body).unwrap();
        let attachment = &message["attachments"][0];
        prop_assert!(attachment["text"].as_str().unwrap().encode_utf16().count() <= 340);
        let value = attachment["fields"][0]["value"].as_str().unwrap();
        prop_assert!(value.encode_utf16().count() <= 2500);
        prop_assert_eq!(value.matches("```").count() % 2, 0);
    }
}
