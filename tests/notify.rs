//! `slack_notifier` against a webhook on loopback, through the public API only.

#[path = "notify/channels.rs"]
mod channels;
#[path = "notify/contract.rs"]
mod contract;
#[path = "notify/faults.rs"]
mod faults;
#[path = "notify/mail.rs"]
mod mail;
#[path = "notify/messages.rs"]
mod messages;
#[path = "notify/secrets.rs"]
mod secrets;
#[path = "notify/server.rs"]
mod server;
#[path = "notify/silence.rs"]
mod silence;
#[path = "notify/spool.rs"]
mod spool;
#[path = "notify/storm.rs"]
mod storm;
#[path = "notify/tls.rs"]
mod tls;
#[path = "notify/trouble.rs"]
mod trouble;

use std::fmt::Write;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tribune::prelude::*;
use tribune::{Delivery, Flow, FlowRun};

use crate::server::{Server, TOKEN};

/// A notifier for tests: one message, and no second spent on waiting.
const QUICK: SlackNotifier = slack_notifier
    .only_states(&[Success])
    .backoff(Duration::from_millis(1));

/// Runs the flow with the server as its webhook.
fn run(flow: &Flow, server: &Server) -> FlowRun {
    Log::install();
    let run = flow
        .run()
        .secret("SLACK_WEBHOOK_URL", server.url())
        .wait()
        .unwrap();
    assert_silent_about_the_address(&run);
    run
}

/// The address must be nowhere that somebody may look.
fn assert_silent_about_the_address(run: &FlowRun) {
    let mut printed = format!("{run:?} {:?}", run.notifications());
    for notification in run.notifications() {
        write!(printed, "{notification}").unwrap();
    }
    printed.push_str(&Log::text());
    assert!(!printed.contains(TOKEN), "{printed}");
}

/// Why the only message of the run was refused.
fn refusal(run: &FlowRun) -> String {
    match only(run) {
        Delivery::Refused { reason } => reason,
        other => panic!("{other:?}"),
    }
}

/// Why the only message of the run did not get through.
fn obstacle(run: &FlowRun) -> String {
    match only(run) {
        Delivery::Undelivered { reason } => reason,
        other => panic!("{other:?}"),
    }
}

/// What became of the only message of the run.
fn only(run: &FlowRun) -> Delivery {
    let [notification] = run.notifications() else {
        panic!("{:?}", run.notifications())
    };
    notification.delivery().clone()
}

/// Everything that any thread of this process logs.
struct Log;

static LOG: Mutex<String> = Mutex::new(String::new());

/// A test that reads the output of the others sets it, so that the log is printed too.
const PRINTED: &str = "TRIBUNE_TEST_PRINTED";

impl Log {
    fn install() {
        static INSTALLED: OnceLock<()> = OnceLock::new();

        INSTALLED.get_or_init(|| tracing::subscriber::set_global_default(Self).unwrap());
    }

    fn text() -> String {
        LOG.lock().unwrap().clone()
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Line<'a>(&'a mut String);

        impl Visit for Line<'_> {
            fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
                write!(self.0, " {value:?}").unwrap();
            }
        }

        let mut line = event.metadata().level().to_string();
        event.record(&mut Line(&mut line));
        if std::env::var_os(PRINTED).is_some() {
            eprintln!("{line}");
        }
        let mut log = LOG.lock().unwrap();
        writeln!(log, "{line}").unwrap();
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
