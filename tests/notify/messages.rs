//! Which messages are sent, what they say, and in which order.

use std::collections::HashSet;

use serde_json::{Value, json};
use tribune::notify::Digest;
use tribune_inbox::{Inbox, Message};

use super::*;

/// The notifier in the shape of the original, and each message for itself.
const CLASSIC: SlackNotifier = slack_notifier.classic().digest(Digest::off());

#[task(name = "1/x task", state_handlers = [CLASSIC])]
fn div(x: i64) -> i64 {
    1 / x
}

#[task(name = "Add 1 task", state_handlers = [CLASSIC])]
fn add(x: i64) -> i64 {
    x + 1
}

fn add_divide() -> Flow {
    flow!("Add Divide Flow", {
        div(x = add(-1));
    })
}

fn attachment(color: &str, state: &str, name: &str, message: &str) -> Value {
    json!({
        "fallback": "State change notification",
        "color": color,
        "author_name": "Tribune",
        "author_link": "https://docs.rs/tribune",
        "title": state,
        "fields": [{"title": "Message", "value": message, "short": false}],
        "text": format!("{name} is now in a {state} state"),
    })
}

/// The attachment without its footer, which names the run.
fn without_footer(mut attachment: Value) -> Value {
    let footer = attachment.as_object_mut().unwrap().remove("footer");
    let footer = footer.unwrap().as_str().unwrap().to_owned();
    assert!(footer.starts_with("Tribune notification, run "), "{footer}");
    attachment
}

#[test]
fn the_first_example_sends_its_four_messages() {
    let server = Server::ok();
    let run = run(&add_divide(), &server);
    assert!(run.state().is(Failed));
    let attachments: Vec<Value> = server
        .requests()
        .into_iter()
        .map(|request| without_footer(request.body["attachments"][0].clone()))
        .collect();
    let expected = [
        attachment("#3d67ff", "Running", "Add 1 task", "Starting task run."),
        attachment("#28a745", "Success", "Add 1 task", "Task run succeeded."),
        attachment("#3d67ff", "Running", "1/x task", "Starting task run."),
        attachment(
            "#eb0000",
            "Failed",
            "1/x task",
            "```attempt to divide by zero```",
        ),
    ];
    assert_eq!(attachments, expected);
    assert!(
        run.notifications()
            .iter()
            .all(tribune::Notification::is_delivered)
    );
    let last = &run.notifications()[3];
    assert_eq!(
        (last.name(), last.kind(), last.attempt()),
        ("1/x task", Failed, 1)
    );
}

/// The rows of a recorded table, whose author and footer are those of the other library.
fn recorded() -> Vec<Value> {
    let table = include_str!("../conformance/tables/slack_payloads.json");
    let mut table: Value = serde_json::from_str(table).unwrap();
    let Value::Array(rows) = table["rows"].take() else {
        panic!("a table has rows")
    };
    // The root of the hierarchy is no state of its own here.
    rows.into_iter()
        .filter(|row| row["state"] != "State")
        .collect()
}

fn kind(name: &str) -> StateKind {
    *StateKind::ALL
        .iter()
        .find(|kind| kind.name() == name)
        .unwrap()
}

fn state(row: &Value) -> State {
    let state = State::new(kind(row["state"].as_str().unwrap()));
    match row["variant"].as_str().unwrap() {
        "bare" => state,
        "message" => state.with_message("hello"),
        "error" => state
            .with_message("hello")
            .with_error(TaskError::new("it broke")),
        "value" => state.with_message("hello").with_result(1),
        other => panic!("the variant {other} is new"),
    }
}

/// The recorded message as ours has to be.
fn translated(row: &Value) -> Value {
    let mut attachment = row["payload"]["attachments"][0].clone();
    attachment.as_object_mut().unwrap().remove("author_icon");
    attachment["author_name"] = "Tribune".into();
    attachment["author_link"] = "https://docs.rs/tribune".into();
    attachment.as_object_mut().unwrap().remove("footer");
    // An error was recorded as the text around it and what it said.
    for field in attachment["fields"].as_array_mut().unwrap() {
        if let Some(error) = field["value"]["args"][0]["message"].as_str() {
            field["value"] = format!("```{error}```").into();
        }
    }
    attachment
}

fn send_recorded_states(change: &StateChange, new: State) -> State {
    if new.is(Success) {
        for row in recorded() {
            CLASSIC.notify(change, &state(&row));
        }
    }
    new
}

#[task(name = "My task", state_handlers = [send_recorded_states])]
fn my_task() {}

#[test]
fn every_recorded_message_is_matched() {
    let server = Server::ok();
    run(
        &flow!("rows", {
            my_task();
        }),
        &server,
    );
    let rows = recorded();
    let requests = server.requests();
    assert_eq!(requests.len(), rows.len());
    let kinds: HashSet<&str> = rows
        .iter()
        .map(|row| row["state"].as_str().unwrap())
        .collect();
    assert!(
        StateKind::ALL
            .iter()
            .all(|kind| kinds.contains(kind.name()))
    );
    for (row, request) in rows.iter().zip(requests) {
        let sent = without_footer(request.body["attachments"][0].clone());
        assert_eq!(sent, translated(row), "{row}");
    }
}

#[task(state_handlers = [CLASSIC(only_states = [Failed, Running], ignore_states = [TriggerFailed])])]
fn filtered() -> Result<(), &'static str> {
    Err("a < b & c")
}

#[test]
fn the_attribute_narrows_the_states_down() {
    let server = Server::ok();
    run(
        &flow!("filtered", {
            filtered();
        }),
        &server,
    );
    assert_eq!(server.titles(), ["Running", "Failed"]);
    let value = &server.requests()[1].body["attachments"][0]["fields"][0]["value"];
    assert_eq!(value, "```a &lt; b &amp; c```");
}

const BOTH: SlackNotifier = CLASSIC
    .only_states(&[Failed, Scheduled])
    .ignore_states(&[TriggerFailed, Paused]);

fn send_every_kind(change: &StateChange, new: State) -> State {
    if new.is(Success) {
        for kind in StateKind::ALL {
            BOTH.notify(change, &State::new(*kind));
        }
    }
    new
}

#[task(state_handlers = [send_every_kind])]
fn every_kind() {}

#[test]
fn subkinds_are_meant_and_ignoring_wins() {
    let server = Server::ok();
    run(
        &flow!("kinds", {
            every_kind();
        }),
        &server,
    );
    let expected = [
        "Scheduled",
        "Resume",
        "Retrying",
        "Failed",
        "TimedOut",
        "ValidationFailed",
    ];
    assert_eq!(server.titles(), expected);
}

#[task(max_retries = 1, retry_delay = "1ms", state_handlers = [slack_notifier])]
fn flaky() -> Result<(), &'static str> {
    Err("no luck")
}

#[task(max_retries = 1, retry_delay = "1ms", state_handlers = [slack_notifier.each_attempt()])]
fn very_flaky() -> Result<(), &'static str> {
    Err("no luck")
}

#[test]
fn only_the_last_failure_is_worth_a_message() {
    let server = Server::ok();
    let quiet = run(
        &flow!("flaky", {
            flaky();
        }),
        &server,
    );
    assert_eq!(
        server.titles(),
        ["Running", "Retrying", "Running", "Failed"]
    );
    assert_eq!(quiet.notifications().last().unwrap().attempt(), 2);

    let server = Server::ok();
    run(
        &flow!("very flaky", {
            very_flaky();
        }),
        &server,
    );
    assert_eq!(
        server.titles(),
        ["Running", "Failed", "Retrying", "Running", "Failed"]
    );
}

fn send_a_hundred(change: &StateChange, new: State) -> State {
    if new.is(Success) {
        for number in 0..100 {
            let state = State::new(Success).with_message(number.to_string());
            CLASSIC.notify(change, &state);
        }
    }
    new
}

#[task(state_handlers = [send_a_hundred])]
fn chatty() {}

#[test]
fn the_order_is_that_of_the_changes() {
    let server = Server::ok();
    run(
        &flow!("chatty", {
            chatty();
        }),
        &server,
    );
    let numbers: Vec<String> = server
        .requests()
        .iter()
        .map(|request| {
            request.body["attachments"][0]["fields"][0]["value"]
                .as_str()
                .unwrap()
                .into()
        })
        .collect();
    assert_eq!(
        numbers,
        (0..100)
            .map(|number| number.to_string())
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_flow_sends_messages_about_itself() {
    let server = Server::ok();
    let flow = flow!(name = "nightly", state_handlers = [CLASSIC], {
        chatty();
    });
    let run = run(&flow, &server);
    let texts: Vec<String> = server
        .requests()
        .iter()
        .filter(|request| request.text("text").starts_with("nightly"))
        .map(|request| request.text("text").to_owned())
        .collect();
    assert_eq!(
        texts,
        [
            "nightly is now in a Running state",
            "nightly is now in a Success state"
        ]
    );
    assert!(run.notifications()[0].is_flow());
}

#[tokio::test]
async fn an_async_run_sends_them_too() {
    let server = Server::ok();
    let run = add_divide()
        .run()
        .secret("SLACK_WEBHOOK_URL", server.url())
        .await
        .unwrap();
    assert_eq!(server.titles(), ["Running", "Success", "Running", "Failed"]);
    assert_eq!(run.notifications().len(), 4);
}

#[test]
fn every_message_is_one_that_slack_takes() {
    let inbox = Inbox::start().unwrap();
    let run = add_divide()
        .run()
        .secret("SLACK_WEBHOOK_URL", inbox.url())
        .wait()
        .unwrap();
    assert_eq!(inbox.messages().len(), run.notifications().len());
    assert!(inbox.refused().is_empty(), "{:?}", inbox.refused());
    let warnings = |message: &Message| message.warnings().to_vec();
    let warnings: Vec<_> = inbox.messages().iter().flat_map(warnings).collect();
    assert!(warnings.is_empty(), "{warnings:?}");
}

const CALLING: SlackNotifier = slack_notifier
    .only_states(&[Failed])
    .mention(Failed, "<!subteam^S0123>")
    .mention(TimedOut, "<@U0123>")
    .console("https://flows.example.org/{flow}/{run}");

#[task(state_handlers = [CALLING])]
fn connect() -> Result<(), String> {
    Err("no entry for ann with hunter2-hunter2 at <db>".to_owned())
}

#[test]
fn a_message_calls_people_links_its_run_and_keeps_secrets() {
    let server = Server::ok();
    let flow = flow!("a b/c", {
        connect();
    });
    let run = flow
        .run()
        .secret("SLACK_WEBHOOK_URL", server.url())
        .secret("DB_PASSWORD", "hunter2-hunter2")
        .wait()
        .unwrap();
    let body = &server.requests()[0].body;
    let id = run.id();
    assert_eq!(
        body["text"],
        format!(
            "<!subteam^S0123> ❌ Task connect is Failed \
             (<https://flows.example.org/a%20b%2Fc/{id}|open the run>)"
        )
    );
    let blocks = &body["attachments"][0]["blocks"];
    let duration = &blocks[1]["fields"][3]["text"];
    assert!(
        duration.as_str().unwrap().starts_with("*Duration*\n"),
        "{blocks}"
    );
    assert_eq!(
        blocks[0]["text"]["text"],
        "```no entry for ann with [REDACTED] at &lt;db&gt;```"
    );
}

fn my_message(change: &StateChange, new: &State) -> tribune::notify::Message {
    tribune::notify::Message::new(format!("<!channel> {} needs you", change.name()))
        .state(new.kind())
        .field("Flow", change.flow_name())
        .code(format!("the token is {TOKEN}"))
}

#[task(state_handlers = [slack_notifier(
    format = my_message,
    only_states = [Failed],
    timeout = "10s",
    backoff = "500ms",
    max_age = "1h 30m",
)])]
fn own() -> Result<(), &'static str> {
    Err("why")
}

#[test]
fn a_program_writes_its_own_message() {
    let server = Server::ok();
    let flow = flow!("own", {
        own();
    });
    run(&flow, &server);
    let body = &server.requests()[0].body;
    assert_eq!(body["text"], "❌ &lt;!channel&gt; own needs you");
    let blocks = &body["attachments"][0]["blocks"];
    assert_eq!(blocks[0]["text"]["text"], "```the token is [REDACTED]```");
    assert_eq!(blocks[1]["fields"][0]["text"], "*Flow*\nown");
}
