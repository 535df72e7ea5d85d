//! A thousand changes through each thing that can go wrong, and the account of them.
//!
//! ```sh
//! cargo test -p tribune-tests --test notify -- faults --nocapture
//! ```
//!
//! prints the table.

use std::time::Instant;

use tribune::Notification;
use tribune::notify::Digest;

use super::server::{Reply, Request};
use super::*;

const CHANGES: usize = 1000;

/// Each change for itself, and no second spent on waiting.
const EACH: SlackNotifier = slack_notifier
    .digest(Digest::off())
    .backoff(Duration::from_millis(1))
    .timeout(Duration::from_millis(300));

fn send_a_thousand(change: &StateChange, new: State) -> State {
    if new.is(Success) {
        for number in 0..CHANGES {
            let state = State::new(Success).with_message(format!("change {number}."));
            EACH.notify(change, &state);
        }
    }
    new
}

#[task(state_handlers = [send_a_thousand])]
fn chatty() {}

/// What became of a thousand changes.
struct Count {
    accepted: usize,
    /// The run says that these did not arrive.
    named: usize,
    lost_in_silence: usize,
    repeated: usize,
    repeated_unmarked: usize,
    reordered: usize,
}

impl Count {
    fn of(server: &Server, run: &FlowRun) -> Self {
        let requests = server.requests();
        let taken: Vec<&Request> = requests.iter().filter(|request| request.taken).collect();
        let (mut first, mut repeated_unmarked) = (Vec::new(), 0);
        for request in &taken {
            let number = number(request);
            match first.contains(&number) {
                true => repeated_unmarked += usize::from(!is_marked(request)),
                false => first.push(number),
            }
        }
        let undelivered = run.notifications().iter().filter(|n| !n.is_delivered());
        let named: u64 = undelivered.map(Notification::changes).sum();
        let named = usize::try_from(named).unwrap();
        Self {
            accepted: first.len(),
            named,
            lost_in_silence: CHANGES.saturating_sub(first.len() + named),
            repeated: taken.len() - first.len(),
            repeated_unmarked,
            reordered: first.windows(2).filter(|pair| pair[0] > pair[1]).count(),
        }
    }
}

/// The number of the change that a message is about.
fn number(request: &Request) -> usize {
    let body = request.body.to_string();
    let (_, rest) = body.split_once("change ").unwrap();
    rest.split('.').next().unwrap().parse().unwrap()
}

fn is_marked(request: &Request) -> bool {
    request.body.to_string().contains("may be a repetition")
}

fn run_through(fault: &str, server: &Server) -> Count {
    Log::install();
    let flow = flow!("faults", {
        chatty();
    });
    let started = Instant::now();
    let run = flow
        .run()
        .secret("SLACK_WEBHOOK_URL", server.url())
        .notification_deadline(Duration::from_secs(120))
        .wait()
        .unwrap();
    assert!(run.state().is(Success), "{fault}");
    assert_silent_about_the_address(&run);
    let count = Count::of(server, &run);
    println!(
        "{fault:<42} {:>8} {:>6} {:>6} {:>8} {:>8} {:>9} {:>7.1} s",
        count.accepted,
        count.named,
        count.lost_in_silence,
        count.repeated,
        count.repeated_unmarked,
        count.reordered,
        started.elapsed().as_secs_f64(),
    );
    assert_eq!(count.lost_in_silence, 0, "{fault}");
    assert_eq!(count.repeated_unmarked, 0, "{fault}");
    assert_eq!(count.reordered, 0, "{fault}");
    count
}

/// Every so many replies, `fault`, and else `ok`.
fn each(every: usize, fault: fn() -> Reply) -> impl Iterator<Item = Reply> + Send {
    (1..).map(move |number| match number % every {
        0 => fault(),
        _ => Reply::status(200, "ok"),
    })
}

fn ok() -> Reply {
    Reply::status(200, "ok")
}

/// Takes so many messages a second, and says when to come again.
fn at_a_pace(per_second: f64) -> impl Iterator<Item = Reply> + Send {
    let (mut tokens, mut last) = (5.0, Instant::now());
    std::iter::repeat_with(move || {
        let earned = last.elapsed().as_secs_f64() * per_second;
        (tokens, last) = (f64::min(tokens + earned, 5.0), Instant::now());
        if tokens < 1.0 {
            let body = r#"{"retry_after":0.02,"ok":false,"error":"rate_limited"}"#;
            return Reply::Answer(429, "", body.to_owned());
        }
        tokens -= 1.0;
        ok()
    })
}

#[test]
fn a_thousand_changes_through_each_fault() {
    println!(
        "{:<42} {:>8} {:>6} {:>6} {:>8} {:>8} {:>9}",
        "fault", "accepted", "named", "lost", "repeated", "unmarked", "reordered"
    );
    let passing: [(&str, Server); 8] = [
        ("none", Server::ok()),
        (
            "429 above 500 messages a second",
            Server::replying(at_a_pace(500.0)),
        ),
        (
            "429 with Retry-After, each 10th",
            Server::replying(each(10, || {
                Reply::Answer(429, "Retry-After: 0\r\n", String::new())
            })),
        ),
        (
            "500 rollup_error, each 3rd",
            Server::replying(each(3, || Reply::status(500, "rollup_error"))),
        ),
        (
            "dropped before acceptance, each 5th",
            Server::replying(each(5, || Reply::HangUp)),
        ),
        (
            "dropped after acceptance, each 5th",
            Server::replying(each(5, || Reply::TakeAndHangUp)),
        ),
        (
            "taken without an answer, each 200th",
            Server::replying(each(200, || Reply::Silence)),
        ),
        (
            "400 invalid_blocks, each 10th",
            Server::replying(each(10, || Reply::status(400, "invalid_blocks"))),
        ),
    ];
    for (fault, server) in passing {
        let count = run_through(fault, &server);
        assert_eq!((count.accepted, count.named), (CHANGES, 0), "{fault}");
        let may_repeat = fault.contains("after acceptance") || fault.contains("without an answer");
        assert_eq!(count.repeated > 0, may_repeat, "{fault}");
    }
    let trap = Server::ok();
    let location: &'static str = format!("Location: {}/trap\r\n", trap.origin()).leak();
    let lasting: [(&str, Server); 5] = [
        (
            "404 no_service after 400 messages",
            Server::replying((0..).map(|number| match number {
                0..400 => ok(),
                _ => Reply::status(404, "no_service"),
            })),
        ),
        (
            "redirect to another server",
            Server::replying(std::iter::repeat_with(move || {
                Reply::Answer(302, location, String::new())
            })),
        ),
        (
            "a page of a portal in place of ok",
            Server::replying(std::iter::repeat_with(|| {
                Reply::status(200, "<html>Log in")
            })),
        ),
        (
            "an answer of 8 MiB",
            Server::replying(std::iter::repeat_with(|| {
                Reply::status(200, &"x".repeat(8 << 20))
            })),
        ),
        (
            "400 invalid_payload, whatever is sent",
            Server::replying(std::iter::repeat_with(|| {
                Reply::status(400, "invalid_payload")
            })),
        ),
    ];
    for (fault, server) in lasting {
        let count = run_through(fault, &server);
        assert_eq!(count.accepted + count.named, CHANGES, "{fault}");
        assert_eq!(count.repeated, 0, "{fault}");
    }
    assert!(trap.requests().is_empty());
}

/// Every word with which Slack refuses a message or a webhook ends the same way: named, not lost.
#[test]
fn every_word_of_slack_is_accounted_for() {
    for word in tribune_inbox::Refusal::words() {
        let status = word.parse::<tribune_inbox::Refusal>().unwrap().status();
        if status >= 500 {
            // That passes, and is waited for.
            continue;
        }
        let server = Server::replying(std::iter::repeat_with(move || Reply::status(status, word)));
        let count = run_through(&format!("{status} {word}"), &server);
        assert_eq!((count.accepted, count.named), (0, CHANGES), "{word}");
    }
}
