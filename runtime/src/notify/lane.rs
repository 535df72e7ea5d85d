//! The queue of one destination, and the thread that empties it.
//!
//! All runs of the process share the lanes, because a receiver counts what comes from all of them. A
//! message is queued by the thread that changes a state, which never waits. The lane's thread, which
//! lives while there is something to send, sends one message after the other in the order in which
//! they were queued, as fast as the destination's pace allows.

mod queue;
mod sender;

use std::collections::HashMap;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::channel::Channel;
use super::digest::Digest;
use super::ledger::Ledger;
use super::notification::{Delivery, Notification};
use super::pace::Pace;
use super::retry::Tries;
use super::spool::Ticket;
use queue::{Pushed, Queue};

/// The lanes of this process, by the keys of their destinations.
static LANES: LazyLock<Mutex<HashMap<String, Arc<Lane>>>> = LazyLock::new(Mutex::default);

/// The queue of one destination.
#[derive(Default)]
pub(super) struct Lane {
    queue: Mutex<Queue>,
    /// Told of new messages and of ends of runs.
    changed: Condvar,
}

/// What a notifier asks for: how its messages are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Policy {
    pub(super) digest: Digest,
    pub(super) pace: Option<Pace>,
    pub(super) backoff: Duration,
    pub(super) max_age: Duration,
}

impl Policy {
    pub(super) const DEFAULT: Self = Self {
        digest: Digest::after(5),
        pace: None,
        backoff: Duration::from_secs(1),
        max_age: Duration::from_secs(24 * 60 * 60),
    };
}

/// A message on its way.
pub(super) struct Parcel {
    pub(super) alert: Alert,
    pub(super) channel: Arc<dyn Channel>,
    pub(super) destination: std::borrow::Cow<'static, str>,
    pub(super) policy: Policy,
    pub(super) accepted: SystemTime,
    pub(super) ledger: Arc<Ledger>,
    /// Its number in the ledger.
    pub(super) number: u64,
    pub(super) tries: Tries,
    /// Its place in the spool.
    pub(super) ticket: Option<Ticket>,
    /// What went wrong with the last try.
    pub(super) trouble: Option<String>,
}

impl Parcel {
    fn notification(&self) -> Notification {
        self.alert.notification(self.destination.clone())
    }

    fn settle(mut self, mut delivery: Delivery) {
        match (self.ticket.take(), &mut delivery) {
            (Some(ticket), Delivery::Undelivered { reason }) => {
                ticket.release();
                reason.push_str("; it is kept for the next run");
            }
            (Some(ticket), _) => ticket.done(),
            (None, _) => {}
        }
        let notification = self.notification().with(delivery);
        self.ledger.settle(self.number, notification);
    }

    /// Gives it up, because its destination takes nothing now.
    fn turn_away(mut self, reason: &str) {
        if let Some(ticket) = self.ticket.take() {
            ticket.release();
        }
        let reason = reason.to_owned();
        self.settle(Delivery::Refused { reason });
    }

    /// Gives it up, because the run ended first.
    fn give_up(self) {
        let reason = match &self.trouble {
            Some(trouble) => format!("{trouble}, and the run ended before it could be sent again"),
            None => "the run ended before it was sent".to_owned(),
        };
        self.settle(Delivery::Undelivered { reason });
    }

    fn pace(&self) -> Pace {
        self.policy.pace.unwrap_or_else(|| self.channel.pace())
    }

    /// The deadline of its run, once that is over.
    fn deadline(&self) -> Option<Instant> {
        self.ledger.deadline()
    }
}

impl Lane {
    /// The lane of the destination with this key.
    pub(super) fn of(key: String) -> Arc<Self> {
        let mut lanes = LANES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(&key) {
            return Arc::clone(lane);
        }
        // A lane that nobody uses is kept only if it still knows something.
        lanes
            .retain(|_, lane| Arc::strong_count(lane) > 1 || lane.lock().remembers(Instant::now()));
        Arc::clone(lanes.entry(key).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a message, or puts it into one that waits.
    pub(super) fn push(self: &Arc<Self>, parcel: Box<Parcel>) {
        let ledger = Arc::clone(&parcel.ledger);
        let pushed = self.lock().push(parcel, Instant::now());
        match pushed {
            Pushed::First => sender::start(self),
            Pushed::Next => self.changed.notify_one(),
            Pushed::Waiting => {}
            Pushed::Merged => ledger.withdraw(),
            Pushed::Closed(parcel, reason) => parcel.turn_away(&reason),
            Pushed::Full(parcel, reason) => parcel.settle(Delivery::Undelivered { reason }),
        }
    }

    /// Lets the thread see that a run is over.
    pub(super) fn wake(&self) {
        // With the lock: the thread must not be between its look at the queue and its wait.
        drop(self.lock());
        self.changed.notify_all();
    }

    /// Gives up the messages of a run that is over.
    pub(super) fn forget(&self, ledger: &Arc<Ledger>) {
        let mut queue = self.lock();
        let left = queue.take_of(ledger);
        let sending = &mut queue.sending;
        let sending = sending.take_if(|sending| Arc::ptr_eq(&sending.ledger, ledger));
        drop(queue);
        if let Some(sending) = sending {
            let reason = "the run ended while it was being sent".to_owned();
            let notification = sending.notification.with(Delivery::Undelivered { reason });
            ledger.settle(sending.number, notification);
        }
        for parcel in left {
            parcel.give_up();
        }
    }
}

#[cfg(test)]
mod tests;
