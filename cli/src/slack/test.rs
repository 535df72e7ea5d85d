//! `tribune slack test`: a flow of one task, which notifies as every other does.

use std::time::Duration;

use tribune::notify::Message;
use tribune::prelude::*;
use tribune::{Delivery, Notification, Secret, SecretError, Secrets};

use crate::args::TestArgs;
use crate::{Outcome, secret};

/// Long enough for a few tries while the way to Slack is broken.
const PATIENCE: Duration = Duration::from_secs(20);

/// What helps when Slack says this word. The word itself is explained by the library.
const ADVICE: [(&str, &str); 12] = [
    ("no_service", NEW_WEBHOOK),
    ("no_service_id", NEW_WEBHOOK),
    ("no_active_hooks", NEW_WEBHOOK),
    ("invalid_token", NEW_WEBHOOK),
    ("no_team", NEW_WEBHOOK),
    ("user_not_found", NEW_WEBHOOK),
    ("channel_not_found", NEW_WEBHOOK),
    (
        "channel_is_archived",
        "Unarchive the channel, or make a webhook for another one: `tribune slack setup --replace`.",
    ),
    (
        "team_disabled",
        "Ask an administrator what became of the workspace.",
    ),
    (
        "action_prohibited",
        "Ask an administrator of the workspace to allow the app.",
    ),
    (
        "posting_to_general_channel_denied",
        "Ask an administrator, or make a webhook for another channel: `tribune slack setup --replace`.",
    ),
    (
        "rollup_error",
        "Slack itself is in trouble; try again in a while, or see https://slack-status.com.",
    ),
];
const NEW_WEBHOOK: &str = "Make a new webhook: `tribune slack setup --replace`.";

#[task]
fn test_message() {}

fn message(_: &StateChange, new: &State) -> Message {
    Message::new("Tribune can write to this channel")
        .state(new.kind())
        .note("sent by tribune slack test")
}

pub(crate) fn run(args: &TestArgs) -> Outcome {
    let name = &args.secret.name;
    let secrets = Secrets::new();
    secrets.get(name).map_err(|error| match error {
        SecretError::NotFound { .. } => format!("{error}\n`tribune slack setup` makes one."),
        _ => error.to_string(),
    })?;
    if let Some(place) = secret::place(&secrets, name)? {
        println!("The webhook {name} comes from {}.", place.place());
        let channel = secret::channel(&place);
        if !channel.is_empty() {
            println!("It belongs to {channel}.");
        }
    }
    send(name, None)?;
    Ok(())
}

/// Sends a test message to the webhook in the secret of this name, or to `url` in its place, and
/// says that it arrived.
///
/// # Errors
///
/// It did not arrive, for this reason, and what can be done.
pub(super) fn send(name: &str, url: Option<&Secret>) -> Result<(), String> {
    println!("Sending a test message ...");
    // The name of a notifier's secret is a part of the program; here it is known only when it runs.
    let name: &'static str = name.to_owned().leak();
    let notifier = slack_notifier
        .webhook_secret(name)
        .only_states(&[Success])
        .format(message)
        .backoff(Duration::from_millis(200));
    let flow = flow!("tribune slack test", {
        test_message().state_handler(notifier);
    });
    let run = flow.run().notification_deadline(PATIENCE);
    let run = match url {
        Some(url) => run.secret(name, url.expose()),
        None => run,
    };
    let run = run.wait().map_err(|error| error.to_string())?;
    let delivery = run.notifications().first().map(Notification::delivery);
    match delivery {
        Some(Delivery::Delivered) => println!("It arrived."),
        Some(Delivery::Simplified { reason }) => {
            println!("It arrived as a plain text: {reason}.");
            println!("`slack_notifier.classic()` has a form that more receivers understand.");
        }
        Some(Delivery::Refused { reason } | Delivery::Undelivered { reason }) => {
            let advice = advice(reason).map(|advice| format!("\n{advice}"));
            let advice = advice.unwrap_or_default();
            return Err(format!(
                "the test message to {name} did not arrive: {reason}{advice}"
            ));
        }
        other => {
            return Err(format!(
                "the test message to {name} did not arrive: {other:?}"
            ));
        }
    }
    Ok(())
}

/// What helps, by the word that Slack said.
fn advice(reason: &str) -> Option<&'static str> {
    let words = reason.split(|c: char| !c.is_ascii_lowercase() && c != '_');
    let advice = |word: &str| ADVICE.iter().find(|(known, _)| *known == word);
    words.filter_map(advice).map(|(_, advice)| *advice).next()
}
