//! `tribune slack install`: OAuth 2 with an app of the user's own.

use std::env;

use reqwest::Url;
use subtle::ConstantTimeEq;
use tribune::{Secret, SecretStore};
use uuid::Uuid;

use super::oauth::{self, Grant};
use super::{keep_what_is_there, try_and_store, webhook};
use crate::args::InstallArgs;
use crate::{Outcome, terminal};

const CLIENT_SECRET: &str = "SLACK_CLIENT_SECRET";

pub(crate) fn run(args: &InstallArgs) -> Outcome {
    let store = SecretStore::open()?;
    keep_what_is_there(&store, &args.store)?;
    let base = api_base(&args.api_base)?;
    let redirect = Url::parse(&args.redirect_uri)
        .map_err(|error| format!("--redirect-uri is no URL: {error}"))?;
    let client_secret = match env::var(CLIENT_SECRET) {
        Ok(secret) if !secret.is_empty() => secret.into(),
        _ => terminal::ask_secret("Client secret of the app")?,
    };

    let (redirect, answers) = oauth::receive(&redirect)?;
    // Neither guessed nor used twice: it ties the answer to this request.
    let state = Uuid::new_v4().simple().to_string();
    show_link(&authorize(args, &base, &redirect, &state), args);
    let answer = answers.wait()?;
    let code = code(&answer, &state)?;
    let grant = oauth::exchange(&base, &args.client_id, &client_secret, &code, &redirect)?;
    finish(args, &store, &grant)
}

/// The address of Slack, which is kept secret on the way there.
fn api_base(text: &str) -> Result<Url, String> {
    let base = Url::parse(text).map_err(|error| format!("--api-base is no URL: {error}"))?;
    let host = base.host_str().unwrap_or_default();
    let is_safe = base.scheme() == "https" || webhook::is_loopback(host);
    is_safe
        .then(|| base.clone())
        .ok_or_else(|| "--api-base has to begin with https".to_owned())
}

/// The page where the user chooses the channel.
fn authorize(args: &InstallArgs, base: &Url, redirect: &str, state: &str) -> Url {
    let mut url = base.clone();
    url.set_path("/oauth/v2/authorize");
    url.query_pairs_mut()
        .append_pair("client_id", &args.client_id)
        .append_pair("scope", "incoming-webhook")
        .append_pair("redirect_uri", redirect)
        .append_pair("state", state);
    if let Some(team) = &args.team {
        url.query_pairs_mut().append_pair("team", team);
    }
    url
}

fn show_link(link: &Url, args: &InstallArgs) {
    println!("Open this link, choose the channel and press Allow:\n\n{link}\n");
    if !args.store.no_browser {
        terminal::browse(link.as_str());
    }
}

/// The code in the address that Slack sent the browser to.
fn code(answer: &str, state: &str) -> Result<Secret, String> {
    let url = Url::parse(answer)
        .map_err(|_| "that is no address: copy all of what the browser shows, from https on")?;
    let field = |wanted: &str| {
        let mut fields = url.query_pairs();
        fields
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    let answered = field("state").unwrap_or_default();
    let is_ours: bool = answered.as_bytes().ct_eq(state.as_bytes()).into();
    if !is_ours {
        return Err("this answer belongs to another request: open the link above again".to_owned());
    }
    match (field("code"), field("error").as_deref()) {
        (_, Some("access_denied")) => {
            Err("the installation was declined in the browser".to_owned())
        }
        (_, Some(error)) => Err(format!("Slack did not install the app: {error}")),
        (Some(code), None) => Ok(code.into()),
        (None, None) => Err("there is no code in this address".to_owned()),
    }
}

fn finish(args: &InstallArgs, store: &SecretStore, grant: &Grant) -> Outcome {
    webhook::check(&grant.url, true)?;
    println!(
        "Slack gave a webhook for {} in {}.",
        grant.channel, grant.team
    );
    let about = [
        ("channel", grant.channel.as_str()),
        ("team", grant.team.as_str()),
        ("settings", grant.settings.as_str()),
    ];
    try_and_store(store, &args.store, &grant.url, &about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_this_request_counts() {
        let code = |answer: &str| code(answer, "right").map(|code| code.expose().to_owned());
        assert_eq!(
            code("https://localhost/?code=c&state=right").as_deref(),
            Ok("c")
        );
        for (answer, part) in [
            ("code=c&state=right", "no address"),
            ("https://localhost/?code=c&state=wrong", "another request"),
            ("https://localhost/?code=c&state=right2", "another request"),
            ("https://localhost/?code=c", "another request"),
            (
                "https://localhost/?error=access_denied&state=right",
                "declined",
            ),
            (
                "https://localhost/?error=bad_scope&state=right",
                "bad_scope",
            ),
            ("https://localhost/?state=right", "no code"),
        ] {
            let error = code(answer).unwrap_err();
            assert!(error.contains(part), "{answer}: {error}");
        }
    }

    #[test]
    fn slack_is_reached_in_secret() {
        assert!(api_base("https://slack-gov.com").is_ok());
        assert!(api_base("http://127.0.0.1:1234").is_ok());
        assert!(api_base("http://slack.com").unwrap_err().contains("https"));
        assert!(api_base("slack.com").unwrap_err().contains("no URL"));
    }
}
