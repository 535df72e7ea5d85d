//! The way out for the messages of one run: [`Outbox`].

use std::borrow::Cow;
use std::fmt;
#[cfg(feature = "spool")]
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use super::alert::Alert;
use super::channel::Opened;
use super::lane::{Lane, Parcel, Policy};
use super::ledger::Ledger;
use super::notification::{Delivery, Notification};
use super::retry::Tries;
use super::spool::Ticket;
#[cfg(feature = "spool")]
use super::{
    kept,
    settings::settings,
    spool::{Note, Spool},
};
use crate::error::SetupError;
#[cfg(feature = "spool")]
use crate::secret::Secrets;

/// The messages of one run on their way out.
#[derive(Default)]
pub(crate) struct Outbox {
    /// Made for the first message. Most runs send none, and end with none.
    ledger: OnceLock<Option<Arc<Ledger>>>,
    #[cfg(feature = "spool")]
    spool: Option<Arc<Spool>>,
}

/// An alert, and where it goes.
pub(super) struct Order {
    pub(super) alert: Alert,
    pub(super) destination: Cow<'static, str>,
    pub(super) opened: Opened,
    pub(super) policy: Policy,
}

impl Outbox {
    /// Queues an alert, and before that writes it down where there is a spool.
    ///
    /// `kept` is asked for what the spool has to know of the channel.
    pub(super) fn post(&self, order: Order, kept: impl FnOnce() -> Option<String>) {
        let accepted = SystemTime::now();
        #[cfg(feature = "spool")]
        let ticket = self.spool.as_ref().and_then(|spool| {
            spool.keep(&Note {
                channel: &kept()?,
                destination: &order.destination,
                alert: &order.alert,
                accepted,
                policy: order.policy,
            })
        });
        #[cfg(not(feature = "spool"))]
        let (ticket, _) = (None, kept);
        self.queue(order, accepted, ticket);
    }

    /// Sends what earlier programs left behind.
    #[cfg(feature = "spool")]
    pub(crate) fn recover(&self, secrets: &Secrets) {
        let mut unknown = Vec::new();
        for left in self.spool.iter().flat_map(Spool::claim) {
            let name = left.destination;
            match kept::open(&left.channel, &name, secrets) {
                Ok(opened) => {
                    let order = Order {
                        alert: left.alert,
                        destination: name.into(),
                        opened,
                        policy: left.policy,
                    };
                    self.queue(order, left.accepted, Some(left.ticket));
                }
                Err(reason) => {
                    left.ticket.release();
                    if !unknown.contains(&name) {
                        tracing::warn!("messages to `{name}` stay in the spool: {reason}");
                        unknown.push(name);
                    }
                }
            }
        }
    }

    fn queue(&self, order: Order, accepted: SystemTime, ticket: Option<Ticket>) {
        let Order {
            alert,
            destination,
            opened,
            policy,
        } = order;
        let lane = Lane::of(opened.key);
        let entered = self
            .ledger()
            .and_then(|ledger| Some((ledger, ledger.enter(&lane)?)));
        let Some((ledger, number)) = entered else {
            if let Some(ticket) = ticket {
                ticket.release();
            }
            let reason = "it came after the end of the run".to_owned();
            let notification = alert.notification(destination);
            return notification.with(Delivery::Undelivered { reason }).log();
        };
        lane.push(Box::new(Parcel {
            alert,
            channel: opened.channel,
            destination,
            policy,
            accepted,
            ledger: Arc::clone(ledger),
            number,
            tries: Tries::new(policy.backoff),
            ticket,
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

    /// An outbox that keeps its messages in the spool until they are settled.
    #[cfg(feature = "spool")]
    pub(crate) fn with_spool(spool: Arc<Spool>) -> Self {
        Self {
            ledger: OnceLock::new(),
            spool: Some(spool),
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

/// Where a run keeps its messages.
#[derive(Debug, Default)]
pub(crate) struct OutboxSource(#[cfg(feature = "spool")] pub(crate) Option<PathBuf>);

impl OutboxSource {
    /// The outbox of a run.
    ///
    /// # Errors
    ///
    /// The configuration is wrong. A file that cannot be used is no reason not to run: messages are sent
    /// all the same.
    #[cfg(feature = "spool")]
    pub(crate) fn open(self) -> Result<Outbox, SetupError> {
        let configured = match &self.0 {
            Some(file) => Some(file.as_path()),
            None => settings().map_err(SetupError::new)?.spool.as_deref(),
        };
        match configured.map(Spool::open) {
            Some(Ok(spool)) => Ok(Outbox::with_spool(spool)),
            Some(Err(reason)) => {
                tracing::error!("{reason}");
                Ok(Outbox::default())
            }
            None => Ok(Outbox::default()),
        }
    }

    #[cfg(not(feature = "spool"))]
    #[expect(clippy::unnecessary_wraps, reason = "with a spool it can fail")]
    pub(crate) fn open(self) -> Result<Outbox, SetupError> {
        let Self() = self;
        Ok(Outbox::default())
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
