//! `slack_notifier`: messages to an incoming webhook of Slack.

mod answer;
mod mention;
mod message;
mod mrkdwn;
mod webhook;

pub use message::Message;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::alert::Alert;
use super::channel::{Destination, Opened};
use super::http::{self, Route};
use super::kept::Kept;
use super::notifier::Notifier;
use super::settings::settings;
use crate::handler::StateChange;
use crate::secret::Secrets;
use crate::state::{State, StateKind};
use mention::Mentions;
pub(super) use message::Style;
use webhook::Webhook;

/// Posts a message to Slack about every change of state.
///
/// It is a value with methods that narrow it down, each of which may stand in an attribute as an
/// option: `slack_notifier(only_states = [Failed])` is `slack_notifier.only_states(&[Failed])`.
///
/// The message goes to the incoming webhook whose URL is the secret `SLACK_WEBHOOK_URL`; see
/// [`Secrets`](crate::Secrets) for where that is looked for. A run with a secret that is missing, or
/// that is no https URL, does not start. What a notifier promises beyond that is said [here](super).
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
///
/// const ALERTS: SlackNotifier = slack_notifier
///     .only_states(&[Failed])
///     .mention(Failed, "<!subteam^S0123456>")
///     .webhook_secret("OPS_WEBHOOK");
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
pub const slack_notifier: SlackNotifier = Notifier::new(
    "SLACK_WEBHOOK_URL",
    Slack {
        route: Route::DEFAULT,
        style: Style::Blocks,
        format: None,
        mentions: Mentions::NONE,
        console: None,
    },
);

/// The type of [`slack_notifier`], where it is described.
pub type SlackNotifier = Notifier<Slack>;

/// A channel of Slack, as [`slack_notifier`] writes to it.
#[derive(Clone, Copy, Debug)]
pub struct Slack {
    route: Route,
    style: Style,
    format: Option<Format>,
    mentions: Mentions,
    console: Option<&'static str>,
}

/// A function that writes the message about a change.
type Format = fn(&StateChange, &State) -> Message;

impl Notifier<Slack> {
    /// Posts to the webhook whose URL is the secret of this name.
    ///
    /// # Panics
    ///
    /// If this is a URL, which has no place in the source; in a `const` that is an error of the compiler.
    #[track_caller]
    pub const fn webhook_secret(mut self, name: &'static str) -> Self {
        assert!(
            !is_url(name),
            "this is the URL of a webhook, which is a secret: write the name of the secret here",
        );
        self.name = name;
        self
    }

    /// Connects through the proxy with this URL, and not through the one that `HTTPS_PROXY` names.
    pub const fn proxy(mut self, url: &'static str) -> Self {
        self.destination.route.proxy = Some(url);
        self
    }

    /// Takes a message that was not answered within this time for lost; without it, after 10 seconds.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.destination.route.timeout = timeout;
        self
    }

    /// Writes messages in the shape of the original, which Mattermost, Rocket.Chat and Discord take too:
    /// one attachment without blocks.
    pub const fn classic(mut self) -> Self {
        self.destination.style = Style::Classic;
        self
    }

    /// Lets `format` write the message about each change.
    ///
    /// It is called by the thread that changes the state. Where it panics, and for digests, the usual
    /// message is sent.
    pub const fn format(mut self, format: fn(&StateChange, &State) -> Message) -> Self {
        self.destination.format = Some(format);
        self
    }

    /// Mentions somebody in messages about states of this kind: `<@U012>`, `<!subteam^S012>` or
    /// `<!here>`. It can be called up to four times.
    ///
    /// Slack knows people and groups by their ids only: a name would be text.
    ///
    /// # Panics
    ///
    /// If `who` is none of these, or on the fifth call; in a `const` that is an error of the compiler.
    pub const fn mention(mut self, kind: StateKind, who: &'static str) -> Self {
        self.destination.mentions = self.destination.mentions.with(kind, who);
        self
    }

    /// Links messages to the page of their run: `{run}` in the URL stands for the id of the run, and
    /// `{flow}` for the name of the flow.
    pub const fn console(mut self, url: &'static str) -> Self {
        self.destination.console = Some(url);
        self
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

impl Slack {
    /// The channel as it is in the spool: what a program adds to messages is in them already.
    #[cfg(feature = "spool")]
    pub(super) fn kept(style: Style, route: Route) -> Self {
        let usual = slack_notifier.destination;
        Self {
            route,
            style,
            ..usual
        }
    }
}

impl Destination for Slack {
    fn title(&self) -> &'static str {
        "Slack"
    }

    fn open(&self, name: &str, secrets: &Secrets) -> Result<Opened, String> {
        let address = http::destination(name, secrets, self.route)?;
        let key = address.key().to_owned();
        let channel = Webhook {
            address,
            route: self.route,
            style: self.style,
        };
        Ok(Opened::new(key, channel))
    }

    fn kept(&self) -> Option<String> {
        let kept = Kept::Slack {
            style: self.style,
            route: self.route.into(),
        };
        Some(kept.to_text())
    }

    fn complete(&self, alert: &mut Alert, change: &StateChange, new: &State) {
        for who in self.mentions.of(new.kind()) {
            alert.mention(who);
        }
        let configured = || settings().ok()?.console.as_deref();
        if let Some(console) = self.console.or_else(configured) {
            let flow = http::encoded(change.flow_name());
            let link = console.replace("{run}", &change.run_id().to_string());
            alert.set_link(link.replace("{flow}", &flow));
        }
        if let Some(format) = self.format {
            // A message must not fail the task that it is about.
            match catch_unwind(AssertUnwindSafe(|| format(change, new))) {
                Ok(message) => {
                    let secrets = change.services().secrets();
                    alert.set_message(message.map(|text| secrets.redact(text).into_owned()));
                }
                Err(_) => tracing::error!(
                    "the format of `slack_notifier` panicked: the usual message is sent"
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests;
