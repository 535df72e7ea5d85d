use super::webhook::PACE;
use super::*;
use crate::notify::http::Address;
use crate::notify::pace::Pace;
use crate::notify::testing::alert;

const ADDRESS: &str =
    "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX";

fn opened(notifier: &SlackNotifier, address: &str) -> Result<Opened, String> {
    let secrets = Secrets::new().with(notifier.name, address);
    notifier.destination.open(notifier.name, &secrets)
}

#[test]
fn it_keeps_the_pace_of_slack_but_not_for_this_machine() {
    let pace = |address| opened(&slack_notifier, address).unwrap().channel.pace();
    assert_eq!(pace(ADDRESS), PACE);
    assert_eq!(pace("http://127.0.0.1:1/x"), Pace::UNLIMITED);
}

#[test]
fn what_is_no_webhook_is_said_without_its_address() {
    let error = opened(&slack_notifier, "hooks.slack.com/XXXXXXXXXXXXXXXXXXXXXXXX").unwrap_err();
    assert_eq!(error, "the secret `SLACK_WEBHOOK_URL` is not a URL");
    let proxied = slack_notifier.proxy("no proxy");
    assert!(opened(&proxied, ADDRESS).unwrap_err().contains("proxy"));
}

#[test]
fn nothing_printed_gives_the_address_away() {
    let opened = opened(&slack_notifier, ADDRESS).unwrap();
    let printed = format!("{opened:?} {slack_notifier:?}");
    assert!(!printed.contains("XXXX"), "{printed}");
}

#[test]
fn a_message_of_the_program_is_the_one_that_is_sent() {
    let mut alert = alert("load", StateKind::Failed, "no luck");
    alert.set_message(Message::new("mine"));
    alert.set_link("https://example.org/7".to_owned());
    alert.mention("<@U1>");
    let webhook = Webhook {
        address: Address::parse(&ADDRESS.into()).unwrap(),
        route: Route::DEFAULT,
        style: Style::Classic,
    };
    let body: serde_json::Value = serde_json::from_str(&webhook.body(&alert)).unwrap();
    assert_eq!(
        body["text"],
        "<@U1> mine (<https://example.org/7|open the run>)"
    );
}
