//! Telling people: notifiers, the channels they tell, and what became of each message.
//!
//! A [`Notifier`] is a state handler that makes messages of changes of state. [`slack_notifier`] is the
//! one that everybody meets first; every [`Channel`] makes another.
//!
//! # What a notifier promises
//!
//! 1. **Filters come first.** A change that it is not to tell of costs no look at a secret and no I/O.
//! 2. **It does not cry wolf.** A failure after which the task is run again is not worth a message,
//!    unless [`each_attempt`](Notifier::each_attempt) asks for it. Handlers of your own still see every
//!    change, and [`will_retry`](crate::StateChange::will_retry).
//! 3. **Order.** Messages reach a destination in the order of the changes; a digest stands where the
//!    first of its changes stood.
//! 4. **At least once.** A message whose answer was lost is sent again, says that it may be a repetition,
//!    and can be told by its run and its attempt.
//! 5. **Nothing is lost in silence.** What was not delivered, and why, is in
//!    [`FlowRun::notifications`](crate::FlowRun::notifications) and in the log, and every change is
//!    counted there. With a spool (feature `spool`, `Run::spool`) it is sent by the next run, also when
//!    this program was killed.
//! 6. **A run never ends differently because of it**: it is never failed, and never held up but for the
//!    [deadline](crate::Run::notification_deadline) at its end. [`required`](Notifier::required) asks for
//!    the original's behaviour, where a failed delivery fails the task or flow. A run whose notifier
//!    cannot work, because its secret is missing, does not start.
//!
//! # How a message travels
//!
//! The thread that changes a state writes down the facts, an [`Alert`], and queues it. Each destination
//! has one queue in the process, whose length is bounded, and one thread that sends: no faster than the
//! destination takes, again where that may help, and as a [`Digest`] where changes come faster. What an
//! answer means is an [`Outcome`]: a refused message is tried once as plain text; a destination that takes
//! nothing any more is left alone for ten minutes; one that is busy is waited for as long as it asks.
//!
//! # Configuration
//!
//! `$TRIBUNE_HOME/config.toml`, by default `~/.tribune/config.toml`, may have this section. Paths are
//! relative to the file.
//!
//! ```toml
//! [notifications]
//! spool = true                                  # or the name of a file; needs the feature `spool`
//! console = "https://flows.example.org/{run}"   # messages link to the page of their run
//! proxy = "http://proxy.example.org:3128"       # in place of HTTPS_PROXY
//! ca_file = "company.pem"                       # certificates to trust beside those of the system
//! ```

#[cfg(feature = "slack")]
mod alert;
#[cfg(feature = "slack")]
mod channel;
#[cfg(feature = "slack")]
mod digest;
#[cfg(feature = "email")]
mod email;
#[cfg(feature = "slack")]
mod excerpt;
#[cfg(feature = "slack")]
mod http;
#[cfg(feature = "slack")]
mod kept;
#[cfg(feature = "slack")]
mod lane;
#[cfg(feature = "slack")]
mod ledger;
mod notification;
#[cfg(feature = "slack")]
mod notifier;
#[cfg(feature = "slack")]
mod outbox;
#[cfg(feature = "slack")]
mod pace;
#[cfg(feature = "slack")]
mod retry;
#[cfg(feature = "slack")]
mod settings;
#[cfg(feature = "slack")]
mod slack;
#[cfg(feature = "spool")]
mod spool;
#[cfg(all(feature = "slack", not(feature = "spool")))]
#[path = "notify/unspooled.rs"]
mod spool;
#[cfg(feature = "slack")]
mod webhook;

#[cfg(feature = "slack")]
pub use alert::{Alert, Event, Group};
#[cfg(feature = "slack")]
pub use channel::{Channel, Destination, Opened, Outcome};
#[cfg(feature = "slack")]
pub use digest::Digest;
#[cfg(feature = "email")]
pub use email::{Email, EmailNotifier, gmail_notifier};
pub use notification::{Delivery, Notification};
#[cfg(feature = "slack")]
pub use notifier::{NotificationError, Notifier};
#[cfg(feature = "slack")]
pub(crate) use outbox::{Outbox, OutboxSource};
#[cfg(feature = "slack")]
pub use pace::Pace;
#[cfg(feature = "slack")]
pub use slack::{Message, Slack, SlackNotifier, slack_notifier};
#[cfg(feature = "slack")]
pub use webhook::{Webhook, WebhookNotifier, webhook_notifier};

#[cfg(all(test, feature = "slack"))]
pub(crate) mod testing;
