//! The messages so far, and those who wait for more.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::sync::watch;

use crate::message::Message;
use crate::pace::Pace;
use crate::rules::{Refusal, Warning};

/// How many messages are kept. The oldest go first: an inbox may stay open for days.
const KEPT: usize = 1000;

/// What the threads of an inbox share.
#[derive(Debug)]
pub(crate) struct Log {
    state: Mutex<State>,
    arrived: Condvar,
    /// The number of the newest message, for those who wait without a thread.
    newest: watch::Sender<u64>,
    /// Tells this inbox from another one at the same address.
    name: String,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Message>,
    count: u64,
    /// How many of these were not refused.
    taken: usize,
    paces: HashMap<String, Pace>,
    refusal: Option<Refusal>,
}

impl Log {
    pub(crate) fn new() -> Self {
        let begun = SystemTime::now().duration_since(UNIX_EPOCH);
        let begun = begun.unwrap_or_default();
        Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            newest: watch::Sender::new(0),
            name: begun.as_nanos().to_string(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers every message with this from now on.
    pub(crate) fn refuse(&self, refusal: Option<Refusal>) {
        self.state().refusal = refusal;
    }

    /// What every message is answered with.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.state().refusal.clone()
    }

    /// Counts one message against the pace of its channel, or tells how many seconds to wait.
    pub(crate) fn pace(&self, channel: &str) -> Result<(), u64> {
        let now = Instant::now();
        let mut state = self.state();
        let pace = state.paces.entry(channel.to_owned());
        pace.or_insert_with(|| Pace::new(now)).take(now)
    }

    /// Writes a message down.
    pub(crate) fn add(
        &self,
        channel: String,
        payload: Value,
        verdict: Result<Vec<Warning>, Refusal>,
    ) {
        let mut state = self.state();
        state.count += 1;
        state.taken += usize::from(verdict.is_ok());
        let number = state.count;
        if state.messages.len() == KEPT {
            state.messages.pop_front();
        }
        state.messages.push_back(Message {
            number,
            at: SystemTime::now(),
            channel,
            payload,
            verdict,
        });
        drop(state);
        self.arrived.notify_all();
        self.newest.send_replace(number);
    }

    /// The messages that `keep` keeps.
    pub(crate) fn messages(&self, keep: impl Fn(&Message) -> bool) -> Vec<Message> {
        let state = self.state();
        state.messages.iter().filter(|m| keep(m)).cloned().collect()
    }

    /// Waits until so many messages were taken, for at most this long.
    pub(crate) fn wait_for(&self, count: usize, patience: Duration) -> Vec<Message> {
        let waited = self
            .arrived
            .wait_timeout_while(self.state(), patience, |state| state.taken < count);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.messages(|message| message.refusal().is_none())
    }

    /// The first message after this number, as soon as there is one.
    pub(crate) async fn after(&self, number: u64) -> Message {
        let mut newest = self.newest.subscribe();
        loop {
            let next = |message: &&Message| message.number > number;
            let message = self.state().messages.iter().find(next).cloned();
            match message {
                Some(message) => return message,
                // The sender is a part of `self`, so it is still there.
                None => drop(newest.changed().await),
            }
        }
    }
}
