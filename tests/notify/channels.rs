//! Other channels than Slack: JSON, and one of one's own.

use tribune::Notification;
use tribune::notify::{Alert, Channel, Notifier, Outcome, WebhookNotifier, webhook_notifier};

use super::server::Reply;
use super::*;

const JSON: WebhookNotifier = webhook_notifier
    .only_states(&[Failed])
    .url_secret("PAGER_URL")
    .backoff(Duration::from_millis(1));

#[task(state_handlers = [JSON])]
fn load() -> Result<(), &'static str> {
    Err("no such <table>")
}

fn run_json(server: &Server) -> FlowRun {
    Log::install();
    let flow = flow!("nightly", {
        load();
    });
    let run = flow.run().secret("PAGER_URL", server.json_url()).wait();
    let run = run.unwrap();
    assert_silent_about_the_address(&run);
    run
}

#[test]
fn an_alert_goes_out_as_json() {
    let server = Server::replying([Reply::status(500, ""), Reply::status(202, "queued")]);
    let run = run_json(&server);
    assert_eq!(only(&run), Delivery::Delivered);
    let body = &server.requests()[1].body;
    assert_eq!(body["title"], "task load is Failed");
    assert_eq!(body["flow"], "nightly");
    assert_eq!(body["run"], run.id().to_string());
    assert_eq!(body["changes"][0]["text"], "no such <table>");
    assert_eq!(body["total"], 1);
}

#[test]
fn a_receiver_that_is_gone_is_told_of() {
    let server = Server::replying([Reply::status(410, "gone")]);
    let reason = refusal(&run_json(&server));
    assert_eq!(reason, "the receiver does not take it (410 gone)");
    let server = Server::replying([Reply::status(422, "what?")]);
    assert!(refusal(&run_json(&server)).ends_with("(422 what?)"));
}

static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[derive(Clone)]
struct Megaphone;

impl Channel for Megaphone {
    fn send(&self, alert: &Alert) -> Outcome {
        SAID.lock().unwrap().push(alert.title());
        Outcome::Delivered
    }
}

const MEGAPHONE: Notifier<Megaphone> = Notifier::new("megaphone", Megaphone).only_states(&[Failed]);

#[task(state_handlers = [MEGAPHONE, MEGAPHONE.only_states(&[Running])])]
fn shout() -> Result<(), &'static str> {
    Err("quiet, please")
}

#[test]
fn a_channel_of_ones_own_needs_no_secret() {
    let flow = flow!("loud", {
        shout();
    });
    let run = flow.run().wait().unwrap();
    assert!(run.notifications().iter().all(Notification::is_delivered));
    assert_eq!(run.notifications()[0].destination(), "megaphone");
    let said = SAID.lock().unwrap().clone();
    assert_eq!(said, ["task shout is Running", "task shout is Failed"]);
}

const STRICT: Notifier<Megaphone> = MEGAPHONE.required();
const STRICT_JSON: WebhookNotifier = webhook_notifier.only_states(&[Success]).required();

#[task(state_handlers = [STRICT, STRICT_JSON])]
fn careful() {}

#[test]
fn a_required_message_that_fails_fails_the_task() {
    let server = Server::replying([Reply::status(500, "")]);
    let flow = flow!("careful", {
        careful();
    });
    let failed = flow.run().secret("WEBHOOK_URL", server.json_url()).wait();
    let failed = failed.unwrap();
    let error = failed.task("careful").unwrap().state().error().unwrap();
    assert!(error.to_string().contains("in trouble (500"), "{error}");
    let run = flow.run().secret("WEBHOOK_URL", server.json_url()).wait();
    assert!(run.unwrap().state().is(Success));
    // Without its secret the task fails, and not the run before it starts.
    let run = flow.run().wait().unwrap();
    assert!(run.task("careful").unwrap().state().is(Failed));
}
