//! The way out for the messages of one run: [`Outbox`].

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use super::alert::Alert;
use super::channel::Opened;
use super::lane::{Lane, Parcel, Policy};
use super::ledger::Ledger;
use super::notification::{Delivery, Notification};
use super::retry::Tries;

/// The messages of one run on their way out.
#[derive(Default)]
pub(crate) struct Outbox {
    /// Made for the first message. Most runs send none, and end with none.
    ledger: OnceLock<Option<Arc<Ledger>>>,
}

impl Outbox {
    /// Queues an alert.
    pub(super) fn post(
        &self,
        alert: Alert,
        destination: Cow<'static, str>,
        opened: Opened,
        policy: Policy,
    ) {
        let lane = Lane::of(opened.key);
        let entered = self
            .ledger()
            .and_then(|ledger| Some((ledger, ledger.enter(&lane)?)));
        let Some((ledger, number)) = entered else {
            let reason = "it came after the end of the run".to_owned();
            let notification = alert.notification(destination);
            return notification.with(Delivery::Undelivered { reason }).log();
        };
        lane.push(Box::new(Parcel {
            alert,
            channel: opened.channel,
            destination,
            policy,
            accepted: SystemTime::now(),
            ledger: Arc::clone(ledger),
            number,
            tries: Tries::new(policy.backoff),
            trouble: None,
        }));
    }

    /// Writes down what became of a message that was never queued.
    pub(super) fn report(&self, notification: Notification) {
        match self.ledger() {
            Some(ledger) => ledger.report(notification),
            None => notification.log(),
        }
    }

    /// Waits until every message is out, or for this long, and tells what became of each.
    pub(crate) fn drain(&self, patience: Duration) -> Vec<Notification> {
        match self.ledger.get_or_init(|| None) {
            Some(ledger) => ledger.drain(patience),
            None => Vec::new(),
        }
    }

    fn ledger(&self) -> Option<&Arc<Ledger>> {
        self.ledger.get_or_init(|| Some(Arc::default())).as_ref()
    }

    /// The ledger, if a message was ever queued.
    fn used(&self) -> Option<&Arc<Ledger>> {
        self.ledger.get()?.as_ref()
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        if let Some(ledger) = self.used() {
            ledger.close();
        }
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unsettled = self.used().map_or(0, |ledger| ledger.unsettled());
        f.debug_struct("Outbox")
            .field("unsettled", &unsettled)
            .finish_non_exhaustive()
    }
}
