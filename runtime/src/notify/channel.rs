//! The ways to tell somebody: [`Channel`], and what became of one try, [`Outcome`].

use std::any::type_name;
use std::sync::Arc;
use std::time::Duration;

use super::alert::Alert;
use super::pace::Pace;
use crate::handler::StateChange;
use crate::secret::Secrets;
use crate::state::State;

/// A way to tell somebody: it takes an alert, sends it once, and says what came of it.
///
/// A [`Notifier`](super::Notifier) makes a state handler of it, and sees to the rest: the queue, the
/// pace, what is sent again and when, digests, and the account of it all. Calls come from a thread
/// of the notifier's, one at a time for each destination, so it may block, if not for ever.
///
/// # Examples
///
/// ```
/// use tribune::notify::{Alert, Channel, Notifier, Outcome};
/// use tribune::prelude::*;
///
/// #[derive(Clone)]
/// struct Terminal;
///
/// impl Channel for Terminal {
///     fn send(&self, alert: &Alert) -> Outcome {
///         println!("{}\n{}", alert.title(), alert.body());
///         Outcome::Delivered
///     }
/// }
///
/// const TERMINAL: Notifier<Terminal> = Notifier::new("terminal", Terminal).only_states(&[Failed]);
///
/// #[task(state_handlers = [TERMINAL])]
/// fn load() {}
/// ```
pub trait Channel: Send + Sync + 'static {
    /// Sends the alert once, and says what came of it.
    fn send(&self, alert: &Alert) -> Outcome;

    /// Sends the alert in a simpler form, once, after it was refused in its full form.
    ///
    /// Without such a form, which is the default, the refusal is final.
    fn send_plain(&self, alert: &Alert) -> Option<Outcome> {
        let _ = alert;
        None
    }

    /// Sends the alert for a notifier that is [required](super::Notifier::required).
    fn send_required(&self, alert: &Alert) -> Outcome {
        self.send(alert)
    }

    /// How fast the destination takes messages, unless the notifier says otherwise.
    fn pace(&self) -> Pace {
        Pace::UNLIMITED
    }
}

/// What came of sending a message once, which decides what is done next.
///
/// The reasons are texts for people. They must hold no secret: they are printed and logged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The receiver took it.
    Delivered,
    /// The same message would be refused again: it is not repeated.
    Refused(String),
    /// The destination takes no messages at all, and will not soon: nothing more is sent there.
    Closed(String),
    /// The destination gets too many messages: all of them wait, as long as it asked for.
    Busy {
        /// What it said.
        reason: String,
        /// How long to wait.
        wait: Option<Duration>,
    },
    /// It surely did not get through: it is sent again a few times.
    Unreachable(String),
    /// Nobody knows whether it got through: it is sent again, marked as what may be a repetition.
    Uncertain(String),
}

impl Outcome {
    pub(super) fn into_reason(self) -> String {
        match self {
            Self::Delivered => String::new(),
            Self::Refused(reason)
            | Self::Closed(reason)
            | Self::Busy { reason, .. }
            | Self::Unreachable(reason)
            | Self::Uncertain(reason) => reason,
        }
    }
}

/// Where the messages of a notifier go, as it is written in the program: most of all, with names in
/// place of secrets.
///
/// Every [`Channel`] that can be cloned is one. Implement it for a channel that needs a secret.
pub trait Destination: Send + Sync + 'static {
    /// What the destination is called where a message failed: `Slack`.
    fn title(&self) -> &'static str {
        "The"
    }

    /// Opens the way to the destination, whose name `Notifier::new` was given.
    ///
    /// It is called before a run starts, and for every message: so it should be cheap.
    ///
    /// # Errors
    ///
    /// Why there is none, in words without a secret.
    fn open(&self, name: &str, secrets: &Secrets) -> Result<Opened, String>;

    /// What the spool writes down of it, if a later program can send there.
    #[doc(hidden)]
    fn kept(&self) -> Option<String> {
        None
    }

    /// Adds to an alert what only this destination has: who is called, a form of its own.
    #[doc(hidden)]
    fn complete(&self, alert: &mut Alert, change: &StateChange, new: &State) {
        let _ = (alert, change, new);
    }
}

/// The way to a destination.
#[derive(Clone)]
pub struct Opened {
    pub(super) key: String,
    pub(super) channel: Arc<dyn Channel>,
}

impl Opened {
    /// The way through this channel; messages whose `key` is the same share a queue and a pace.
    pub fn new(key: impl Into<String>, channel: impl Channel) -> Self {
        Self {
            key: key.into(),
            channel: Arc::new(channel),
        }
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key may be the address of a webhook.
        f.write_str("Opened(..)")
    }
}

impl<C: Channel + Clone> Destination for C {
    fn open(&self, name: &str, _: &Secrets) -> Result<Opened, String> {
        Ok(Opened::new(
            format!("{} {name}", type_name::<C>()),
            self.clone(),
        ))
    }
}
