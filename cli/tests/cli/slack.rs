//! `tribune slack setup` and `tribune slack test`

use std::net::{Ipv4Addr, TcpListener};

use tribune_inbox::{Inbox, Message, Refusal};

use super::http::Server;
use super::{TOKEN, User, end};

#[test]
fn setup_explains_tries_and_stores() {
    let user = User::new();
    let inbox = Inbox::start().unwrap();
    let out = user
        .run("slack setup --channel #ops", &inbox.url_of("ops"))
        .out();
    let link = "https://api.slack.com/apps?new_app=1&manifest_yaml=display_information%3A%0A%20%20name%3A%20Tribune";
    assert!(out.contains(link), "{out}");
    assert!(
        out.contains("Sending a test message ...\nIt arrived.\nStored SLACK_WEBHOOK_URL in "),
        "{out}"
    );
    assert!(
        out.contains("#[task(state_handlers = [slack_notifier])]"),
        "{out}"
    );
    assert!(!out.contains("/services/"), "{out}");
    let messages = inbox.messages();
    assert_eq!(messages.len(), 1);
    assert!(
        messages[0]
            .to_string()
            .contains("Tribune can write to this channel"),
        "{}",
        messages[0]
    );
    assert_eq!(
        (messages[0].channel(), messages[0].warnings()),
        ("ops", &[][..])
    );

    let list = user.run("secret list", "").out();
    assert!(list.ends_with("  #ops\n"), "{list}");
    let out = user.run("slack test", "").out();
    let store = user.home().join("tribune/secrets.sealed");
    assert_eq!(
        out,
        format!(
            "The webhook SLACK_WEBHOOK_URL comes from the store {}.\nIt belongs to #ops.\n\
             Sending a test message ...\nIt arrived.\n",
            store.display()
        )
    );
    assert_eq!(inbox.messages().len(), 2);
}

#[test]
fn several_webhooks_live_side_by_side() {
    let user = User::new();
    let inbox = Inbox::start().unwrap();
    user.run("slack setup --channel #dev", &inbox.url_of("dev"))
        .out();
    let error = user.run("slack setup", &inbox.url()).err();
    assert_eq!(
        error,
        "tribune: SLACK_WEBHOOK_URL is stored already for #dev: `--replace` replaces it, \
         `--secret OTHER_NAME` keeps both\n"
    );
    let out = user
        .run("slack setup --secret OPS_WEBHOOK", &inbox.url_of("ops"))
        .out();
    assert!(
        out.contains("[slack_notifier(webhook_secret = \"OPS_WEBHOOK\")]"),
        "{out}"
    );
    user.run("slack setup --replace", &inbox.url_of("general"))
        .out();
    user.run("slack test", "").out();
    user.run("slack test --secret OPS_WEBHOOK", "").out();
    let messages = inbox.messages();
    let channels: Vec<_> = messages.iter().map(Message::channel).collect();
    assert_eq!(channels, ["dev", "ops", "general", "general", "ops"]);
}

#[test]
fn what_is_no_webhook_is_not_stored() {
    let user = User::new();
    for (url, part) in [
        (
            format!("https://hooks.slack.com/triggers/T1/2/{TOKEN}"),
            "Workflow Builder",
        ),
        (
            format!("https://hooks.slack.com/actions/T1/2/{TOKEN}"),
            "response_url",
        ),
        (
            format!("http://hooks.slack.com/services/T1/B2/{TOKEN}"),
            "http URL",
        ),
        (
            format!("https://chat.example.org/hooks/{TOKEN}"),
            "--any-host",
        ),
        (format!("xoxb-1-{TOKEN}"), "token of Slack"),
        (TOKEN.to_owned(), "no URL"),
        (String::new(), "the answer was empty"),
    ] {
        let error = user.run("slack setup --no-test", &url).err();
        assert!(error.contains(part), "{part}: {error}");
    }
    let list = user.run("secret list", "").out();
    assert!(list.starts_with("There are no secrets."), "{list}");
    for url in ["https://hooks.slack.com", "https://hooks.slack-gov.com"] {
        let url = format!("{url}/services/T1/B2/{TOKEN}");
        user.run("slack setup --no-test --replace", &url).out();
    }
    let url = format!("https://chat.example.org/hooks/{TOKEN}");
    user.run("slack setup --no-test --replace --any-host", &url)
        .out();
}

#[test]
fn every_word_of_slack_is_explained() {
    let user = User::new();
    let inbox = Inbox::start().unwrap();
    user.run("slack setup --no-test", &inbox.url()).out();
    for word in Refusal::words() {
        let refusal: Refusal = word.parse().unwrap();
        let told = format!("{} {word}", refusal.status());
        inbox.refuse(Some(refusal));
        let error = user.run("slack test", "").err();
        let start = "tribune: the test message to SLACK_WEBHOOK_URL did not arrive: ";
        let reason = error
            .strip_prefix(start)
            .unwrap_or_else(|| panic!("{error}"));
        let (meaning, _) = reason
            .split_once(&told)
            .unwrap_or_else(|| panic!("{error}"));
        assert!(meaning.split(' ').count() > 3, "{word}: {error}");
    }
    inbox.refuse(Some("no_service".parse().unwrap()));
    let error = user.run("slack test", "").err();
    assert!(
        error.ends_with("Make a new webhook: `tribune slack setup --replace`.\n"),
        "{error}"
    );
    let other = Inbox::start().unwrap();
    other.refuse(Some("channel_is_archived".parse().unwrap()));
    let error = user.run("slack setup --secret OTHER", &other.url()).err();
    assert!(
        error.contains("is archived") && error.contains("Nothing was stored"),
        "{error}"
    );
    assert!(user.run("secret get OTHER", "").err().contains("missing"));
}

#[test]
fn a_webhook_that_nobody_answers_is_told_so() {
    let user = User::new();
    let closed = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap()
    };
    let url = format!("http://{closed}/services/T1/B2/{TOKEN}");
    let error = user.run("slack setup", &url).err();
    assert!(error.contains("did not arrive: no connection: "), "{error}");
}

#[test]
fn a_missing_webhook_says_where_it_was_looked_for_and_what_asks_for_it() {
    let user = User::new();
    let error = user.run("slack test --secret OPS_WEBHOOK", "").err();
    assert!(
        error.contains("the secret `OPS_WEBHOOK` is missing; looked in "),
        "{error}"
    );
    assert!(
        error.ends_with("`tribune slack setup` makes one.\n"),
        "{error}"
    );
    let mut test = user.command("slack test");
    let inbox = Inbox::start().unwrap();
    end(
        test.env("TRIBUNE__CONTEXT__SECRETS__SLACK_WEBHOOK_URL", inbox.url()),
        "",
    )
    .out();
}

/// A receiver that understands the text of a message and nothing else.
fn takes_text_only() -> Server {
    Server::start(|request| {
        let is_plain = !request.body.contains("attachments");
        let (status, word) = if is_plain {
            (200, "ok")
        } else {
            (400, "invalid_attachments")
        };
        (
            status,
            "Content-Type: text/plain".to_owned(),
            word.to_owned(),
        )
    })
}

#[test]
fn a_message_that_arrives_as_a_text_arrives() {
    let user = User::new();
    let server = takes_text_only();
    let url = format!("{}/hooks/{TOKEN}", server.url());
    let out = user.run("slack setup", &url).out();
    assert!(out.contains("It arrived as a plain text: "), "{out}");
    assert!(out.contains("(400 invalid_attachments)"), "{out}");
    assert!(out.contains("slack_notifier.classic()"), "{out}");
    assert_eq!(server.requests().len(), 2);
}
