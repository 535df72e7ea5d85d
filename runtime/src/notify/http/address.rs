//! The address of a webhook, which is its password.
//!
//! HTTP clients like to print URLs. So nothing outside `http` sees one, and every text that leaves it
//! is searched for one.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use crate::secret::Secret;

/// Hosts whose paths have a meaning that is known.
const SLACK_HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
/// A part of an address that is shorter is a word and no secret.
const SHORTEST_TOKEN: usize = 16;
const REDACTED: &str = "[REDACTED]";

/// The address of a webhook.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::notify) struct Address(pub(super) Url);

impl Address {
    /// The webhook with this address.
    ///
    /// # Errors
    ///
    /// What is wrong with the address, in words that follow its name and do not quote it.
    pub(in crate::notify) fn parse(address: &Secret) -> Result<Self, &'static str> {
        let Ok(url) = Url::parse(address.expose()) else {
            return Err("is not a URL");
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err("is an http URL: only https keeps it secret on the way"),
            _ => return Err("is not an https URL"),
        }
        let path = url.path();
        let is_workflow = path.starts_with("/workflows/") || path.starts_with("/triggers/");
        if is_workflow
            && url
                .host_str()
                .is_some_and(|host| SLACK_HOSTS.contains(&host))
        {
            return Err(
                "starts a workflow of Slack's Workflow Builder, which takes no messages: \
                 create an incoming webhook, whose path begins with /services/",
            );
        }
        Ok(Self(url))
    }

    /// The text that tells this address from others. It is as secret as the address.
    pub(in crate::notify) fn key(&self) -> &str {
        self.0.as_str()
    }

    /// Tells whether it leads to this machine.
    pub(in crate::notify) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// The text without what would give the address away.
    pub(in crate::notify) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in self.secret_parts() {
            if text.contains(secret) {
                text = Cow::Owned(text.replace(secret, REDACTED));
            }
        }
        text
    }

    /// What gives the address away, the longest first.
    pub(in crate::notify) fn secret_parts(&self) -> impl Iterator<Item = &str> {
        let whole = [self.0.as_str(), self.0.path()];
        let parts = self.0.path().split('/').chain(self.0.query());
        let parts = whole.into_iter().chain(parts);
        parts.filter(|part| part.len() >= SHORTEST_TOKEN)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({REDACTED})")
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
