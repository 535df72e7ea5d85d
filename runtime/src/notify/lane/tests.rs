//! Lanes with a channel that answers as it is told, and waits until it may.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::notify::channel::{Opened, Outcome};
use crate::notify::outbox::{Order, Outbox};
use crate::notify::testing::alert;
use crate::state::StateKind::{Failed, Success};

const PATIENCE: Duration = Duration::from_secs(20);

/// No wait in a test is longer than it has to be.
const QUICK: Policy = Policy {
    digest: Digest::off(),
    pace: None,
    backoff: Duration::from_millis(1),
    max_age: Duration::from_secs(60),
};

#[derive(Default)]
struct Receiver {
    answers: Mutex<VecDeque<Outcome>>,
    /// The titles that arrived.
    seen: Mutex<Vec<String>>,
    /// Held by a test, it holds up the channel.
    gate: Mutex<()>,
    has_plain: bool,
    key: Key,
}

/// Makes each receiver another destination.
struct Key(u32);

impl Default for Key {
    fn default() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);

        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

#[derive(Clone)]
struct Fake(Arc<Receiver>);

impl Fake {
    fn answering(answers: impl IntoIterator<Item = Outcome>) -> Self {
        Self(Arc::new(Receiver {
            answers: Mutex::new(answers.into_iter().collect()),
            ..Receiver::default()
        }))
    }

    fn answer(&self, title: String) -> Outcome {
        drop(self.0.gate.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.seen.lock().unwrap().push(title);
        let answer = self.0.answers.lock().unwrap().pop_front();
        answer.unwrap_or(Outcome::Delivered)
    }

    fn seen(&self) -> Vec<String> {
        self.0.seen.lock().unwrap().clone()
    }

    fn post(&self, outbox: &Outbox, policy: Policy, name: &str) {
        let kind = if name.starts_with("bad") {
            Failed
        } else {
            Success
        };
        let key = format!("fake {}", self.0.key.0);
        let opened = Opened::new(key, self.clone());
        let order = Order {
            alert: alert(name, kind, "text"),
            destination: "fake".into(),
            opened,
            policy,
        };
        outbox.post(order, || None);
    }

    /// Posts messages with these names, and tells what became of them.
    fn deliver<const N: usize>(&self, policy: Policy, names: [&str; N]) -> Vec<Notification> {
        let outbox = Outbox::default();
        let hold = self.0.gate.lock().unwrap();
        for name in names {
            self.post(&outbox, policy, name);
        }
        drop(hold);
        outbox.drain(PATIENCE)
    }
}

impl Channel for Fake {
    fn send(&self, alert: &Alert) -> Outcome {
        let title = alert.title();
        assert!(!title.contains("panic"), "it was told to");
        match alert.is_repeated() {
            true => self.answer(format!("{title}, again")),
            false => self.answer(title),
        }
    }

    fn send_plain(&self, alert: &Alert) -> Option<Outcome> {
        let plain = || self.answer(format!("{}, plain", alert.title()));
        self.0.has_plain.then(plain)
    }
}

fn refused(reason: &str) -> Delivery {
    let reason = reason.to_owned();
    Delivery::Refused { reason }
}

fn undelivered(reason: &str) -> Delivery {
    let reason = reason.to_owned();
    Delivery::Undelivered { reason }
}

fn deliveries(notifications: &[Notification]) -> Vec<Delivery> {
    notifications
        .iter()
        .map(|notification| notification.delivery.clone())
        .collect()
}

#[test]
fn messages_arrive_in_their_order() {
    let fake = Fake::answering([Outcome::Unreachable("down".to_owned())]);
    let notifications = fake.deliver(QUICK, ["a", "b", "c"]);
    assert!(notifications.iter().all(Notification::is_delivered));
    let names: Vec<&str> = notifications.iter().map(Notification::name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(
        fake.seen(),
        ["a", "a", "b", "c"].map(|name| format!("task {name} is Success"))
    );
}

#[test]
fn what_may_be_a_repetition_says_so() {
    let fake = Fake::answering([Outcome::Uncertain("no answer".to_owned())]);
    fake.deliver(QUICK, ["a"]);
    assert_eq!(
        fake.seen(),
        ["task a is Success", "task a is Success, again"]
    );
}

#[test]
fn a_refused_message_does_not_hold_up_the_next() {
    let fake = Fake::answering([Outcome::Refused("too odd".to_owned())]);
    let notifications = fake.deliver(QUICK, ["a", "b"]);
    assert_eq!(
        deliveries(&notifications),
        [refused("too odd"), Delivery::Delivered]
    );
}

#[test]
fn a_refused_message_is_tried_as_plain_text() {
    let fake = Fake(Arc::new(Receiver {
        answers: Mutex::new([Outcome::Refused("too odd".to_owned())].into()),
        has_plain: true,
        ..Receiver::default()
    }));
    let notifications = fake.deliver(QUICK, ["a", "b"]);
    let reason = "too odd".to_owned();
    assert_eq!(
        deliveries(&notifications),
        [Delivery::Simplified { reason }, Delivery::Delivered]
    );
    assert_eq!(
        fake.seen(),
        [
            "task a is Success",
            "task a is Success, plain",
            "task b is Success"
        ]
    );
}

#[test]
fn a_destination_that_takes_nothing_is_left_alone() {
    let fake = Fake::answering([Outcome::Closed("gone".to_owned())]);
    let notifications = fake.deliver(QUICK, ["a", "b"]);
    assert_eq!(
        deliveries(&notifications),
        [refused("gone"), refused("gone")]
    );
    // It is closed for the whole process, not for the run.
    let notifications = fake.deliver(QUICK, ["c"]);
    assert_eq!(deliveries(&notifications), [refused("gone")]);
    assert_eq!(fake.seen().len(), 1);
}

#[test]
fn all_messages_wait_for_a_busy_destination() {
    let busy = |millis| Outcome::Busy {
        reason: "busy".to_owned(),
        wait: Some(Duration::from_millis(millis)),
    };
    let fake = Fake::answering([busy(30), busy(0)]);
    let start = Instant::now();
    let notifications = fake.deliver(QUICK, ["a", "b"]);
    assert!(notifications.iter().all(Notification::is_delivered));
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert_eq!(fake.seen()[..3], ["task a is Success"; 3]);
}

#[test]
fn a_channel_that_panics_loses_one_message() {
    let fake = Fake::answering([]);
    let notifications = fake.deliver(QUICK, ["panic", "b"]);
    assert_eq!(
        deliveries(&notifications),
        [refused("its channel panicked"), Delivery::Delivered]
    );
}

#[test]
fn an_old_message_is_dropped_and_said_to_be() {
    let fake = Fake::answering([]);
    let policy = Policy {
        max_age: Duration::ZERO,
        ..QUICK
    };
    let notifications = fake.deliver(policy, ["a"]);
    assert_eq!(
        deliveries(&notifications),
        [undelivered("it could not be sent within 0ns")]
    );
    assert!(fake.seen().is_empty());
}

#[test]
fn changes_that_wait_are_merged_and_counted() {
    let fake = Fake::answering([]);
    let policy = Policy {
        digest: Digest::after(3),
        ..QUICK
    };
    let outbox = Outbox::default();
    let hold = fake.0.gate.lock().unwrap();
    for number in 0..1000 {
        let name = if number % 100 == 0 { "bad" } else { "good" };
        fake.post(&outbox, policy, name);
    }
    drop(hold);
    let notifications = outbox.drain(PATIENCE);
    assert!(notifications.iter().all(Notification::is_delivered));
    let changes: u64 = notifications.iter().map(Notification::changes).sum();
    assert_eq!(changes, 1000);
    // One may have been on its way before the others came.
    assert!((3..=4).contains(&notifications.len()), "{notifications:?}");
    assert!(fake.seen().last().unwrap().ends_with("changes in nightly"));
}

#[test]
fn digests_of_several_runs_are_apart() {
    let fake = Fake::answering([]);
    let policy = Policy {
        digest: Digest::after(1),
        ..QUICK
    };
    let runs = [Outbox::default(), Outbox::default()];
    let hold = fake.0.gate.lock().unwrap();
    for _ in 0..10 {
        for outbox in &runs {
            fake.post(outbox, policy, "a");
        }
    }
    drop(hold);
    for outbox in runs {
        let notifications = outbox.drain(PATIENCE);
        let changes: u64 = notifications.iter().map(Notification::changes).sum();
        assert_eq!(changes, 10);
    }
}

#[test]
fn a_digest_that_waits_for_more_holds_up_nobody_else() {
    let fake = Fake::answering([]);
    let policy = Policy {
        digest: Digest::after(1).every(Duration::from_secs(3600)),
        ..QUICK
    };
    let (stormy, other) = (Outbox::default(), Outbox::default());
    let wait_until = |seen: &dyn Fn(&[String]) -> bool| {
        let start = Instant::now();
        while !seen(&fake.seen()) {
            assert!(start.elapsed() < PATIENCE, "{:?}", fake.seen());
            std::thread::yield_now();
        }
    };
    let storm = || {
        let hold = fake.0.gate.lock().unwrap();
        (0..5).for_each(|_| fake.post(&stormy, policy, "a"));
        drop(hold);
    };
    storm();
    wait_until(&|seen| {
        seen.iter()
            .any(|title| title.ends_with("changes in nightly"))
    });
    // The second digest waits for an hour.
    storm();
    fake.post(&other, policy, "b");
    wait_until(&|seen| seen.iter().any(|title| title == "task b is Success"));
    let changes = |outbox: &Outbox| {
        let notifications = outbox.drain(PATIENCE);
        notifications.iter().map(Notification::changes).sum::<u64>()
    };
    assert_eq!((changes(&stormy), changes(&other)), (10, 1));
}

#[test]
fn a_queue_that_is_full_says_what_it_drops() {
    let fake = Fake::answering([]);
    let outbox = Outbox::default();
    let hold = fake.0.gate.lock().unwrap();
    (0..1100).for_each(|_| fake.post(&outbox, QUICK, "a"));
    drop(hold);
    let notifications = outbox.drain(PATIENCE);
    let delivered = |which: bool| {
        let counted = notifications.iter().filter(|n| n.is_delivered() == which);
        counted.map(Notification::changes).sum::<u64>()
    };
    let (arrived, dropped) = (delivered(true), delivered(false));
    assert_eq!(
        (arrived, arrived + dropped),
        (fake.seen().len() as u64, 1100)
    );
    // One may have been on its way before the queue was full.
    assert!((99..=100).contains(&dropped), "{dropped}");
    // The account is bounded too: it merges what shares a fate.
    assert!(notifications.len() <= 1001, "{}", notifications.len());
}

#[test]
fn the_end_of_a_run_waits_no_longer_than_it_may() {
    let fake = Fake::answering([]);
    let outbox = Outbox::default();
    let hold = fake.0.gate.lock().unwrap();
    fake.post(&outbox, QUICK, "a");
    fake.post(&outbox, QUICK, "b");
    let notifications = outbox.drain(Duration::from_millis(20));
    drop(hold);
    let unsent = undelivered("the run ended before it was sent");
    let deliveries = deliveries(&notifications);
    assert_eq!(deliveries[1], unsent);
    let sending = undelivered("the run ended while it was being sent");
    assert!(deliveries[0] == sending || deliveries[0] == unsent);
}

#[test]
fn a_wait_beyond_the_deadline_is_not_begun() {
    let fake = Fake::answering([Outcome::Busy {
        reason: "busy".to_owned(),
        wait: Some(Duration::from_secs(3000)),
    }]);
    let start = Instant::now();
    let notifications = fake.deliver(QUICK, ["a", "b"]);
    assert!(start.elapsed() < PATIENCE);
    assert_eq!(
        deliveries(&notifications),
        [
            undelivered("busy, and the run ended before it could be sent again"),
            undelivered("the run ended before it was sent"),
        ]
    );
}

#[test]
fn after_the_end_nothing_is_queued() {
    let fake = Fake::answering([]);
    let outbox = Outbox::default();
    fake.post(&outbox, QUICK, "a");
    assert_eq!(outbox.drain(PATIENCE).len(), 1);
    fake.post(&outbox, QUICK, "b");
    assert!(outbox.drain(PATIENCE).is_empty());
    assert_eq!(fake.seen().len(), 1);
}
