//! The account of one run: what became of each of its messages.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::lane::Lane;
use super::notification::Notification;

/// How many messages of a run have an entry of their own, delivered or not.
const ENTRIES: usize = 1000;

/// The messages of one run, from when they are posted until they are settled.
#[derive(Default)]
pub(super) struct Ledger {
    book: Mutex<Book>,
    /// Told of settled messages.
    changed: Condvar,
}

#[derive(Default)]
struct Book {
    /// What became of each message, by its number.
    settled: Vec<(u64, Notification)>,
    /// How many messages were numbered.
    posted: u64,
    unsettled: usize,
    lanes: Vec<Arc<Lane>>,
    /// When the run stops waiting for its messages; none while it goes on.
    deadline: Option<Instant>,
    closed: bool,
}

impl Ledger {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a message that goes through this lane; none after the end of the run.
    pub(super) fn enter(&self, lane: &Arc<Lane>) -> Option<u64> {
        let mut book = self.book();
        if book.closed {
            return None;
        }
        if !book.lanes.iter().any(|known| Arc::ptr_eq(known, lane)) {
            book.lanes.push(Arc::clone(lane));
        }
        book.unsettled += 1;
        book.posted += 1;
        Some(book.posted)
    }

    /// Takes back a number: the message went into another one.
    pub(super) fn withdraw(&self) {
        self.book().unsettled -= 1;
        self.changed.notify_all();
    }

    /// Writes down what became of the message with this number.
    ///
    /// It is logged first: whoever waits for the messages finds them in the log. Logging is the
    /// program's code, and must not find the book locked.
    pub(super) fn settle(&self, number: u64, notification: Notification) {
        notification.log();
        let mut book = self.book();
        book.note(number, notification);
        book.unsettled = book.unsettled.saturating_sub(1);
        drop(book);
        self.changed.notify_all();
    }

    /// Writes down what became of a message that was never queued.
    pub(super) fn report(&self, notification: Notification) {
        notification.log();
        let mut book = self.book();
        book.posted += 1;
        let number = book.posted;
        book.note(number, notification);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.book().deadline
    }

    pub(super) fn unsettled(&self) -> usize {
        self.book().unsettled
    }

    /// Waits until every message is settled, or for this long, and tells what became of each.
    pub(super) fn drain(self: &Arc<Self>, patience: Duration) -> Vec<Notification> {
        let now = Instant::now();
        let deadline = now.checked_add(patience);
        // A time that no clock can tell is one that never comes.
        self.book().deadline = deadline.or_else(|| now.checked_add(Duration::from_secs(1 << 30)));
        let lanes = self.book().lanes.clone();
        for lane in &lanes {
            lane.wake();
        }
        let waited = self
            .changed
            .wait_timeout_while(self.book(), patience, |book| book.unsettled > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.close()
    }

    /// Ends all sending for the run, and tells what became of every message.
    pub(super) fn close(self: &Arc<Self>) -> Vec<Notification> {
        let lanes = std::mem::take(&mut self.book().lanes);
        for lane in lanes {
            lane.forget(self);
        }
        let mut book = self.book();
        book.closed = true;
        let mut settled = std::mem::take(&mut book.settled);
        drop(book);
        settled.sort_by_key(|(number, _)| *number);
        settled.into_iter().map(|(_, entry)| entry).collect()
    }
}

impl Book {
    fn note(&mut self, number: u64, notification: Notification) {
        // Who was told of the end of the run has the whole account.
        if self.closed {
            return;
        }
        let same = |(_, known): &&mut (u64, Notification)| {
            known.destination == notification.destination && known.delivery == notification.delivery
        };
        let full = self.settled.len() >= ENTRIES;
        match self.settled.iter_mut().rev().find(same).filter(|_| full) {
            Some((_, known)) => known.changes += notification.changes,
            None => self.settled.push((number, notification)),
        }
    }
}
