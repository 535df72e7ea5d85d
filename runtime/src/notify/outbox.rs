//! The queues of messages, one for each webhook, and the threads that empty them.
//!
//! A message is queued by the thread that changes a state, which never waits. Each webhook has one
//! thread, started at its first message, so its messages go out one by one, in the order in which
//! they were queued. What became of each is written down in one list, in the order of all of them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::answer::{self, Verdict};
use super::webhook::{Connections, Route, Webhook};
use super::{Delivery, Notification};

/// The messages of one run on their way out.
#[derive(Default)]
pub(crate) struct Outbox {
    /// Made for the first message. Most runs send none, and end with none.
    desk: OnceLock<Option<Arc<Desk>>>,
}

/// A message, ready to be sent.
pub(super) struct Message {
    pub(super) webhook: Webhook,
    pub(super) route: Route,
    pub(super) body: String,
}

impl Outbox {
    /// Queues a message.
    pub(super) fn post(&self, notification: Notification, message: Message) {
        let Some((desk, mut book)) = self.open() else {
            return log(&notification.undelivered("it came after the end of the run"));
        };
        let letter = Letter {
            entry: book.entries.len(),
            route: message.route,
            body: message.body,
        };
        book.entries
            .push(notification.undelivered("the run ended before it was sent"));
        book.unsettled += 1;
        let lane = book.lane(message.webhook);
        book.lanes[lane].queue.push_back(letter);
        let has_sender = std::mem::replace(&mut book.lanes[lane].has_sender, true);
        drop(book);
        if has_sender {
            desk.changed.notify_all();
        } else {
            Sender::start(desk, lane);
        }
    }

    /// Writes down what became of a message that was never queued.
    pub(super) fn report(&self, notification: Notification) {
        log(&notification);
        if let Some((_, mut book)) = self.open() {
            book.entries.push(notification);
        }
    }

    /// Waits until every message is out, or for this long, and tells what became of each.
    pub(crate) fn drain(&self, patience: Duration) -> Vec<Notification> {
        let Some(desk) = self.desk.get_or_init(|| None) else {
            return Vec::new();
        };
        let mut book = desk.book();
        book.deadline = Instant::now().checked_add(patience);
        desk.changed.notify_all();
        let waited = desk
            .changed
            .wait_timeout_while(book, patience, |book| book.unsettled > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        desk.close()
    }

    /// The desk and its book, until the end of the run.
    fn open(&self) -> Option<(&Arc<Desk>, MutexGuard<'_, Book>)> {
        let desk = self.desk.get_or_init(|| Some(Arc::default())).as_ref()?;
        let book = desk.book();
        (!book.closed).then_some((desk, book))
    }

    /// The desk, if a message was ever queued.
    fn used(&self) -> Option<&Arc<Desk>> {
        self.desk.get()?.as_ref()
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        if let Some(desk) = self.used() {
            desk.close();
        }
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unsettled = self.used().map_or(0, |desk| desk.book().unsettled);
        f.debug_struct("Outbox")
            .field("unsettled", &unsettled)
            .finish_non_exhaustive()
    }
}

/// What the outbox and its threads share.
#[derive(Default)]
struct Desk {
    book: Mutex<Book>,
    /// Told of new messages, of settled ones, and of the end.
    changed: Condvar,
}

#[derive(Default)]
struct Book {
    lanes: Vec<Lane>,
    /// What became of every message so far; a queued one is undelivered until it is settled.
    entries: Vec<Notification>,
    unsettled: usize,
    deadline: Option<Instant>,
    closed: bool,
}

/// The queue of one webhook.
struct Lane {
    webhook: Webhook,
    queue: VecDeque<Letter>,
    /// The entry of the message that is being sent.
    sending: Option<usize>,
    has_sender: bool,
}

struct Letter {
    entry: usize,
    route: Route,
    body: String,
}

impl Book {
    fn lane(&mut self, webhook: Webhook) -> usize {
        let known = self.lanes.iter().position(|lane| lane.webhook == webhook);
        known.unwrap_or_else(|| {
            let queue = VecDeque::new();
            self.lanes.push(Lane {
                webhook,
                queue,
                sending: None,
                has_sender: false,
            });
            self.lanes.len() - 1
        })
    }

    /// Gives up the messages of a lane; what is known of each is already written down.
    fn give_up(&mut self, lane: usize) -> Vec<Notification> {
        let lane = &mut self.lanes[lane];
        let queued = lane.queue.drain(..).map(|letter| letter.entry);
        let left = lane.sending.take().into_iter().chain(queued);
        left.map(|entry| self.entries[entry].clone()).collect()
    }
}

impl Desk {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all sending, and tells what became of every message.
    fn close(&self) -> Vec<Notification> {
        let mut book = self.book();
        book.closed = true;
        let lanes = 0..book.lanes.len();
        let left: Vec<Notification> = lanes.flat_map(|lane| book.give_up(lane)).collect();
        let entries = std::mem::take(&mut book.entries);
        drop(book);
        self.changed.notify_all();
        left.iter().for_each(log);
        entries
    }

    /// The next message of a lane, once there is one; none after the end.
    fn next(&self, lane: usize) -> Option<Letter> {
        let idle = |book: &mut Book| !book.closed && book.lanes[lane].queue.is_empty();
        let book = self.changed.wait_while(self.book(), idle);
        let mut book = book.unwrap_or_else(PoisonError::into_inner);
        let letter = book.lanes[lane].queue.pop_front()?;
        book.lanes[lane].sending = Some(letter.entry);
        let reason = "the run ended while it was being sent".to_owned();
        book.entries[letter.entry].delivery = Delivery::Undelivered { reason };
        Some(letter)
    }

    /// Writes down what became of the message that the lane was sending.
    fn settle(&self, lane: usize, delivery: Delivery) {
        let mut book = self.book();
        if let Some(entry) = book.lanes[lane].sending.take() {
            book.entries[entry].delivery = delivery;
            let settled = book.entries[entry].clone();
            drop(book);
            self.count_off(&[settled]);
        }
    }

    /// Logs what became of these messages, and then counts them as settled.
    ///
    /// Logging is the program's code: it may be slow, and must not find the book locked. Whoever
    /// waits for the messages finds them in the log.
    fn count_off(&self, settled: &[Notification]) {
        settled.iter().for_each(log);
        self.book().unsettled -= settled.len();
        self.changed.notify_all();
    }

    /// Writes down why the message that the lane is sending was not delivered so far.
    fn note(&self, lane: usize, reason: &str) {
        let mut book = self.book();
        if let Some(entry) = book.lanes[lane].sending {
            let reason = format!("{reason}, and the run ended before it could be sent again");
            book.entries[entry].delivery = Delivery::Undelivered { reason };
        }
    }

    /// Waits this long, unless the run's end comes first; tells whether it has waited.
    fn pause(&self, wait: Duration) -> bool {
        let wake = Instant::now() + wait;
        let mut book = self.book();
        loop {
            let in_vain = book.deadline.is_some_and(|deadline| deadline < wake);
            if book.closed || in_vain {
                return false;
            }
            let left = wake.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            let waited = self.changed.wait_timeout(book, left);
            (book, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Gives up all messages of a lane, whose sender stops.
    fn abandon(&self, lane: usize) {
        let mut book = self.book();
        book.lanes[lane].has_sender = false;
        let left = book.give_up(lane);
        drop(book);
        self.count_off(&left);
    }
}

/// The thread of one webhook.
struct Sender {
    desk: Arc<Desk>,
    lane: usize,
    webhook: Webhook,
    connections: Connections,
}

impl Sender {
    fn start(desk: &Arc<Desk>, lane: usize) {
        let webhook = desk.book().lanes[lane].webhook.clone();
        let desk = Arc::clone(desk);
        let sender = Self {
            desk,
            lane,
            webhook,
            connections: Connections::default(),
        };
        let thread = thread::Builder::new().name("tribune-notify".to_owned());
        if let Err(error) = thread.spawn(move || sender.run()) {
            // The sender was dropped with its closure, which gave up the messages of the lane.
            tracing::error!("no thread could be started for notifications: {error}");
        }
    }

    fn run(mut self) {
        while let Some(letter) = self.desk.next(self.lane) {
            let Some(delivery) = self.deliver(&letter) else {
                return;
            };
            self.desk.settle(self.lane, delivery);
        }
    }

    /// Sends a message until it is through or refused, or time is up: then there is no answer.
    fn deliver(&mut self, letter: &Letter) -> Option<Delivery> {
        let mut tries = 1;
        loop {
            let verdict = self
                .connections
                .post(&self.webhook, letter.route, &letter.body);
            let wait = answer::wait(&verdict, tries, letter.route.backoff);
            let reason = match verdict {
                Verdict::Delivered => return Some(Delivery::Delivered),
                Verdict::Refused(reason) => return Some(Delivery::Refused { reason }),
                Verdict::Impossible(reason) => return Some(Delivery::Undelivered { reason }),
                Verdict::Busy(reason, _) | Verdict::Trouble(reason) => reason,
            };
            let Some(wait) = wait else {
                let reason = format!("{reason} (tried {tries} times)");
                return Some(Delivery::Undelivered { reason });
            };
            tracing::debug!("{reason}; the message is sent again in {wait:?}");
            self.desk.note(self.lane, &reason);
            if !self.desk.pause(wait) {
                return None;
            }
            tries += 1;
        }
    }
}

impl Drop for Sender {
    /// Also called when the thread could not be started, or panicked.
    fn drop(&mut self) {
        self.desk.abandon(self.lane);
    }
}

fn log(notification: &Notification) {
    if notification.is_delivered() {
        tracing::debug!("{notification}");
    } else {
        tracing::warn!("{notification}");
    }
}
