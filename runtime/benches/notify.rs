//! How long a task's thread spends in `slack_notifier` for each change of state.
//!
//! ```sh
//! cargo bench -p tribune --features spool --bench notify
//! ```
//!
//! The same with a receiver that answers at once, with one that never answers, and with nobody there.

use std::net::TcpListener;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tribune::Flow;
use tribune::notify::Digest;
use tribune::prelude::*;
use tribune_inbox::Inbox;

const CHANGES: usize = 20_000;

/// The usual one; a thousand of its messages at most wait one by one.
const MERGED: SlackNotifier = slack_notifier;
const EACH: SlackNotifier = slack_notifier.digest(Digest::off());
/// It tells of none of them.
const FILTERED: SlackNotifier = slack_notifier.only_states(&[Failed]);

static TIMES: Mutex<Vec<Duration>> = Mutex::new(Vec::new());

fn measure(notifier: &SlackNotifier, changes: usize, change: &StateChange) {
    let state = State::new(Success).with_message("Task run succeeded.");
    let mut times = Vec::with_capacity(changes);
    for _ in 0..changes {
        let started = Instant::now();
        notifier.notify(change, &state);
        times.push(started.elapsed());
    }
    *TIMES.lock().unwrap() = times;
}

fn merged(change: &StateChange, new: State) -> State {
    if new.is(Success) {
        measure(&MERGED, CHANGES, change);
    }
    new
}

fn each(change: &StateChange, new: State) -> State {
    if new.is(Success) {
        measure(&EACH, 900, change);
    }
    new
}

fn filtered(change: &StateChange, new: State) -> State {
    if new.is(Success) {
        measure(&FILTERED, CHANGES, change);
    }
    new
}

#[task(state_handlers = [merged])]
fn with_digests() {}

#[task(state_handlers = [each])]
fn without_digests() {}

#[task(state_handlers = [filtered])]
fn with_a_filter() {}

fn report(what: &str, receiver: &str, flow: &Flow, address: &str, spool: bool) {
    let run = flow
        .run()
        .secret("SLACK_WEBHOOK_URL", address)
        .notification_deadline(Duration::ZERO);
    let file = std::env::temp_dir().join(format!("bench-{}.db", std::process::id()));
    #[cfg(feature = "spool")]
    let run = if spool { run.spool(&file) } else { run };
    run.wait().expect("the secret is given");
    let mut times = std::mem::take(&mut *TIMES.lock().unwrap());
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 1000];
    println!(
        "{what:<28} {receiver:<16} {:>10.2?} {:>10.2?} {:>10.2?}",
        at(500),
        at(990),
        at(1000)
    );
    if spool {
        for end in ["", "-wal", "-shm"] {
            // The operating system removes what another run of the benchmark still uses.
            let _ = std::fs::remove_file(format!("{}{end}", file.display()));
        }
    }
}

fn main() {
    println!(
        "{:<28} {:<16} {:>10} {:>10} {:>10}",
        "notifier", "receiver", "median", "99 %", "most"
    );
    let flows = [
        (
            "filtered out",
            flow!("a", {
                with_a_filter();
            }),
            false,
        ),
        (
            "digests",
            flow!("b", {
                with_digests();
            }),
            false,
        ),
        (
            "one by one",
            flow!("c", {
                without_digests();
            }),
            false,
        ),
        (
            "digests, with a spool",
            flow!("d", {
                with_digests();
            }),
            true,
        ),
    ];
    for (what, flow, spool) in flows {
        if spool && !cfg!(feature = "spool") {
            continue;
        }
        let inbox = Inbox::start().expect("loopback has a port");
        report(what, "answers", &flow, &inbox.url(), spool);
        drop(inbox);
        // Connections are taken by the operating system, and nobody reads from them.
        let silent = TcpListener::bind("127.0.0.1:0").expect("loopback has a port");
        let address = silent.local_addr().expect("it is bound");
        let url = format!("http://{address}/services/T0/B0/x");
        report(what, "never answers", &flow, &url, spool);
        drop(silent);
        report(what, "is not there", &flow, &url, spool);
    }
}
