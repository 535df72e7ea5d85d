//! The way to a webhook over HTTP.
//!
//! The URL of a webhook is its password, and HTTP clients like to print URLs. So nothing outside
//! this module sees one, and every text that leaves it is searched for one.

use std::borrow::Cow;
use std::error::Error;
use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fmt, io, iter};

use reqwest::blocking::{Client, Response};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Proxy, Url};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use super::answer::{Answer, Verdict};
use crate::secret::Secret;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of an answer is read.
const LONGEST_ANSWER: u64 = 4096;
/// Hosts whose paths have a meaning that is known.
const SLACK_HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
/// A part of an address that is shorter is a word and no secret.
const SHORTEST_TOKEN: usize = 16;
const REDACTED: &str = "[REDACTED]";

/// The address of a webhook.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Webhook(Url);

impl Webhook {
    /// The webhook with this address.
    ///
    /// # Errors
    ///
    /// What is wrong with the address, in words that follow its name and do not quote it.
    pub(super) fn parse(address: &Secret) -> Result<Self, &'static str> {
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

    /// The text without what would give the address away.
    pub(super) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        // The parts too: what quotes the address may have escaped it, or left out the host.
        let parts = self.0.path().split('/').chain(self.0.query());
        for secret in [self.0.as_str(), self.0.path()].into_iter().chain(parts) {
            if secret.len() >= SHORTEST_TOKEN && text.contains(secret) {
                text = Cow::Owned(text.replace(secret, REDACTED));
            }
        }
        text
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({REDACTED})")
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

/// Tells whether this is the URL of a proxy.
pub(super) fn is_proxy(url: &str) -> bool {
    Proxy::all(url).is_ok()
}

impl Webhook {
    /// Sends the message once, on a thread of its own, because this one may be a part of a runtime.
    ///
    /// The answer is its status, or why there is none.
    pub(super) fn post_and_wait(&self, route: Route, body: String) -> Result<u16, String> {
        let webhook = self.clone();
        let post = move || {
            let client = client(&webhook, route.proxy)?;
            let request = client
                .post(webhook.0.clone())
                .header(CONTENT_TYPE, "application/json")
                .timeout(route.timeout)
                .body(body);
            let response = request.send().map_err(|error| {
                match explain(&webhook, route, &error.without_url()) {
                    Verdict::Trouble(reason) | Verdict::Impossible(reason) => reason,
                    other => format!("{other:?}"),
                }
            })?;
            Ok(response.status().as_u16())
        };
        let thread = std::thread::Builder::new()
            .name("tribune-slack".to_owned())
            .spawn(post);
        let joined = thread.map_err(|error| error.to_string())?.join();
        joined.unwrap_or_else(|_| Err("the sender panicked".to_owned()))
    }
}

/// How a message travels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) proxy: Option<&'static str>,
    pub(super) timeout: Duration,
    pub(super) backoff: Duration,
}

/// The connections to one webhook: one client for each proxy that leads there.
#[derive(Default)]
pub(super) struct Connections(Vec<(Option<&'static str>, Client)>);

impl Connections {
    /// Sends the message once.
    pub(super) fn post(&mut self, webhook: &Webhook, route: Route, body: &str) -> Verdict {
        let client = match self.client(webhook, route.proxy) {
            Ok(client) => client,
            Err(reason) => return Verdict::Impossible(webhook.redact(&reason).into_owned()),
        };
        let request = client
            .post(webhook.0.clone())
            .header(CONTENT_TYPE, "application/json")
            .timeout(route.timeout)
            .body(body.to_owned());
        match request.send() {
            Ok(response) => judge(webhook, response),
            Err(error) => explain(webhook, route, &error.without_url()),
        }
    }

    fn client(
        &mut self,
        webhook: &Webhook,
        proxy: Option<&'static str>,
    ) -> Result<&Client, String> {
        let known = self.0.iter().position(|(known, _)| *known == proxy);
        let at = known.unwrap_or(self.0.len());
        if known.is_none() {
            self.0.push((proxy, client(webhook, proxy)?));
        }
        Ok(&self.0[at].1)
    }
}

fn client(webhook: &Webhook, proxy: Option<&str>) -> Result<Client, String> {
    let builder = Client::builder()
        .user_agent(concat!("tribune/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls(webhook)?)
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT);
    let builder = match proxy {
        Some(proxy) => builder.proxy(Proxy::all(proxy).map_err(|_| "the proxy is not a URL")?),
        // What the environment says about proxies is not meant for this machine itself.
        None if is_loopback(&webhook.0) => builder.no_proxy(),
        None => builder,
    };
    builder
        .build()
        .map_err(|error| root_cause(&error.without_url()))
}

/// TLS by ring, with the certificates that the operating system trusts.
///
/// The provider is given here and not installed for the process: that is the program's to do.
fn tls(webhook: &Webhook) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = if webhook.0.scheme() == "https" {
        builder
            .with_platform_verifier()
            .map_err(|error| format!("this machine cannot check certificates: {error}"))?
    } else {
        // Not used, but the client wants one; so a machine without certificates can talk to itself.
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}

fn judge(webhook: &Webhook, response: Response) -> Verdict {
    let status = response.status().as_u16();
    let header = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let retry_after = header.map(str::to_owned);
    let mut body = Vec::new();
    let read = response.take(LONGEST_ANSWER).read_to_end(&mut body);
    if read.is_err() && status < 300 {
        return Verdict::Trouble("the connection broke in the middle of the answer".to_owned());
    }
    let body = String::from_utf8_lossy(&body);
    let body = webhook.redact(&body);
    let answer = Answer {
        status,
        retry_after: retry_after.as_deref(),
        body: &body,
    };
    answer.judge(SystemTime::now())
}

/// What a request without an answer means.
fn explain(webhook: &Webhook, route: Route, error: &reqwest::Error) -> Verdict {
    let cause = root_cause(error);
    let cause = webhook.redact(&cause);
    if let Some(rustls::Error::InvalidCertificate(_)) = tls_error(error) {
        return Verdict::Impossible(format!("its certificate is not trusted: {cause}"));
    }
    Verdict::Trouble(if error.is_timeout() && error.is_connect() {
        format!("no connection within {CONNECT_TIMEOUT:?}")
    } else if error.is_timeout() {
        format!("no answer within {:?}", route.timeout)
    } else if error.is_connect() {
        format!("no connection: {cause}")
    } else {
        format!("the connection broke before the answer: {cause}")
    })
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// The innermost cause, which is the one that says something.
fn root_cause(error: &reqwest::Error) -> String {
    causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    causes(error)
        .flat_map(|cause| iter::successors(Some(cause), |&cause| wrapped(cause)))
        .find_map(|cause| cause.downcast_ref())
}

/// The error that an I/O error wraps, which it hides from the chain of sources.
fn wrapped<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    Some(error.downcast_ref::<io::Error>()?.get_ref()?)
}

#[cfg(test)]
mod tests;
