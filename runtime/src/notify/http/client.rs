//! The HTTP clients of the process, which hold its connections.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Proxy;
use reqwest::blocking::Client;
use reqwest::redirect::Policy;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use super::address::Address;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What one client differs in from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    proxy: Option<&'static str>,
    loopback: bool,
    https: bool,
}

impl Settings {
    pub(super) fn of(address: &Address, proxy: Option<&'static str>) -> Self {
        Self {
            proxy,
            loopback: address.is_loopback(),
            https: address.0.scheme() == "https",
        }
    }
}

/// Tells whether this is the URL of a proxy.
pub(in crate::notify) fn is_proxy(url: &str) -> bool {
    Proxy::all(url).is_ok()
}

/// The client with these settings. There are as many as there are settings in the program.
pub(super) fn client(settings: &Settings) -> Result<Client, String> {
    static CLIENTS: Mutex<Vec<(Settings, Client)>> = Mutex::new(Vec::new());

    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, client)) = clients.iter().find(|(known, _)| known == settings) {
        return Ok(client.clone());
    }
    let client = build(settings)?;
    clients.push((*settings, client.clone()));
    Ok(client)
}

fn build(settings: &Settings) -> Result<Client, String> {
    let builder = Client::builder()
        .user_agent(concat!("tribune/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls(settings)?)
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT);
    let builder = match settings.proxy {
        Some(proxy) => builder.proxy(Proxy::all(proxy).map_err(|_| "the proxy is not a URL")?),
        // What the environment says about proxies is not meant for this machine itself.
        None if settings.loopback => builder.no_proxy(),
        None => builder,
    };
    let built = builder.build();
    built.map_err(|error| super::root_cause(&error.without_url()))
}

/// TLS by ring, with the certificates that the operating system trusts.
///
/// The provider is given here and not installed for the process: that is the program's to do.
fn tls(settings: &Settings) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = if settings.https {
        builder
            .with_platform_verifier()
            .map_err(|error| format!("this machine cannot check certificates: {error}"))?
    } else {
        // Not used, but the client wants one; so a machine without certificates can talk to itself.
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_urls() {
        assert!(is_proxy("http://proxy.example.org:3128"));
        assert!(!is_proxy("not a proxy"));
        assert!(!is_proxy(""));
    }
}
