//! What becomes of messages when the webhook or the way to it is broken.

use std::net::TcpListener;
use std::time::Instant;

use super::server::Reply;
use super::*;

#[task(state_handlers = [QUICK])]
fn work() {}

fn flow() -> Flow {
    flow!("work", {
        work();
    })
}

/// Runs a task with one message, and checks that the run went well whatever became of that.
fn work_with(server: &Server) -> FlowRun {
    let run = run(&flow(), server);
    assert!(run.state().is(Success));
    run
}

#[test]
fn a_refusal_is_final_and_told_in_words() {
    for (status, body, words) in [
        (
            200,
            "<html>Log in",
            "something else than the receiver of messages answered, such as a proxy",
        ),
        (
            400,
            "invalid_payload",
            "Slack does not understand the message (400 invalid_payload)",
        ),
        (
            403,
            "invalid_token",
            "the address of the webhook is wrong, or was revoked",
        ),
        (
            404,
            "no_service",
            "the webhook was removed or disabled, or its address is wrong",
        ),
        (
            410,
            "channel_is_archived",
            "the channel of the webhook is archived",
        ),
    ] {
        // What is refused is tried once more, as plain text.
        let server = Server::replying([Reply::status(status, body), Reply::status(status, body)]);
        let run = work_with(&server);
        assert!(refusal(&run).starts_with(words), "{}", refusal(&run));
        let tries = if status == 400 { 2 } else { 1 };
        assert_eq!(server.requests().len(), tries);
        let notification = run.notifications()[0].to_string();
        let start =
            "the message about task `work` in state Success was refused by `SLACK_WEBHOOK_URL`: ";
        assert!(notification.starts_with(start), "{notification}");
        assert!(Log::text().contains(&format!("WARN {notification}\n")));
    }
}

#[test]
fn a_refused_message_does_not_hold_up_the_next() {
    let refused = || Reply::status(400, "invalid_payload");
    let server = Server::replying([refused(), refused()]);
    let flow = flow!("twice", {
        work();
        work();
    });
    let run = run(&flow, &server);
    let delivered: Vec<bool> = run
        .notifications()
        .iter()
        .map(tribune::Notification::is_delivered)
        .collect();
    assert_eq!(delivered, [false, true]);
}

#[test]
fn what_is_refused_arrives_as_plain_text() {
    let server = Server::replying([Reply::status(400, "invalid_attachments")]);
    let run = work_with(&server);
    let reason = "Slack does not understand the message (400 invalid_attachments)".to_owned();
    assert_eq!(only(&run), Delivery::Simplified { reason });
    let [full, plain] = &server.requests()[..] else {
        panic!("two tries")
    };
    assert!(full.body["attachments"].is_array() && plain.body["attachments"].is_null());
    assert_eq!(
        plain.body["text"].as_str().unwrap().lines().next(),
        full.body["text"].as_str()
    );
}

#[test]
fn a_busy_receiver_is_waited_for_as_long_as_it_says() {
    let busy = || Reply::Answer(429, "Retry-After: 1\r\n", "rate_limited".to_owned());
    let server = Server::replying([
        busy(),
        Reply::Answer(429, "Retry-After: 0\r\n", String::new()),
    ]);
    let flow = flow!("twice", {
        let first = work();
        work().after(first);
    });
    let run = run(&flow, &server);
    assert!(
        run.notifications()
            .iter()
            .all(tribune::Notification::is_delivered)
    );
    let times: Vec<Instant> = server.requests().iter().map(|request| request.at).collect();
    assert_eq!(times.len(), 4);
    assert!(times[1] - times[0] >= Duration::from_secs(1));
}

#[test]
fn what_may_pass_is_tried_again() {
    for reply in [
        Reply::status(500, "rollup_error"),
        Reply::status(503, ""),
        Reply::HangUp,
        Reply::TakeAndHangUp,
        Reply::Answer(429, "", r#"{"retry_after":0.01,"ok":false}"#.to_owned()),
    ] {
        let server = Server::replying([reply]);
        assert_eq!(only(&work_with(&server)), Delivery::Delivered);
    }
}

const HASTY: SlackNotifier = QUICK.timeout(Duration::from_millis(200));

#[task(state_handlers = [HASTY])]
fn hasty() {}

#[test]
fn a_message_without_an_answer_is_sent_again() {
    let server = Server::replying([Reply::Silence]);
    let flow = flow!("hasty", {
        hasty();
    });
    assert_eq!(only(&run(&flow, &server)), Delivery::Delivered);
    assert!(server.requests().len() >= 2);
}

#[test]
fn what_does_not_pass_is_given_up() {
    let server = Server::replying((0..5).map(|_| Reply::status(500, "rollup_error")));
    let run = work_with(&server);
    assert_eq!(
        obstacle(&run),
        "the receiver is in trouble (500 rollup_error) (tried 5 times)"
    );
    assert_eq!(server.requests().len(), 5);
}

#[test]
fn nobody_there_is_no_error_of_the_run() {
    Log::install();
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let address = format!("http://{closed}/services/{TOKEN}");
    let run = flow()
        .run()
        .secret("SLACK_WEBHOOK_URL", address)
        .wait()
        .unwrap();
    assert!(run.state().is(Success));
    assert!(
        obstacle(&run).starts_with("no connection: "),
        "{}",
        obstacle(&run)
    );
    assert_silent_about_the_address(&run);
}

#[test]
fn a_server_without_tls_is_no_https_server() {
    Log::install();
    let server = Server::ok();
    let address = server.url().replace("http://", "https://");
    let run = flow()
        .run()
        .secret("SLACK_WEBHOOK_URL", address)
        .wait()
        .unwrap();
    // Without certificates on this machine there is not even an attempt.
    let reason = obstacle(&run);
    let expected = [
        "no connection: ",
        "this machine cannot check certificates: ",
    ];
    assert!(
        expected.iter().any(|start| reason.starts_with(start)),
        "{reason}"
    );
    assert_silent_about_the_address(&run);
    assert!(server.requests().is_empty());
}

#[test]
fn a_redirect_is_not_followed() {
    let trap = Server::ok();
    let location: &'static str = format!("Location: {}/trap\r\n", trap.origin()).leak();
    let server = Server::replying([Reply::Answer(302, location, String::new())]);
    assert!(refusal(&work_with(&server)).contains("redirects are not followed"));
    assert!(trap.requests().is_empty());
}

#[test]
fn a_huge_answer_is_not_read() {
    let server = Server::replying([Reply::status(200, &"x".repeat(8 << 20))]);
    let reason = refusal(&work_with(&server));
    assert!(
        reason.ends_with(&format!("(200 {})", "x".repeat(64))),
        "{reason}"
    );
}

#[test]
fn an_answer_that_quotes_the_address_does_not_give_it_away() {
    let server = Server::replying([Reply::Echo]);
    let reason = refusal(&work_with(&server));
    assert!(reason.contains("[REDACTED] is not here"), "{reason}");
}

const PATIENT: SlackNotifier = slack_notifier.only_states(&[Success]);

#[task(state_handlers = [PATIENT])]
fn patient() {}

#[test]
fn the_end_of_the_run_waits_no_longer_than_it_may() {
    let server = Server::replying([Reply::Silence]);
    let flow = flow!("patient", {
        let first = patient();
        patient().after(first);
    });
    let started = Instant::now();
    let run = flow
        .run()
        .secret("SLACK_WEBHOOK_URL", server.url())
        .notification_deadline(Duration::from_millis(50))
        .wait()
        .unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(run.state().is(Success));
    let reasons: Vec<Delivery> = run
        .notifications()
        .iter()
        .map(|notification| notification.delivery().clone())
        .collect();
    let undelivered = |reason: &str| Delivery::Undelivered {
        reason: reason.to_owned(),
    };
    let expected = [
        undelivered("the run ended while it was being sent"),
        undelivered("the run ended before it was sent"),
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn a_wait_beyond_the_deadline_is_not_begun() {
    let server = Server::replying([Reply::Answer(
        429,
        "Retry-After: 3600\r\n",
        "rate_limited".to_owned(),
    )]);
    let started = Instant::now();
    let run = work_with(&server);
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(
        obstacle(&run),
        "the receiver gets too many messages (429), \
         and the run ended before it could be sent again"
    );
    assert_eq!(server.requests().len(), 1);
}

const OTHER: SlackNotifier = PATIENT.webhook_secret("OTHER_WEBHOOK");

#[task(state_handlers = [PATIENT, OTHER])]
fn told_twice() {}

#[test]
fn one_webhook_does_not_hold_up_another() {
    let silent = Server::replying([Reply::Silence]);
    let other = Server::ok();
    let flow = flow!("twice", {
        told_twice();
    });
    let run = flow
        .run()
        .secret("SLACK_WEBHOOK_URL", silent.url())
        .secret("OTHER_WEBHOOK", other.url())
        .notification_deadline(Duration::from_secs(2))
        .wait()
        .unwrap();
    let [first, second] = run.notifications() else {
        panic!("two messages")
    };
    assert!(!first.is_delivered() && second.is_delivered());
    assert_eq!(second.destination(), "OTHER_WEBHOOK");
}

fn through_a_proxy(change: &StateChange, new: State) -> State {
    static PROXY: OnceLock<Server> = OnceLock::new();

    if new.is(Success) {
        let proxy = PROXY.get_or_init(Server::ok);
        QUICK.proxy(proxy.origin().leak()).notify(change, &new);
    }
    new
}

#[task(state_handlers = [through_a_proxy])]
fn behind_a_proxy() {}

#[test]
fn a_proxy_is_used_if_it_is_named() {
    let target = Server::ok();
    let run = run(
        &flow!("proxy", {
            behind_a_proxy();
        }),
        &target,
    );
    assert_eq!(only(&run), Delivery::Delivered);
    assert!(target.requests().is_empty());
}

static KEPT: Mutex<Option<StateChange>> = Mutex::new(None);

fn keep(change: &StateChange, new: State) -> State {
    *KEPT.lock().unwrap() = Some(change.clone());
    new
}

#[task(name = "kept task", state_handlers = [keep])]
fn kept() {}

#[test]
fn after_the_end_of_the_run_nothing_is_sent() {
    let server = Server::ok();
    let flow = flow!("kept", {
        kept();
    });
    let run = run(&flow, &server);
    let change = KEPT.lock().unwrap().take().unwrap();
    slack_notifier.notify(&change, &State::new(Failed));
    assert!(run.notifications().is_empty() && server.requests().is_empty());
    let late = "the message about task `kept task` in state Failed did not reach \
                `SLACK_WEBHOOK_URL`: it came after the end of the run";
    assert!(Log::text().contains(late), "{}", Log::text());
}
