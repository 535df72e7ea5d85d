//! `tribune slack`

pub(crate) mod install;
mod manifest;
mod oauth;
pub(crate) mod setup;
pub(crate) mod test;
mod webhook;

use tribune::{Secret, SecretStore};

use crate::args::StoreArgs;
use crate::{Outcome, secret};

/// Refuses to replace a webhook that was not meant, before anybody is asked for another.
fn keep_what_is_there(store: &SecretStore, args: &StoreArgs) -> Outcome {
    let name = &args.secret.name;
    let Some(stored) = store.get(name)?.filter(|_| !args.replace) else {
        return Ok(());
    };
    let channel = stored.about().get("channel");
    let channel = channel
        .map(|channel| format!(" for {channel}"))
        .unwrap_or_default();
    Err(format!(
        "{name} is stored already{channel}: `--replace` replaces it, `--secret OTHER_NAME` keeps both"
    )
    .into())
}

/// Tries a webhook, unless it should not be tried, and stores it.
fn try_and_store(
    store: &SecretStore,
    args: &StoreArgs,
    url: &Secret,
    about: &[(&str, &str)],
) -> Outcome {
    let name = &args.secret.name;
    if !args.no_test {
        test::send(name, Some(url)).map_err(|why| {
            format!("{why}\nNothing was stored; `--no-test` stores the webhook as it is.")
        })?;
    }
    store.set(name, url.expose(), about.iter().copied())?;
    secret::report(name, store)?;
    let option = match name.as_str() {
        "SLACK_WEBHOOK_URL" => "slack_notifier".to_owned(),
        name => format!("slack_notifier(webhook_secret = \"{name}\")"),
    };
    println!("\nA task uses it like this:\n\n    #[task(state_handlers = [{option}])]");
    Ok(())
}
