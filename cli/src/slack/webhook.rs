//! Telling an incoming webhook from everything else that people paste.

use std::net::IpAddr;

use reqwest::Url;
use tribune::Secret;

const HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
const WANTED: &str =
    "an incoming webhook looks like https://hooks.slack.com/services/T.../B.../...";

/// Checks the URL of a webhook, of any host if that is meant.
///
/// # Errors
///
/// What it is instead, and where the right one is found. The URL is not quoted.
pub(super) fn check(url: &Secret, any_host: bool) -> Result<(), String> {
    let text = url.expose();
    if ["xoxb-", "xoxp-", "xoxe", "xapp-", "xoxa-"]
        .iter()
        .any(|token| text.starts_with(token))
    {
        return Err(format!("this is a token of Slack and no webhook: {WANTED}"));
    }
    let Ok(url) = Url::parse(text) else {
        return Err(format!("this is no URL: {WANTED}"));
    };
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(host) => return Ok(()),
        "http" => {
            return Err(
                "this is an http URL, which does not keep it secret on the way: \
                        it has to begin with https"
                    .to_owned(),
            );
        }
        _ => return Err(format!("this is no https URL: {WANTED}")),
    }
    let is_slack = host == "slack.com" || host.ends_with(".slack.com");
    match host {
        host if HOSTS.contains(&host) => check_path(url.path()),
        _ if is_slack => Err(format!("this is a page of Slack and no webhook: {WANTED}")),
        _ if any_host => Ok(()),
        _ => Err(format!(
            "the host is not Slack's: {WANTED}; `--any-host` takes the webhook of another service"
        )),
    }
}

/// Checks what stands after the host.
fn check_path(path: &str) -> Result<(), String> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts[..] {
        ["services", team, hook, token] => {
            let is_whole = team.starts_with('T') && hook.starts_with('B') && token.len() >= 20;
            is_whole.then_some(()).ok_or_else(|| {
                format!(
                    "this webhook is not whole, perhaps it was cut when it was copied: {WANTED}"
                )
            })
        }
        ["services", ..] => Err(format!("this webhook is not whole: {WANTED}")),
        ["workflows" | "triggers", ..] => Err(
            "this starts a workflow of Workflow Builder, which takes no messages: make an app \
             with an incoming webhook, as the link of `tribune slack setup` does"
                .to_owned(),
        ),
        ["actions" | "commands", ..] => Err(
            "this is a response_url, which works for half an hour: make an app with an incoming \
             webhook, as the link of `tribune slack setup` does"
                .to_owned(),
        ),
        _ => Err(format!("this leads nowhere: {WANTED}")),
    }
}

pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_people_paste_is_recognised() {
        let token = "XXXXXXXXXXXXXXXXXXXXXXXX";
        for (url, expected) in [
            ("https://hooks.slack.com/services/T012/B345/", None),
            ("https://hooks.slack-gov.com/services/T012/B345/", None),
            ("http://127.0.0.1:8338/services/T/B/", None),
            ("http://[::1]:8338/", None),
            ("http://localhost:8338/services/T/B/", None),
            ("hooks.slack.com/services/T012/B345/", Some("no URL")),
            (
                "http://hooks.slack.com/services/T012/B345/",
                Some("http URL"),
            ),
            (
                "ftp://hooks.slack.com/services/T012/B345/",
                Some("no https URL"),
            ),
            ("https://hooks.slack.com/services/", Some("not whole")),
            (
                "https://hooks.slack.com/services/B345/T012/",
                Some("not whole"),
            ),
            (
                "https://hooks.slack.com/workflows/T012/A345/1/",
                Some("Workflow Builder"),
            ),
            (
                "https://hooks.slack.com/triggers/T012/1/",
                Some("Workflow Builder"),
            ),
            (
                "https://hooks.slack.com/actions/T012/1/",
                Some("response_url"),
            ),
            (
                "https://hooks.slack.com/commands/T012/1/",
                Some("response_url"),
            ),
            ("https://hooks.slack.com/", Some("leads nowhere")),
            ("https://api.slack.com/apps/", Some("page of Slack")),
            ("https://acme.slack.com/archives/", Some("page of Slack")),
            ("https://chat.example.org/hooks/", Some("--any-host")),
            ("xoxb-1234-", Some("token")),
        ] {
            let secret = Secret::from(format!("{url}{token}"));
            let error = check(&secret, false).err();
            match expected {
                None => assert_eq!(error, None, "{url}"),
                Some(part) => {
                    let error = error.unwrap_or_default();
                    assert!(
                        error.contains(part) && !error.contains(token),
                        "{url}: {error}"
                    );
                }
            }
        }
        let elsewhere = Secret::from("https://chat.example.org/hooks/x");
        assert_eq!(check(&elsewhere, true), Ok(()));
        let cut = Secret::from("https://hooks.slack.com/services/T012/B345/XXXX");
        assert!(
            check(&cut, true)
                .unwrap_err()
                .contains("perhaps it was cut")
        );
    }
}
