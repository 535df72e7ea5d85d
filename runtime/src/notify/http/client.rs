//! The HTTP clients of the process, which hold its connections.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Proxy;
use reqwest::blocking::Client;
use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::address::Address;
use crate::notify::settings::settings;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What one client differs in from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setup {
    proxy: Option<&'static str>,
    loopback: bool,
    https: bool,
    ca_file: Option<&'static Path>,
}

impl Setup {
    pub(super) fn of(address: &Address, proxy: Option<&'static str>) -> Result<Self, String> {
        let configured = settings()?;
        let loopback = address.is_loopback();
        // What is configured about proxies is not meant for this machine itself.
        let usual = configured.proxy.as_deref().filter(|_| !loopback);
        Ok(Self {
            proxy: proxy.or(usual),
            loopback,
            https: address.0.scheme() == "https",
            ca_file: configured.ca_file.as_deref(),
        })
    }
}

/// Tells whether this is the URL of a proxy.
pub(super) fn is_proxy(url: &str) -> bool {
    Proxy::all(url).is_ok()
}

/// The client with these setup. There are as many as there are settings in the program.
pub(super) fn client(setup: &Setup) -> Result<Client, String> {
    static CLIENTS: Mutex<Vec<(Setup, Client)>> = Mutex::new(Vec::new());

    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, client)) = clients.iter().find(|(known, _)| known == setup) {
        return Ok(client.clone());
    }
    let client = build(setup)?;
    clients.push((*setup, client.clone()));
    Ok(client)
}

fn build(setup: &Setup) -> Result<Client, String> {
    let builder = Client::builder()
        .user_agent(concat!("tribune/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls(setup)?)
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT);
    let builder = match setup.proxy {
        Some(proxy) => builder.proxy(Proxy::all(proxy).map_err(|_| "the proxy is not a URL")?),
        // What the environment says about proxies is not meant for this machine itself.
        None if setup.loopback => builder.no_proxy(),
        None => builder,
    };
    let built = builder.build();
    built.map_err(|error| super::root_cause(&error.without_url()))
}

/// TLS by ring, with the certificates that the operating system trusts.
///
/// The provider is given here and not installed for the process: that is the program's to do.
fn tls(setup: &Setup) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = if setup.https {
        let extra = setup.ca_file.map_or_else(|| Ok(Vec::new()), certificates)?;
        let verifier = Verifier::new_with_extra_roots(extra, provider)
            .map_err(|error| format!("this machine cannot check certificates: {error}"))?;
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
    } else {
        // Not used, but the client wants one; so a machine without certificates can talk to itself.
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}

/// The certificates in a file that is configured as trusted.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    read.map_err(|error| {
        format!(
            "the certificates in {} cannot be read: {error}",
            file.display()
        )
    })
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
