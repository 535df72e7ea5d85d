//! `webhook_notifier`: alerts as JSON, to whatever takes them.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::alert::{Alert, Event};
use super::channel::{Channel, Destination, Opened, Outcome};
use super::http::{self, Address, Answer, Route};
use super::kept::Kept;
use super::notifier::Notifier;
use crate::secret::Secrets;

/// Posts every change of state as JSON to the URL that is the secret `WEBHOOK_URL`.
///
/// It keeps the promises of every [notifier](super) and has the same filters. An answer of 2xx means that
/// the message is taken. It looks like this:
///
/// ```json
/// {
///   "title": "task load is Failed",
///   "flow": "nightly",
///   "run": "4f1c5e9c-8a0e-4c58-9d5c-0d3f6a7f0a11",
///   "host": "mill",
///   "link": null,
///   "repeated": false,
///   "total": 1,
///   "changes": [{"name": "load", "index": null, "is_flow": false, "state": "Failed", "attempt": 3,
///                "at": 1700000000.0, "duration": null, "text": "no such table", "is_error": true}],
///   "counts": [{"name": "load", "state": "Failed", "count": 1}]
/// }
/// ```
///
/// Of a digest, `changes` holds the first ten and the first failures beyond those; `counts` holds all.
///
/// # Examples
///
/// ```
/// use tribune::notify::webhook_notifier;
/// use tribune::prelude::*;
///
/// #[task(state_handlers = [webhook_notifier(only_states = [Failed], url_secret = "PAGER_URL")])]
/// fn load() {}
/// ```
#[expect(
    non_upper_case_globals,
    reason = "it is written like a function, as an option of a task"
)]
pub const webhook_notifier: WebhookNotifier = Notifier::new(
    "WEBHOOK_URL",
    Webhook {
        route: Route::DEFAULT,
    },
);

/// The type of [`webhook_notifier`], where it is described.
pub type WebhookNotifier = Notifier<Webhook>;

/// A receiver of JSON, as [`webhook_notifier`] writes to it.
#[derive(Clone, Copy, Debug)]
pub struct Webhook {
    route: Route,
}

impl Notifier<Webhook> {
    /// Posts to the URL that is the secret of this name.
    pub const fn url_secret(mut self, name: &'static str) -> Self {
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
}

impl Webhook {
    /// The receiver as it is in the spool.
    #[cfg(feature = "spool")]
    pub(super) fn kept(route: Route) -> Self {
        Self { route }
    }
}

impl Destination for Webhook {
    fn title(&self) -> &'static str {
        "Webhook"
    }

    fn open(&self, name: &str, secrets: &Secrets) -> Result<Opened, String> {
        let address = http::destination(name, secrets, self.route)?;
        let key = address.key().to_owned();
        let route = self.route;
        Ok(Opened::new(key, Receiver { address, route }))
    }

    fn kept(&self) -> Option<String> {
        let route = self.route.into();
        Some(Kept::Webhook { route }.to_text())
    }
}

struct Receiver {
    address: Address,
    route: Route,
}

impl Channel for Receiver {
    fn send(&self, alert: &Alert) -> Outcome {
        let body = self.address.redact(&body(alert).to_string()).into_owned();
        match http::post(&self.address, self.route, body) {
            Ok(answer) => outcome(&answer),
            Err(outcome) => outcome,
        }
    }
}

/// What came of a message that was answered so.
fn outcome(answer: &Answer) -> Outcome {
    if let Some(trouble) = answer.trouble() {
        return trouble;
    }
    let reason = || format!("the receiver does not take it ({})", answer.excerpt());
    match answer.status {
        200..=299 => Outcome::Delivered,
        401 | 403 | 404 | 410 => Outcome::Closed(reason()),
        _ => Outcome::Refused(reason()),
    }
}

fn body(alert: &Alert) -> Value {
    let changes = alert.events().iter().chain(alert.failures());
    let counts = alert.counted().into_iter().map(|group| {
        let name = Some(group.name).filter(|name| !name.is_empty());
        json!({"name": name, "state": group.kind.name(), "count": group.count})
    });
    json!({
        "title": alert.title(),
        "flow": alert.flow_name(),
        "run": alert.run_id(),
        "host": alert.host(),
        "link": alert.link(),
        "repeated": alert.is_repeated(),
        "total": alert.total(),
        "changes": changes.map(change).collect::<Vec<_>>(),
        "counts": counts.collect::<Vec<_>>(),
    })
}

fn change(event: &Event) -> Value {
    let since = event.at().duration_since(SystemTime::UNIX_EPOCH);
    json!({
        "name": event.name(),
        "index": event.index(),
        "is_flow": event.is_flow(),
        "state": event.kind().name(),
        "attempt": event.attempt(),
        "at": since.unwrap_or_default().as_secs_f64(),
        "duration": event.duration().map(|duration| duration.as_secs_f64()),
        "text": event.text(),
        "is_error": event.is_error(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::testing::alert;
    use crate::state::StateKind::{Failed, Success};

    #[test]
    fn the_body_is_the_documented_one() {
        let body = body(&alert("load", Failed, "no such table"));
        let documented = json!({
            "title": "task load is Failed",
            "flow": "nightly",
            "run": "00000000-0000-0000-0000-000000000000",
            "host": "mill",
            "link": null,
            "repeated": false,
            "total": 1,
            "changes": [{
                "name": "load", "index": null, "is_flow": false, "state": "Failed", "attempt": 1,
                "at": 1_700_000_000.0, "duration": null, "text": "no such table", "is_error": true,
            }],
            "counts": [{"name": "load", "state": "Failed", "count": 1}],
        });
        assert_eq!(body, documented);
    }

    #[test]
    fn counts_of_a_digest_add_up() {
        let mut digest = alert("load", Success, "");
        (0..99).for_each(|_| digest.merge(alert("load", Failed, "why")));
        let body = body(&digest);
        assert_eq!(body["total"], 100);
        assert_eq!(body["counts"][0]["count"], 1);
        assert_eq!(body["counts"][1]["count"], 99);
        assert_eq!(body["changes"].as_array().unwrap().len(), 15);
    }
}
