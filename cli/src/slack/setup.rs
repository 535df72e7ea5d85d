//! `tribune slack setup`

use std::io::{self, IsTerminal};

use tribune::SecretStore;

use super::{keep_what_is_there, manifest, try_and_store, webhook};
use crate::args::SetupArgs;
use crate::{Outcome, terminal};

pub(crate) fn run(args: &SetupArgs) -> Outcome {
    let store = SecretStore::open()?;
    keep_what_is_there(&store, &args.store)?;
    explain(args);
    let url = terminal::ask_secret("Webhook URL")?;
    webhook::check(&url, args.any_host)?;
    let channel = match &args.channel {
        Some(channel) => channel.clone(),
        None if io::stdin().is_terminal() => {
            terminal::ask("Its channel, for your notes (may be empty)")?
        }
        None => String::new(),
    };
    let about = Some(("channel", channel.as_str())).filter(|_| !channel.is_empty());
    try_and_store(&store, &args.store, &url, about.as_slice())
}

/// What a person does in the browser.
fn explain(args: &SetupArgs) {
    let link = manifest::link();
    println!(
        "Connecting a channel of Slack as {}.\n",
        args.store.secret.name
    );
    println!("1. Open this link, choose your workspace and press Create. It makes an app that can");
    println!("   do nothing but post to the channels that you add it to:\n\n{link}\n");
    println!("2. In the app choose Incoming Webhooks, then Add New Webhook to Workspace.");
    println!("3. Choose the channel, press Allow, and copy the Webhook URL.\n");
    if !args.store.no_browser {
        terminal::browse(&link);
    }
}
