//! What waits in a lane. No thread and no waiting here: times are given.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Parcel;
use crate::notify::ledger::Ledger;
use crate::notify::notification::Notification;
use crate::notify::pace::Meter;

/// How many messages may wait for one destination.
const MOST_WAITING: usize = 1000;
/// How long a destination that takes no messages is left alone before one is tried again.
const CLOSED_FOR: Duration = Duration::from_secs(10 * 60);

type Parcels = VecDeque<Box<Parcel>>;

#[derive(Default)]
pub(super) struct Queue {
    waiting: Parcels,
    /// What is being sent, as far as its run has to know when it ends first.
    pub(super) sending: Option<Sending>,
    has_sender: bool,
    meter: Meter,
    /// Why nothing is sent, and until when.
    closed: Option<(String, Instant)>,
    /// When the last digest was sent.
    digested: Option<Instant>,
}

pub(super) struct Sending {
    pub(super) ledger: Arc<Ledger>,
    pub(super) number: u64,
    pub(super) notification: Notification,
}

/// Where a message went.
pub(super) enum Pushed {
    /// Into a queue that has no thread yet.
    First,
    /// Into a queue whose thread may wait for something else than its turn.
    Next,
    /// Behind others.
    Waiting,
    /// Into another message.
    Merged,
    /// Nowhere: the destination takes nothing.
    Closed(Box<Parcel>, String),
    /// Nowhere: too many wait.
    Full(Box<Parcel>, String),
}

/// What the thread of a lane does next.
pub(super) enum Turn {
    Send(Box<Parcel>),
    /// Nothing can be sent before then.
    Wait(Instant),
    /// Nothing is there.
    Idle,
}

impl Queue {
    pub(super) fn push(&mut self, mut parcel: Box<Parcel>, now: Instant) -> Pushed {
        if let Some(reason) = self.closed(now) {
            return Pushed::Closed(parcel, reason);
        }
        match self.merge(parcel) {
            Ok(()) => return Pushed::Merged,
            Err(own) => parcel = own,
        }
        if self.waiting.len() >= MOST_WAITING {
            let reason = format!("{MOST_WAITING} messages to it are waiting already");
            return Pushed::Full(parcel, reason);
        }
        self.waiting.push_back(parcel);
        if !std::mem::replace(&mut self.has_sender, true) {
            Pushed::First
        } else if self.waiting.len() == 1 || self.waiting[0].alert.total() > 1 {
            Pushed::Next
        } else {
            Pushed::Waiting
        }
    }

    /// Puts the message into the last one of its run that waits, if enough of them do.
    fn merge(&mut self, parcel: Box<Parcel>) -> Result<(), Box<Parcel>> {
        let Some(after) = parcel.policy.digest.after else {
            return Err(parcel);
        };
        let related = |other: &&mut Box<Parcel>| {
            Arc::ptr_eq(&other.ledger, &parcel.ledger)
                && other.destination == parcel.destination
                && other.policy.digest == parcel.policy.digest
                && other.alert.run_id() == parcel.alert.run_id()
        };
        let mut waiting = self.waiting.iter_mut().rev().filter(related);
        // One that was tried may have arrived, and must come again as it was.
        let last = waiting.next().filter(|last| !last.tries.have_begun());
        match last {
            Some(last) if last.alert.total() > 1 || waiting.count() + 1 >= after => {
                let Parcel { alert, ticket, .. } = *parcel;
                last.alert.merge(alert);
                match (ticket, &last.ticket) {
                    (Some(ticket), Some(other)) => ticket.merge_into(other),
                    (ticket, _) => last.ticket = ticket.or(last.ticket.take()),
                }
                Ok(())
            }
            _ => Err(parcel),
        }
    }

    /// What to do now; a message that is taken counts for the pace.
    pub(super) fn turn(&mut self, now: Instant) -> Turn {
        let Some(ready) = self.ready(now) else {
            return Turn::Idle;
        };
        if ready > now {
            return Turn::Wait(ready);
        }
        let Some(parcel) = self.waiting.pop_front() else {
            return Turn::Idle;
        };
        self.meter.count(parcel.pace(), now);
        if parcel.alert.total() > 1 {
            self.digested = Some(now);
        }
        self.sending = Some(Sending {
            ledger: Arc::clone(&parcel.ledger),
            number: parcel.number,
            notification: parcel.notification(),
        });
        Turn::Send(parcel)
    }

    /// When the first message may go.
    fn ready(&self, now: Instant) -> Option<Instant> {
        let front = self.waiting.front()?;
        let paced = self.meter.ready(front.pace(), now);
        let held = self
            .digested
            .filter(|_| front.alert.total() > 1 && !front.tries.have_begun())
            .map(|last| last + front.policy.digest.every);
        // Nobody waits for more changes to come to another message, nor does the end of a run.
        let is_urgent = |parcel: &Parcel| parcel.alert.total() == 1 || parcel.deadline().is_some();
        let held = held
            .filter(|held| *held > paced && !self.waiting.iter().any(|parcel| is_urgent(parcel)));
        Some(held.unwrap_or(paced))
    }

    /// Takes out the messages whose runs will not wait until `ready`.
    pub(super) fn take_late(&mut self, ready: Instant) -> Parcels {
        self.take(|parcel| parcel.deadline().is_some_and(|deadline| deadline < ready))
    }

    /// Takes out the messages of a run.
    pub(super) fn take_of(&mut self, ledger: &Arc<Ledger>) -> Parcels {
        self.take(|parcel| Arc::ptr_eq(&parcel.ledger, ledger))
    }

    fn take(&mut self, which: impl Fn(&Box<Parcel>) -> bool) -> Parcels {
        if !self.waiting.iter().any(&which) {
            return Parcels::new();
        }
        let waiting = std::mem::take(&mut self.waiting);
        let (taken, left): (Parcels, Parcels) = waiting.into_iter().partition(which);
        self.waiting = left;
        taken
    }

    /// Puts back a message that is sent again after `wait`; all others wait with it.
    pub(super) fn put_back(&mut self, parcel: Box<Parcel>, wait: Duration, now: Instant) {
        self.sending = None;
        if !wait.is_zero() {
            self.meter.hold(parcel.pace(), now + wait);
        }
        self.waiting.push_front(parcel);
    }

    /// Sends nothing more for a while, and gives what waits.
    pub(super) fn close(&mut self, reason: &str, now: Instant) -> Parcels {
        self.closed = Some((reason.to_owned(), now + CLOSED_FOR));
        std::mem::take(&mut self.waiting)
    }

    /// Why nothing is sent, if nothing is.
    pub(super) fn closed(&self, now: Instant) -> Option<String> {
        let (reason, until) = self.closed.as_ref()?;
        (now < *until).then(|| reason.clone())
    }

    /// The thread of the lane ends.
    pub(super) fn leave(&mut self) -> Parcels {
        self.has_sender = false;
        self.sending = None;
        std::mem::take(&mut self.waiting)
    }

    /// Tells whether forgetting the lane would change anything.
    pub(super) fn remembers(&self, now: Instant) -> bool {
        let far = now + Duration::from_secs(60);
        self.has_sender || self.closed(now).is_some() || self.meter.is_ahead_of(far)
    }
}
