//! The thread of a lane.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::queue::Turn;
use super::{Lane, Parcel};
use crate::notify::channel::Outcome;
use crate::notify::notification::Delivery;
use crate::notify::retry::Step;

/// How long the thread waits for another message before it ends.
const IDLE: Duration = Duration::from_secs(5);

pub(super) fn start(lane: &Arc<Lane>) {
    let sender = Sender {
        lane: Arc::clone(lane),
        left: false,
    };
    let thread = thread::Builder::new().name("tribune-notify".to_owned());
    if let Err(error) = thread.spawn(move || sender.run()) {
        // The sender was dropped with its closure, which gave up the messages of the lane.
        tracing::error!("no thread could be started for notifications: {error}");
    }
}

struct Sender {
    lane: Arc<Lane>,
    /// The lane knows that this thread ends: another one may have taken over.
    left: bool,
}

impl Sender {
    fn run(mut self) {
        while let Some(parcel) = self.next() {
            self.send(parcel);
        }
        self.left = true;
    }

    /// The next message, once it may go; none when there was nothing to do for a while.
    fn next(&self) -> Option<Box<Parcel>> {
        let lane = &self.lane;
        let mut rested = false;
        let mut queue = lane.lock();
        loop {
            let now = Instant::now();
            let wait = match queue.turn(now) {
                Turn::Send(parcel) => return Some(parcel),
                Turn::Idle if rested => {
                    queue.leave();
                    return None;
                }
                Turn::Idle => IDLE,
                Turn::Wait(ready) => {
                    let overdue = queue.take_late(ready);
                    if !overdue.is_empty() {
                        drop(queue);
                        for parcel in overdue {
                            parcel.give_up();
                        }
                        queue = lane.lock();
                        continue;
                    }
                    ready.saturating_duration_since(now)
                }
            };
            let waited = lane.changed.wait_timeout(queue, wait);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            queue = guard;
            rested = timeout.timed_out();
        }
    }

    /// Sends a message once, and does what follows from that.
    fn send(&self, mut parcel: Box<Parcel>) {
        let age = SystemTime::now().duration_since(parcel.accepted);
        if age.is_ok_and(|age| age > parcel.policy.max_age) {
            let limit = parcel.policy.max_age;
            let reason = format!("it could not be sent within {limit:?}");
            return self.settle(parcel, Delivery::Undelivered { reason });
        }
        if parcel.tries.is_uncertain() {
            parcel.alert.repeat();
        }
        if let Some(ticket) = &mut parcel.ticket {
            ticket.tried();
        }
        let Some(outcome) = attempt(&parcel) else {
            let refused = parcel.tries.refused();
            return self.settle(parcel, refused);
        };
        match parcel.tries.step(outcome) {
            Step::Settle(delivery) => self.settle(parcel, delivery),
            Step::Close(reason) => self.close(parcel, &reason),
            Step::Simplify => self.put_back(parcel, Duration::ZERO),
            Step::Wait(wait, reason) => {
                tracing::debug!("{reason}; the message is sent again in {wait:?}");
                parcel.trouble = Some(reason);
                self.put_back(parcel, wait);
            }
        }
    }

    fn settle(&self, parcel: Box<Parcel>, delivery: Delivery) {
        self.lane.lock().sending = None;
        parcel.settle(delivery);
    }

    fn put_back(&self, parcel: Box<Parcel>, wait: Duration) {
        let mut queue = self.lane.lock();
        if queue.sending.is_none() {
            // Its run ended, and has said so.
            drop(queue);
            return parcel.give_up();
        }
        queue.put_back(parcel, wait, Instant::now());
    }

    /// Gives up the destination, with what waits for it.
    fn close(&self, parcel: Box<Parcel>, reason: &str) {
        let mut queue = self.lane.lock();
        let waiting = queue.close(reason, Instant::now());
        queue.sending = None;
        drop(queue);
        let destination = &parcel.destination;
        tracing::error!("nothing more is sent to `{destination}` for now: {reason}");
        for parcel in std::iter::once(parcel).chain(waiting) {
            parcel.turn_away(reason);
        }
    }
}

impl Drop for Sender {
    /// Also called when the thread could not be started, or panicked.
    fn drop(&mut self) {
        if self.left {
            return;
        }
        let left = self.lane.lock().leave();
        for parcel in left {
            let reason = "the thread that sends messages is gone".to_owned();
            parcel.settle(Delivery::Undelivered { reason });
        }
    }
}

/// Calls the channel; no answer if it was asked for a simple form and has none.
fn attempt(parcel: &Parcel) -> Option<Outcome> {
    let (channel, alert) = (&parcel.channel, &parcel.alert);
    let send = || match parcel.tries.is_plain() {
        true => channel.send_plain(alert),
        false => Some(channel.send(alert)),
    };
    // A channel may be anybody's code, and the other messages need the thread.
    catch_unwind(AssertUnwindSafe(send))
        .unwrap_or_else(|_| Some(Outcome::Refused("its channel panicked".to_owned())))
}
