//! The channels that a message in the spool can be for, as they are written down there.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

#[cfg(all(feature = "spool", feature = "email"))]
use super::email::Email;
use super::http::Route;
use super::slack::Style;
#[cfg(feature = "spool")]
use super::{
    channel::{Destination, Opened},
    slack::Slack,
    webhook::Webhook,
};
#[cfg(feature = "spool")]
use crate::secret::Secrets;

/// A channel without its secrets: those are looked up again by the program that sends the message.
#[derive(Serialize, Deserialize)]
pub(super) enum Kept {
    Slack {
        style: Style,
        route: KeptRoute,
    },
    Webhook {
        route: KeptRoute,
    },
    #[cfg(feature = "email")]
    Email(KeptEmail),
}

/// A way for e-mail, with the name of the secret that is its password.
#[cfg(feature = "email")]
#[derive(Serialize, Deserialize)]
pub(super) struct KeptEmail {
    pub(super) server: String,
    pub(super) port: u16,
    pub(super) to: Option<String>,
    pub(super) from: Option<String>,
    pub(super) password: String,
    pub(super) timeout: Duration,
}

#[derive(Serialize, Deserialize)]
pub(super) struct KeptRoute {
    proxy: Option<String>,
    timeout: Duration,
}

impl Kept {
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("it is plain data")
    }
}

impl From<Route> for KeptRoute {
    fn from(route: Route) -> Self {
        Self {
            proxy: route.proxy.map(str::to_owned),
            timeout: route.timeout,
        }
    }
}

impl From<KeptRoute> for Route {
    fn from(kept: KeptRoute) -> Self {
        Self {
            proxy: kept.proxy.map(interned),
            timeout: kept.timeout,
        }
    }
}

/// The same text, for ever: notifiers are constants, whose texts are in the program. There are as many
/// as there are different ones in the spool.
pub(super) fn interned(text: String) -> &'static str {
    static TEXTS: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts.iter().find(|known| ***known == *text) {
        return known;
    }
    let text: &'static str = text.leak();
    texts.push(text);
    text
}

/// Opens the way to a destination that was written down.
#[cfg(feature = "spool")]
pub(super) fn open(kept: &str, name: &str, secrets: &Secrets) -> Result<Opened, String> {
    let kept = serde_json::from_str(kept);
    match kept.map_err(|_| "it was written by another version of this library".to_owned())? {
        Kept::Slack { style, route } => Slack::kept(style, route.into()).open(name, secrets),
        Kept::Webhook { route } => Webhook::kept(route.into()).open(name, secrets),
        #[cfg(feature = "email")]
        Kept::Email(email) => Email::kept(email).open(name, secrets),
    }
}
