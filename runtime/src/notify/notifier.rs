//! [`Notifier`]: the state handler that decides which changes are worth a message.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::alert::Alert;
use super::channel::{Destination, Opened};
use super::digest::Digest;
use super::lane::Policy;
use super::outbox::Order;
use super::pace::Pace;
use crate::error::SetupError;
use crate::handler::{Answer, StateChange, StateHandler};
use crate::services::Services;
use crate::state::{State, StateKind, StateSet};

mod required;

pub use required::NotificationError;

/// A state handler that tells a destination about changes of state: [`slack_notifier`] is one.
///
/// It is a value with `const` methods that narrow it down, each of which may stand in an attribute as an
/// option: `slack_notifier(only_states = [Failed])` is `slack_notifier.only_states(&[Failed])`, and times
/// may be written as texts there: `slack_notifier(timeout = "30s")`. The [module](super) says what it
/// promises.
///
/// [`slack_notifier`]: super::slack_notifier
#[derive(Clone, Copy)]
#[must_use = "a notifier does nothing unless it is listed as a state handler"]
pub struct Notifier<D> {
    pub(super) destination: D,
    pub(super) name: &'static str,
    /// Empty for all states.
    only: StateSet,
    ignored: StateSet,
    each_attempt: bool,
    required: bool,
    policy: Policy,
}

impl<D> Notifier<D> {
    /// A notifier that tells `destination`, which reports and logs call `name`, about every change.
    pub const fn new(name: &'static str, destination: D) -> Self {
        Self {
            destination,
            name,
            only: StateSet::EMPTY,
            ignored: StateSet::EMPTY,
            each_attempt: false,
            required: false,
            policy: Policy::DEFAULT,
        }
    }

    /// Sends messages about these states and their subkinds only.
    ///
    /// # Panics
    ///
    /// If nothing is left to send; in a `const` that is an error of the compiler.
    #[track_caller]
    pub const fn only_states(mut self, kinds: &[StateKind]) -> Self {
        self.only = StateSet::new(kinds);
        assert!(
            !self.only.is_empty(),
            "`only_states(&[])` lets nothing through: list a state"
        );
        self.assert_something_left();
        self
    }

    /// Sends no messages about these states and their subkinds, even where
    /// [`only_states`](Self::only_states) names them.
    ///
    /// # Panics
    ///
    /// If nothing is left to send; in a `const` that is an error of the compiler.
    #[track_caller]
    pub const fn ignore_states(mut self, kinds: &[StateKind]) -> Self {
        self.ignored = StateSet::new(kinds);
        self.assert_something_left();
        self
    }

    #[track_caller]
    const fn assert_something_left(&self) {
        let only = if self.only.is_empty() {
            StateSet::new(StateKind::ALL)
        } else {
            self.only
        };
        assert!(
            !only.is_within(self.ignored),
            "`ignore_states` leaves nothing of `only_states`: remove one of the two",
        );
    }

    /// Sends messages about failures too after which the task is run again.
    pub const fn each_attempt(mut self) -> Self {
        self.each_attempt = true;
        self
    }

    /// Sends each message while the run waits, and fails the task or flow when it is not delivered.
    ///
    /// This is how the original behaved, and so is the rest: the secret is looked up when the state
    /// changes, failures that will be retried are told of, and nothing is sent twice.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Merges messages that wait as `digest` says; without it, as [`Digest::after(5)`](Digest::after).
    pub const fn digest(mut self, digest: Digest) -> Self {
        self.policy.digest = digest;
        self
    }

    /// Sends no faster than this; without it, as fast as the destination usually takes.
    ///
    /// Notifiers with the same destination share its queue: the pace is that of the message to be sent.
    pub const fn pace(mut self, pace: Pace) -> Self {
        self.policy.pace = Some(pace);
        self
    }

    /// Waits about this long before a message is sent for the second time, and then twice as long
    /// before each further time; without it, one second.
    pub const fn backoff(mut self, first: Duration) -> Self {
        self.policy.backoff = first;
        self
    }

    /// Drops a message that could not be sent for this long; without it, for a day.
    pub const fn max_age(mut self, age: Duration) -> Self {
        self.policy.max_age = age;
        self
    }

    const fn wants(&self, kind: StateKind) -> bool {
        (self.only.is_empty() || self.only.contains(kind)) && !self.ignored.contains(kind)
    }
}

impl<D: Destination> Notifier<D> {
    /// Sends a message about the change into `new`, unless the notifier is set not to.
    ///
    /// This is what it does as a handler, for handlers that make more of it.
    pub fn notify(&self, change: &StateChange, new: &State) {
        let is_passing = new.kind().is_failed() && change.will_retry();
        if !self.wants(new.kind()) || (is_passing && !self.each_attempt) {
            return;
        }
        let services = change.services();
        // First, because from then on the secrets of the destination are known, and kept out of the alert.
        let opened = self.open(services);
        let mut alert = Alert::about(change, new, services.secrets());
        self.destination.complete(&mut alert, change, new);
        let name = Cow::Borrowed(self.name);
        match opened {
            Ok(opened) => {
                let order = Order {
                    alert,
                    destination: name,
                    opened,
                    policy: self.policy,
                };
                services.outbox().post(order, || self.destination.kept());
            }
            Err(reason) => {
                let reason = super::Delivery::Undelivered { reason };
                services
                    .outbox()
                    .report(alert.notification(name).with(reason));
            }
        }
    }

    fn open(&self, services: &Services) -> Result<Opened, String> {
        self.destination.open(self.name, services.secrets())
    }
}

impl<D: Destination> StateHandler for Notifier<D> {
    fn handle<'a>(&'a self, change: &'a StateChange, new: State) -> Answer<'a> {
        if self.required {
            return self.send(change, new).into();
        }
        self.notify(change, &new);
        new.into()
    }

    fn hears(&self) -> StateSet {
        let only = if self.only.is_empty() {
            StateSet::ALL
        } else {
            self.only
        };
        match self.required {
            // The original looks its secret up for every change, also for those that it does not tell of.
            true => StateSet::ALL,
            false => only.without(self.ignored),
        }
    }

    fn prepare(&self, services: &Services) -> Result<(), SetupError> {
        match self.open(services) {
            Err(reason) if !self.required => Err(SetupError::new(reason)),
            _ => Ok(()),
        }
    }
}

impl<D> fmt::Debug for Notifier<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier")
            .field("destination", &self.name)
            .field("only_states", &self.only)
            .field("ignore_states", &self.ignored)
            .field("each_attempt", &self.each_attempt)
            .field("required", &self.required)
            .finish_non_exhaustive()
    }
}
