//! `tribune slack install`, against a fake of Slack's OAuth pages.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command};

use tribune_inbox::Inbox;

use super::http::{self, Message, Server};
use super::{Ended, TOKEN, User, end, start};

const CODE: &str = "C0DEC0DEC0DE";
const ID: &str = "111.222";
/// `111.222` and the client secret, which is the token, as HTTP Basic has them.
const BASIC: &str = "Basic MTExLjIyMjpTRUNSRVRUT0tFTlNFQ1JFVFRPS0VOMDA=";

/// Slack, which sends the browser on and gives a webhook of this inbox for the code.
fn slack(inbox: &Inbox) -> Server {
    let webhook = inbox.url_of("flows");
    Server::start(move |request| {
        let target = request.first.split(' ').nth(1).unwrap();
        if let Some(query) = target.strip_prefix("/oauth/v2/authorize?") {
            let field = |name: &str| field(query, name);
            assert_eq!(
                (&*field("client_id"), &*field("scope")),
                (ID, "incoming-webhook")
            );
            let (redirect, state) = (field("redirect_uri"), field("state"));
            return (
                302,
                format!("Location: {redirect}?code={CODE}&state={state}"),
                String::new(),
            );
        }
        assert_eq!(target, "/api/oauth.v2.access");
        let json = "Content-Type: application/json".to_owned();
        (200, json, exchange(request, &webhook))
    })
}

fn exchange(request: &Message, webhook: &str) -> String {
    let refused = |word: &str| format!(r#"{{"ok":false,"error":"{word}"}}"#);
    if request.header("authorization") != Some(BASIC) {
        return refused("bad_client_secret");
    }
    if field(&request.body, "code") != CODE {
        return refused("invalid_code");
    }
    if !field(&request.body, "redirect_uri").ends_with("/slack/oauth") {
        return refused("bad_redirect_uri");
    }
    serde_json::json!({
        "ok": true, "access_token": format!("xoxb-{TOKEN}"), "token_type": "bot",
        "team": {"id": "T1", "name": "Acme"},
        "incoming_webhook": {
            "channel": "#flows", "channel_id": "C1", "url": webhook,
            "configuration_url": "https://acme.slack.com/services/B1",
        },
    })
    .to_string()
}

/// A field of a query or form.
fn field(query: &str, name: &str) -> String {
    let mut fields = form_urlencoded::parse(query.as_bytes());
    let (_, value) = fields.find(|(field, _)| field == name).unwrap();
    value.into_owned()
}

fn install(user: &User, slack: &Server, more: &str) -> Command {
    let base = slack.url();
    let mut command = user.command(&format!(
        "slack install --client-id {ID} --api-base {base}{more}"
    ));
    command.env("SLACK_CLIENT_SECRET", TOKEN);
    command
}

/// An installation that has printed its link.
struct Waiting {
    child: Child,
    out: BufReader<ChildStdout>,
    link: String,
}

impl Waiting {
    fn new(command: &mut Command) -> Self {
        let mut child = start(command);
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut link = String::new();
        while !link.starts_with("http") {
            link.clear();
            assert_ne!(out.read_line(&mut link).unwrap(), 0, "there is no link");
        }
        let link = link.trim().to_owned();
        Self { child, out, link }
    }

    /// Pastes this and waits for the end.
    fn end(mut self, pasted: &str) -> Ended {
        let _ = self
            .child
            .stdin
            .take()
            .unwrap()
            .write_all(pasted.as_bytes());
        let mut out = String::new();
        self.out.read_to_string(&mut out).unwrap();
        let mut ended = Ended::from(self.child.wait_with_output().unwrap());
        ended.out = out;
        ended
    }
}

#[test]
fn the_browser_comes_back_to_a_page_on_this_machine() {
    let (user, inbox) = (User::new(), Inbox::start().unwrap());
    let slack = slack(&inbox);
    let here = " --redirect-uri http://127.0.0.1:0/slack/oauth --secret FLOWS_WEBHOOK";
    let waiting = Waiting::new(&mut install(&user, &slack, here));
    let landing = http::get(&waiting.link);
    let landing = landing.header("location").unwrap();
    assert!(landing.starts_with("http://127.0.0.1:"), "{landing}");
    let page = http::get(landing);
    assert!(page.first.contains("200") && page.body.contains("Go back to the terminal"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let out = waiting.end("").out();
    assert!(
        out.contains("Slack gave a webhook for #flows in Acme."),
        "{out}"
    );
    assert!(
        out.contains("It arrived.\nStored FLOWS_WEBHOOK in "),
        "{out}"
    );
    assert_eq!(inbox.messages()[0].channel(), "flows");
    let list = user.run("secret list", "").out();
    assert!(list.ends_with("  #flows in Acme\n"), "{list}");
}

#[test]
fn the_address_can_be_pasted_where_no_page_loads() {
    let (user, inbox) = (User::new(), Inbox::start().unwrap());
    let slack = slack(&inbox);
    let waiting = Waiting::new(&mut install(&user, &slack, " --team T1"));
    assert_eq!(field(&waiting.link, "team"), "T1");
    let landing = http::get(&waiting.link);
    let landing = landing.header("location").unwrap();
    assert!(
        landing.starts_with("https://localhost:53682/slack/oauth?"),
        "{landing}"
    );
    let out = waiting.end(&format!("{landing}\n")).out();
    assert!(out.contains("Copy its address all the same."), "{out}");
    assert!(out.contains("Stored SLACK_WEBHOOK_URL in "), "{out}");
    assert_eq!(slack.requests().len(), 2);
}

#[test]
fn an_answer_to_another_request_is_refused() {
    let (user, inbox) = (User::new(), Inbox::start().unwrap());
    let slack = slack(&inbox);
    let pasted = format!("https://localhost:53682/slack/oauth?code={CODE}&state=guessed");
    let error = Waiting::new(&mut install(&user, &slack, ""))
        .end(&pasted)
        .err();
    assert!(error.contains("belongs to another request"), "{error}");
    assert_eq!(slack.requests().len(), 0, "the code was not used");
    assert_eq!(inbox.messages().len(), 0);
}

#[test]
fn what_slack_says_is_told_in_words() {
    let (user, inbox) = (User::new(), Inbox::start().unwrap());
    let slack = slack(&inbox);
    let answered = |command: &mut Command, answer: &str| {
        let waiting = Waiting::new(command);
        let state = field(&waiting.link, "state");
        let pasted = format!("https://localhost:53682/slack/oauth?{answer}&state={state}");
        waiting.end(&pasted).err()
    };
    let error = answered(&mut install(&user, &slack, ""), "error=access_denied");
    assert!(error.contains("was declined in the browser"), "{error}");
    let error = answered(&mut install(&user, &slack, ""), "code=old");
    assert!(
        error.contains("older than ten minutes") && error.contains("(invalid_code)"),
        "{error}"
    );
    let code = format!("code={CODE}");
    let elsewhere = " --redirect-uri https://localhost/elsewhere";
    let error = answered(&mut install(&user, &slack, elsewhere), &code);
    assert!(
        error.contains("--redirect-uri is none that the app has registered"),
        "{error}"
    );
    let mut wrong = install(&user, &slack, "");
    let error = answered(wrong.env("SLACK_CLIENT_SECRET", "other"), &code);
    assert!(
        error.contains("the client secret is not that of the app"),
        "{error}"
    );
    let list = user.run("secret list", "").out();
    assert!(list.starts_with("There are no secrets."), "{list}");
}

#[test]
fn mistakes_in_options_are_told_by_their_names() {
    let (user, inbox) = (User::new(), Inbox::start().unwrap());
    let slack = slack(&inbox);
    let error = end(&mut install(&user, &slack, " --redirect-uri localhost"), "").err();
    assert!(error.contains("--redirect-uri"), "{error}");
    let mut command = user.command("slack install --client-id 1 --api-base http://slack.com");
    let error = end(command.env("SLACK_CLIENT_SECRET", TOKEN), "").err();
    assert!(
        error.contains("--api-base has to begin with https"),
        "{error}"
    );
    let error = user.run("slack install", "").err();
    assert!(error.contains("--client-id"), "{error}");
    let error = user.run("slack install --client-id 1", "").err();
    assert!(
        error.contains("Client secret of the app is needed"),
        "{error}"
    );
}
