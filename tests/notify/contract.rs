//! What a notifier promises, clause by clause, as the documentation of `tribune::notify` numbers it.
//!
//! `faults.rs` counts the same promises in thousands of changes.

use tribune::Notification;
use tribune::notify::{Digest, Message};

use super::server::Reply;
use super::*;

const LOST: SlackNotifier = slack_notifier
    .only_states(&[Failed])
    .webhook_secret("TRIBUNE_TEST_LOST");

fn tell_what_is_filtered(change: &StateChange, new: State) -> State {
    // A look at the secret would be reported: there is none.
    LOST.notify(change, &new);
    new
}

#[task(state_handlers = [tell_what_is_filtered])]
fn well() {}

#[task(state_handlers = [tell_what_is_filtered])]
fn badly() -> Result<(), &'static str> {
    Err("why")
}

#[test]
fn clause_1_filters_come_before_any_look_at_a_secret() {
    let flow = flow!("filtered", {
        well();
    });
    assert!(flow.run().wait().unwrap().notifications().is_empty());
    let flow = flow!("not filtered", {
        badly();
    });
    let reason = obstacle(&flow.run().wait().unwrap());
    assert!(
        reason.contains("`TRIBUNE_TEST_LOST` is missing"),
        "{reason}"
    );
}

static SEEN: Mutex<Vec<(StateKind, bool)>> = Mutex::new(Vec::new());

fn see(change: &StateChange, new: State) -> State {
    SEEN.lock().unwrap().push((new.kind(), change.will_retry()));
    new
}

const QUIET: SlackNotifier = slack_notifier.only_states(&[Failed]);

#[task(max_retries = 1, retry_delay = "1ms", state_handlers = [see, QUIET])]
fn flaky() -> Result<(), &'static str> {
    Err("no luck")
}

#[test]
fn clause_2_only_the_failure_that_stays_is_worth_a_message() {
    let server = Server::ok();
    let flow = flow!("flaky", {
        flaky();
    });
    let run = run(&flow, &server);
    assert_eq!(run.notifications().len(), 1);
    assert_eq!(run.notifications()[0].attempt(), 2);
    let failures: Vec<_> = SEEN.lock().unwrap().clone();
    let failures: Vec<_> = failures
        .into_iter()
        .filter(|(kind, _)| *kind == Failed)
        .collect();
    assert_eq!(failures, [(Failed, true), (Failed, false)]);
}

const EACH: SlackNotifier = slack_notifier
    .digest(Digest::off())
    .backoff(Duration::from_millis(1));

#[task(state_handlers = [EACH])]
fn step(number: u32) -> u32 {
    number + 1
}

#[test]
fn clause_3_messages_come_in_the_order_of_the_changes() {
    let server = Server::replying((0..).map(|number| match number % 3 {
        0 => Reply::status(503, ""),
        _ => Reply::status(200, "ok"),
    }));
    let flow = flow!(name = "chain", state_handlers = [EACH], {
        step(step(step(1)));
    });
    run(&flow, &server);
    let taken = server
        .requests()
        .into_iter()
        .filter(|request| request.taken);
    let states: Vec<String> = taken.map(|request| request.title()).collect();
    let steps = ["Running", "Success"].repeat(3);
    assert_eq!(states, [&["Running"], &steps[..], &["Success"]].concat());
}

#[task(max_retries = 1, retry_delay = "1ms", state_handlers = [QUICK.only_states(&[Failed])])]
fn hopeless() -> Result<(), &'static str> {
    Err("no luck")
}

#[test]
fn clause_4_what_may_be_a_repetition_can_be_told() {
    let server = Server::replying([Reply::TakeAndHangUp]);
    let flow = flow!("hopeless", {
        hopeless();
    });
    let run = run(&flow, &server);
    assert_eq!(only(&run), Delivery::Delivered);
    let [first, second] = &server.requests()[..] else {
        panic!("two tries")
    };
    for request in [first, second] {
        let body = request.body.to_string();
        assert!(
            body.contains(&run.id().to_string()) && body.contains("*Attempt*\\n2"),
            "{body}"
        );
    }
    let repetition = "This may be a repetition";
    assert!(!first.body.to_string().contains(repetition));
    assert!(second.body.to_string().contains(repetition));
}

#[task(state_handlers = [EACH])]
fn work() {}

#[test]
fn clause_5_everything_is_delivered_or_named() {
    let server = Server::replying([Reply::status(200, "ok"), Reply::status(404, "no_service")]);
    let flow = flow!("work", {
        work();
    });
    let run = run(&flow, &server);
    let [first, second] = run.notifications() else {
        panic!("two changes")
    };
    assert!(first.is_delivered() && !second.is_delivered());
    assert!(Log::text().contains(&second.to_string()));
    assert!(Log::text().contains("ERROR nothing more is sent to `SLACK_WEBHOOK_URL` for now: "));
    let changes: u64 = run.notifications().iter().map(Notification::changes).sum();
    assert_eq!(changes, 2);
}

fn broken_format(_: &StateChange, _: &State) -> Message {
    panic!("a format may be wrong too")
}

const BROKEN: SlackNotifier = EACH.format(broken_format);

#[task(state_handlers = [EACH, BROKEN])]
fn add(x: u32, y: u32) -> u32 {
    x + y
}

#[test]
fn clause_6_a_run_never_ends_differently() {
    let flow = flow!("sum", { add(1, add(2, 3)) });
    let faults: [fn() -> Reply; 5] = [
        || Reply::status(400, "invalid_payload"),
        || Reply::status(410, "channel_is_archived"),
        || Reply::status(200, "<html>Log in"),
        || Reply::HangUp,
        || Reply::Silence,
    ];
    for fault in faults {
        let server = Server::replying(std::iter::repeat_with(fault));
        let run = flow
            .run()
            .secret("SLACK_WEBHOOK_URL", server.url())
            .notification_deadline(Duration::from_millis(200))
            .wait()
            .unwrap();
        assert!(run.state().is(Success));
        assert_eq!(run.output(), Some(&6));
        assert!(run.notifications().iter().all(|n| !n.is_delivered()));
    }
}

#[task(state_handlers = [EACH.required()])]
fn strict() {}

#[test]
fn clause_6_but_a_required_message_fails_its_task() {
    let server = Server::replying([Reply::status(200, "ok"), Reply::status(500, "rollup_error")]);
    let flow = flow!("strict", {
        strict();
    });
    let run = run(&flow, &server);
    let state = run.task("strict").unwrap().state();
    let error = state.error().unwrap().to_string();
    assert_eq!(
        error,
        "Slack notification for task `strict` failed: status 500"
    );
}
