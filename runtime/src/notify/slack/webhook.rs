//! The channel behind `slack_notifier`: an incoming webhook.

use std::time::Duration;

use super::answer;
use super::message::{Message, Style, one_change};
use crate::notify::alert::Alert;
use crate::notify::channel::{Channel, Outcome};
use crate::notify::http::{self, Address, Route};
use crate::notify::pace::Pace;

/// One message a second is what Slack takes. A little less leaves room for clocks that differ.
pub(super) const PACE: Pace = Pace::every(Duration::from_millis(1100)).burst(3);

/// An incoming webhook.
pub(super) struct Webhook {
    pub(super) address: Address,
    pub(super) route: Route,
    pub(super) style: Style,
}

impl Webhook {
    pub(super) fn body(&self, alert: &Alert) -> String {
        match alert.events() {
            [event]
                if self.style == Style::Classic
                    && alert.total() == 1
                    && alert.message().is_none() =>
            {
                one_change(alert, event)
            }
            _ => match self.style {
                Style::Blocks => written(alert).to_blocks().to_string(),
                Style::Classic => written(alert).to_classic().to_string(),
            },
        }
    }

    fn post(&self, body: &str) -> Outcome {
        // What a program writes about itself must not publish the address that it is sent to.
        let body = self.address.redact(body).into_owned();
        match http::post(&self.address, self.route, body) {
            Ok(answer) => answer::outcome(&answer),
            Err(outcome) => outcome,
        }
    }
}

/// The message, with what belongs to every message.
fn written(alert: &Alert) -> Message {
    let message = match alert.message() {
        Some(message) => message.clone(),
        None => Message::about(alert),
    };
    let message = message.mention(alert.mentions());
    match alert.link() {
        Some(link) => message.link(link, "open the run"),
        None => message,
    }
}

impl Channel for Webhook {
    fn send(&self, alert: &Alert) -> Outcome {
        self.post(&self.body(alert))
    }

    fn send_plain(&self, alert: &Alert) -> Option<Outcome> {
        Some(self.post(&written(alert).to_plain().to_string()))
    }

    /// The original took every status below 400 for a yes.
    fn send_required(&self, alert: &Alert) -> Outcome {
        let body = self.address.redact(&self.body(alert)).into_owned();
        match http::post(&self.address, self.route, body) {
            Ok(answer) if answer.status < 400 => Outcome::Delivered,
            Ok(answer) => Outcome::Refused(format!("status {}", answer.status)),
            Err(outcome) => outcome,
        }
    }

    fn pace(&self) -> Pace {
        match self.address.is_loopback() {
            // Nobody else writes to a receiver on this machine.
            true => Pace::UNLIMITED,
            false => PACE,
        }
    }
}
