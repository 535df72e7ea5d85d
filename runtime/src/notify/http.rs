//! The way to a webhook over HTTP.

mod address;
mod answer;
mod client;

pub(super) use address::Address;
pub(super) use answer::Answer;

use std::error::Error;
use std::io::Read;
use std::time::{Duration, SystemTime};
use std::{io, iter};

use reqwest::blocking::Response;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};

use super::channel::Outcome;
use super::settings::settings;
use crate::secret::Secrets;
use client::{CONNECT_TIMEOUT, Setup, client};

/// How much of an answer is read.
const LONGEST_ANSWER: u64 = 4096;

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) proxy: Option<&'static str>,
    pub(super) timeout: Duration,
}

impl Route {
    pub(super) const DEFAULT: Self = Self {
        proxy: None,
        timeout: Duration::from_secs(10),
    };

    /// Checks what can be checked before anything is sent.
    pub(super) fn check(self) -> Result<(), String> {
        let configured = settings()?.proxy.as_deref();
        match self.proxy.or(configured) {
            Some(proxy) if !client::is_proxy(proxy) => {
                Err("the proxy of the notifier is not a URL".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// The address that is the secret of this name, if messages can go there.
///
/// # Errors
///
/// Why they cannot, in words without the address.
pub(super) fn destination(name: &str, secrets: &Secrets, route: Route) -> Result<Address, String> {
    route.check()?;
    let secret = secrets.get(name).map_err(|error| error.to_string())?;
    let address =
        Address::parse(&secret).map_err(|problem| format!("the secret `{name}` {problem}"))?;
    // Who quotes an address may leave out the host, or escape the slashes.
    for part in address.secret_parts() {
        secrets.hide(part);
    }
    Ok(address)
}

/// The text as it can stand in a URL.
pub(super) fn encoded(text: &str) -> String {
    let mut url = reqwest::Url::parse("http://localhost").expect("it is a URL");
    url.set_path(text);
    // A path keeps its slashes.
    url.path()[1..].replace('/', "%2F")
}

/// Posts a JSON text, once. Without an answer, the outcome says why there is none.
pub(super) fn post(address: &Address, route: Route, body: String) -> Result<Answer, Outcome> {
    let client = Setup::of(address, route.proxy)
        .and_then(|setup| client(&setup))
        .map_err(|reason| Outcome::Closed(address.redact(&reason).into_owned()))?;
    let request = client
        .post(address.0.clone())
        .header(CONTENT_TYPE, "application/json")
        .timeout(route.timeout)
        .body(body);
    match request.send() {
        Ok(response) => read(address, response),
        Err(error) => Err(explain(address, route, &error.without_url())),
    }
}

fn read(address: &Address, response: Response) -> Result<Answer, Outcome> {
    let status = response.status().as_u16();
    let header = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let retry_after = header.map(str::to_owned);
    let mut body = Vec::new();
    let read = response.take(LONGEST_ANSWER).read_to_end(&mut body);
    if read.is_err() && status < 300 {
        let reason = "the connection broke in the middle of the answer".to_owned();
        return Err(Outcome::Uncertain(reason));
    }
    let body = String::from_utf8_lossy(&body);
    let (retry_after, now) = (retry_after.as_deref(), SystemTime::now());
    Ok(Answer::new(
        status,
        retry_after,
        &address.redact(&body),
        now,
    ))
}

/// What a request without an answer means.
fn explain(address: &Address, route: Route, error: &reqwest::Error) -> Outcome {
    let cause = root_cause(error);
    let cause = address.redact(&cause);
    if let Some(rustls::Error::InvalidCertificate(_)) = tls_error(error) {
        Outcome::Closed(format!("its certificate is not trusted: {cause}"))
    } else if error.is_timeout() && error.is_connect() {
        Outcome::Unreachable(format!("no connection within {CONNECT_TIMEOUT:?}"))
    } else if error.is_timeout() {
        Outcome::Uncertain(format!("no answer within {:?}", route.timeout))
    } else if error.is_connect() {
        Outcome::Unreachable(format!("no connection: {cause}"))
    } else {
        Outcome::Uncertain(format!("the connection broke before the answer: {cause}"))
    }
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
