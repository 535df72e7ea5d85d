//! The channels that a message in the spool can be for, as they are written down there.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::http::{self, Route};
use super::slack::Style;
#[cfg(feature = "spool")]
use super::{
    channel::{Destination, Opened},
    slack::Slack,
};
#[cfg(feature = "spool")]
use crate::secret::Secrets;

/// A channel without its secrets: those are looked up again by the program that sends the message.
#[derive(Serialize, Deserialize)]
pub(super) enum Kept {
    Slack { style: Style, route: KeptRoute },
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
            proxy: kept.proxy.map(http::interned),
            timeout: kept.timeout,
        }
    }
}

/// Opens the way to a destination that was written down.
#[cfg(feature = "spool")]
pub(super) fn open(kept: &str, name: &str, secrets: &Secrets) -> Result<Opened, String> {
    let kept = serde_json::from_str(kept);
    match kept.map_err(|_| "it was written by another version of this library".to_owned())? {
        Kept::Slack { style, route } => Slack::kept(style, route.into()).open(name, secrets),
    }
}
