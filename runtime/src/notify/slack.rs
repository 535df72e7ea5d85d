//! `slack_notifier`: which changes of state are worth a message, and to whom it goes.

mod message;
mod mrkdwn;
mod required;

pub use required::NotificationError;

use std::fmt;
use std::time::Duration;

use super::Notification;
use super::outbox::Message;
use super::webhook::{self, Route, Webhook};
use crate::error::SetupError;
use crate::handler::{Answer, StateChange, StateHandler};
use crate::secret::Secrets;
use crate::services::Services;
use crate::state::{State, StateKind, StateSet};

/// Posts a message to Slack about every change of state.
///
/// It is a value with methods that narrow it down, each of which may stand in an attribute as an
/// option: `slack_notifier(only_states = [Failed])` is `slack_notifier.only_states(&[Failed])`.
///
/// The message goes to the incoming webhook whose URL is the secret `SLACK_WEBHOOK_URL`; see
/// [`Secrets`](crate::Secrets) for where that is looked for. A run with a secret that is missing, or
/// that is no https URL, does not start.
///
/// Nothing that happens to a message changes the run: it is queued and sent by another thread, in the
/// order of the changes, and sent again where that may help. A message whose answer was lost is sent
/// again too, so it may appear twice. What did not arrive is in the run's notifications and in the log.
///
/// A failure after which the task is run again is not worth a message: see
/// [`each_attempt`](SlackNotifier::each_attempt).
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
///
/// const ALERTS: SlackNotifier = slack_notifier.only_states(&[Failed]).webhook_secret("OPS_WEBHOOK");
///
/// #[task(state_handlers = [ALERTS, slack_notifier(ignore_states = [Pending, Running])])]
/// fn load() {}
/// ```
///
/// It can be called from a handler of one's own:
///
/// ```
/// use tribune::prelude::*;
///
/// fn when_it_matters(change: &StateChange, new: State) -> State {
///     if change.attempt() > 1 {
///         slack_notifier.notify(change, &new);
///     }
///     new
/// }
/// ```
#[expect(
    non_upper_case_globals,
    reason = "it is written like a function, as an option of a task"
)]
pub const slack_notifier: SlackNotifier = SlackNotifier {
    only: StateSet::EMPTY,
    ignored: StateSet::EMPTY,
    secret: "SLACK_WEBHOOK_URL",
    route: Route {
        proxy: None,
        timeout: Duration::from_secs(10),
        backoff: Duration::from_secs(1),
    },
    each_attempt: false,
    required: false,
};

/// The type of [`slack_notifier`], where it is described.
#[derive(Clone, Copy)]
#[must_use = "a notifier does nothing unless it is listed as a state handler"]
pub struct SlackNotifier {
    /// Empty for all states.
    only: StateSet,
    ignored: StateSet,
    secret: &'static str,
    route: Route,
    each_attempt: bool,
    required: bool,
}

impl SlackNotifier {
    /// Sends messages about these states and their subkinds only.
    ///
    /// # Panics
    ///
    /// If nothing is left to send; in a `const` that is an error of the compiler.
    pub const fn only_states(self, kinds: &[StateKind]) -> Self {
        let only = StateSet::new(kinds);
        assert!(
            !only.is_empty(),
            "`only_states(&[])` lets nothing through: list a state"
        );
        let notifier = Self { only, ..self };
        notifier.assert_something_left();
        notifier
    }

    /// Sends no messages about these states and their subkinds, even where
    /// [`only_states`](Self::only_states) names them.
    ///
    /// # Panics
    ///
    /// If nothing is left to send; in a `const` that is an error of the compiler.
    pub const fn ignore_states(self, kinds: &[StateKind]) -> Self {
        let notifier = Self {
            ignored: StateSet::new(kinds),
            ..self
        };
        notifier.assert_something_left();
        notifier
    }

    const fn assert_something_left(self) {
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

    /// Posts to the webhook whose URL is the secret of this name.
    ///
    /// # Panics
    ///
    /// If this is a URL, which has no place in the source; in a `const` that is an error of the compiler.
    pub const fn webhook_secret(self, name: &'static str) -> Self {
        assert!(
            !is_url(name),
            "this is the URL of a webhook, which is a secret: write the name of the secret here",
        );
        Self {
            secret: name,
            ..self
        }
    }

    /// Connects through the proxy with this URL, and not through the one that `HTTPS_PROXY` names.
    pub const fn proxy(self, url: &'static str) -> Self {
        Self {
            route: Route {
                proxy: Some(url),
                ..self.route
            },
            ..self
        }
    }

    /// Takes a message that was not answered within this time for lost; without it, after 10 seconds.
    pub const fn timeout(self, timeout: Duration) -> Self {
        Self {
            route: Route {
                timeout,
                ..self.route
            },
            ..self
        }
    }

    /// Waits this long before a message is sent for the second time, and then twice as long before
    /// each further time; without it, one second.
    pub const fn backoff(self, first: Duration) -> Self {
        Self {
            route: Route {
                backoff: first,
                ..self.route
            },
            ..self
        }
    }

    /// Sends messages about failures too after which the task is run again.
    pub const fn each_attempt(self) -> Self {
        Self {
            each_attempt: true,
            ..self
        }
    }

    /// Sends each message while the run waits, and fails the task or flow when it is not delivered.
    ///
    /// This is how the original behaved, and so is the rest: the secret is looked up when the state
    /// changes, failures that will be retried are told of, and nothing is sent twice.
    pub const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// Sends a message about the change into `new`, unless the notifier is set not to.
    ///
    /// This is what it does as a handler, for handlers that make more of it.
    pub fn notify(&self, change: &StateChange, new: &State) {
        let is_passing = new.kind().is_failed() && change.will_retry();
        if !self.wants(new.kind()) || (is_passing && !self.each_attempt) {
            return;
        }
        let services = change.services();
        let notification = Notification::about(change, new.kind(), self.secret);
        match self.webhook(services.secrets()) {
            Ok(webhook) => {
                let body = message::body(change.name(), new, &webhook);
                let message = Message {
                    webhook,
                    route: self.route,
                    body,
                };
                services.outbox().post(notification, message);
            }
            Err(reason) => services.outbox().report(notification.undelivered(reason)),
        }
    }

    fn wants(&self, kind: StateKind) -> bool {
        (self.only.is_empty() || self.only.contains(kind)) && !self.ignored.contains(kind)
    }

    /// The webhook, or why there is none, in words without its address.
    fn webhook(&self, secrets: &Secrets) -> Result<Webhook, String> {
        let address = secrets
            .get(self.secret)
            .map_err(|error| error.to_string())?;
        Webhook::parse(&address)
            .map_err(|problem| format!("the secret `{}` {problem}", self.secret))
    }
}

/// Tells whether a text has a `://`.
const fn is_url(text: &str) -> bool {
    let text = text.as_bytes();
    let mut at = 0;
    while at + 2 < text.len() {
        if text[at] == b':' && text[at + 1] == b'/' && text[at + 2] == b'/' {
            return true;
        }
        at += 1;
    }
    false
}

impl StateHandler for SlackNotifier {
    fn handle<'a>(&'a self, change: &'a StateChange, new: State) -> Answer<'a> {
        if self.required {
            return self.send(change, new).into();
        }
        self.notify(change, &new);
        new.into()
    }

    fn prepare(&self, services: &Services) -> Result<(), SetupError> {
        if !self.route.proxy.is_none_or(webhook::is_proxy) {
            return Err(SetupError::new(
                "the proxy of `slack_notifier` is not a URL",
            ));
        }
        match self.webhook(services.secrets()) {
            _ if self.required => Ok(()),
            Ok(_) => Ok(()),
            Err(reason) => Err(SetupError::new(reason)),
        }
    }
}

impl fmt::Debug for SlackNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlackNotifier")
            .field("only_states", &self.only)
            .field("ignore_states", &self.ignored)
            .field("webhook_secret", &self.secret)
            .field("each_attempt", &self.each_attempt)
            .finish_non_exhaustive()
    }
}
