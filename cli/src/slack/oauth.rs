//! The two halves of OAuth that touch the network: the landing page, and the exchange of the code.

use std::io::{self, IsTerminal};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::http::Uri;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use reqwest::Url;
use reqwest::blocking::{Client, Response};
use reqwest::header::CONTENT_TYPE as FORM;
use reqwest::redirect::Policy;
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use serde_json::Value;
use tribune::Secret;

use super::webhook::is_loopback;
use crate::terminal;

/// How long a code of Slack is good for.
const PATIENCE: Duration = Duration::from_secs(600);
const TIMEOUT: Duration = Duration::from_secs(20);
const LANDED: &str = "<!doctype html><meta charset=utf-8><title>Tribune</title>\
    <p>That is all here. Go back to the terminal.";

/// Where the address arrives that Slack sends the browser to.
pub(super) enum Answers {
    /// At a listener, or from who pastes it.
    Listening(Receiver<String>),
    /// From who pastes it: nothing on this machine answers that address.
    Pasted,
}

/// Gets ready for the answer to a request with this redirect address, and tells its final form.
///
/// Slack registers https addresses only, and this program has no certificate; so the page of such an
/// address does not load, and the address bar still has all that is needed.
pub(super) fn receive(redirect: &Url) -> Result<(String, Answers), String> {
    let host = redirect.host_str().unwrap_or_default();
    if redirect.scheme() != "http" || !is_loopback(host) {
        return Ok((redirect.to_string(), Answers::Pasted));
    }
    let port = redirect.port().unwrap_or(80);
    let explain = |error: io::Error| format!("--redirect-uri cannot be listened to: {error}");
    let listener = TcpListener::bind((host.trim_matches(['[', ']']), port)).map_err(explain)?;
    let mut redirect = redirect.clone();
    let port = listener.local_addr().map_err(explain)?.port();
    redirect
        .set_port(Some(port))
        .map_err(|()| "--redirect-uri takes no port")?;
    let (sender, receiver) = mpsc::channel();
    listen(listener, sender.clone()).map_err(explain)?;
    if io::stdin().is_terminal() {
        // The browser may be on another machine.
        thread::spawn(move || {
            if let Ok(line) = terminal::ask("(or paste the address that the browser ends at)") {
                let _ = sender.send(line);
            }
        });
    }
    Ok((redirect.to_string(), Answers::Listening(receiver)))
}

/// Serves the landing page on a thread that lives as long as the program.
fn listen(listener: TcpListener, answers: Sender<String>) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let land = move |uri: Uri| async move {
        // A browser asks for an icon too; only the answer has a query.
        if uri.query().is_some() {
            let _ = answers.send(format!("http://localhost{uri}"));
        }
        let headers = [
            (CONTENT_TYPE, "text/html"),
            (CACHE_CONTROL, "no-store"),
            (CONTENT_SECURITY_POLICY, "default-src 'none'"),
        ];
        (headers, LANDED).into_response()
    };
    thread::spawn(move || {
        runtime.block_on(async {
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                let _ = axum::serve(listener, Router::new().fallback(land)).await;
            }
        });
    });
    Ok(())
}

impl Answers {
    /// The address that Slack sent the browser to.
    pub(super) fn wait(self) -> Result<String, String> {
        let Self::Listening(receiver) = self else {
            println!("The page after that may not load: nothing on this machine answers it.");
            println!("Copy its address all the same.\n");
            return terminal::ask("Address that the browser ends at");
        };
        receiver
            .recv_timeout(PATIENCE)
            .map_err(|error| match error {
                RecvTimeoutError::Timeout => "nobody answered within ten minutes".to_owned(),
                RecvTimeoutError::Disconnected => "the landing page stopped".to_owned(),
            })
    }
}

/// What Slack gave.
pub(super) struct Grant {
    pub(super) url: Secret,
    pub(super) channel: String,
    pub(super) team: String,
    /// The page where the webhook can be removed.
    pub(super) settings: String,
}

/// Exchanges the code for a webhook.
pub(super) fn exchange(
    base: &Url,
    id: &str,
    secret: &Secret,
    code: &Secret,
    redirect: &str,
) -> Result<Grant, String> {
    let mut url = base.clone();
    url.set_path("/api/oauth.v2.access");
    let form = form(&[("code", code.expose()), ("redirect_uri", redirect)]);
    let request = client(base)?
        .post(url)
        .basic_auth(id, Some(secret.expose()))
        .header(FORM, "application/x-www-form-urlencoded")
        .body(form);
    // The address has no secret in it, so the error may name it.
    let answer = request.send().and_then(Response::text);
    let answer = answer.map_err(|error| format!("Slack did not answer: {error}"))?;
    let Ok(answer) = serde_json::from_str::<Value>(&answer) else {
        return Err("something else than Slack answered, such as a proxy".to_owned());
    };
    grant(&answer)
}

/// What is in the answer, or why there is nothing.
fn grant(answer: &Value) -> Result<Grant, String> {
    if answer["ok"] != true {
        let word = answer["error"].as_str().unwrap_or("it does not say why");
        return Err(match meaning(word) {
            Some(meaning) => format!("Slack gave no webhook: {meaning} ({word})"),
            None => format!("Slack gave no webhook: {word}"),
        });
    }
    let hook = &answer["incoming_webhook"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let Some(url) = hook["url"].as_str() else {
        return Err("Slack gave no webhook: the app lacks the scope incoming-webhook".to_owned());
    };
    Ok(Grant {
        url: url.into(),
        channel: text(&hook["channel"]),
        team: text(&answer["team"]["name"]),
        settings: text(&hook["configuration_url"]),
    })
}

/// What Slack means by the word that it answers.
fn meaning(word: &str) -> Option<&'static str> {
    Some(match word {
        "invalid_client_id" => "there is no app with this --client-id",
        "bad_client_secret" => "the client secret is not that of the app",
        "invalid_code" | "code_already_used" | "code_expired" => {
            "the code was used already, or is older than ten minutes: start again"
        }
        "bad_redirect_uri" => "--redirect-uri is none that the app has registered",
        "invalid_grant_type" | "invalid_arguments" => "it does not understand the request",
        "invalid_team_for_non_distributed_app" => {
            "the app may be installed in its own workspace only"
        }
        "org_login_required" => "the workspace is being moved to an organisation",
        _ => return None,
    })
}

fn form(fields: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("https://form.invalid", fields);
    let url = url.expect("the address is a constant");
    url.query().unwrap_or_default().to_owned()
}

/// A client with the certificates that the operating system trusts.
fn client(base: &Url) -> Result<Client, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| format!("this machine cannot check certificates: {error}"))?;
    let builder = Client::builder()
        .user_agent(concat!("tribune/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls.with_no_client_auth())
        .redirect(Policy::none())
        .timeout(TIMEOUT);
    let builder = match is_loopback(base.host_str().unwrap_or_default()) {
        true => builder.no_proxy(),
        false => builder,
    };
    builder.build().map_err(|error| error.to_string())
}
