//! What the program can be asked for.

use clap::{Args as ClapArgs, Parser, Subcommand};
use tribune_inbox::Refusal;

/// The secret that `slack_notifier` uses if it is not told another.
const USUAL_SECRET: &str = "SLACK_WEBHOOK_URL";

/// Connects flows to Slack, keeps their secrets, and shows their messages on this machine.
#[derive(Debug, Parser)]
#[command(name = "tribune", version, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows on this machine what a channel of Slack would show
    Inbox(InboxArgs),
    /// Connects a channel of Slack
    #[command(subcommand)]
    Slack(SlackCommand),
    /// Keeps the secrets of flows
    #[command(subcommand)]
    Secret(SecretCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SlackCommand {
    /// Makes an app with one click, asks for the URL of its webhook, tries it and stores it
    Setup(SetupArgs),
    /// Installs an app that you have, and stores its webhook; the app's client secret is asked for, or
    /// taken from the environment variable `SLACK_CLIENT_SECRET`
    Install(InstallArgs),
    /// Sends a test message, and says in words why it did not arrive
    Test(TestArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Stores a secret; its value is asked for, or read from the standard input
    Set(SetArgs),
    /// Says where a secret comes from, and with --show what it is
    Get(GetArgs),
    /// Lists all secrets, where each comes from and which channel it belongs to
    List,
    /// Removes a secret from the store
    Remove(RemoveArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InboxArgs {
    /// The port of the page and of its webhooks; 0 is any that is free
    #[arg(long, default_value_t = 8338)]
    pub(crate) port: u16,
    /// Answers 429 to more than one message a second, as Slack does
    #[arg(long)]
    pub(crate) pace: bool,
    /// Answers every message with this word of Slack, such as `channel_is_archived`
    #[arg(long, value_name = "WORD")]
    pub(crate) refuse: Option<Refusal>,
    /// Opens the page in the browser
    #[arg(long)]
    pub(crate) open: bool,
}

/// The name under which a webhook is kept.
#[derive(Debug, ClapArgs)]
pub(crate) struct NameArgs {
    /// The name of the secret with the webhook
    #[arg(long = "secret", value_name = "NAME", default_value = USUAL_SECRET, value_parser = name)]
    pub(crate) name: String,
}

/// How a webhook is stored.
#[derive(Debug, ClapArgs)]
pub(crate) struct StoreArgs {
    #[command(flatten)]
    pub(crate) secret: NameArgs,
    /// Replaces the webhook that is stored under this name
    #[arg(long)]
    pub(crate) replace: bool,
    /// Prints the links only, and opens no browser
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Stores the webhook without sending a test message
    #[arg(long)]
    pub(crate) no_test: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SetupArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// A note which channel the webhook posts to, for `tribune secret list`
    #[arg(long)]
    pub(crate) channel: Option<String>,
    /// Takes the webhook of another service that understands Slack's messages, such as Mattermost
    #[arg(long)]
    pub(crate) any_host: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InstallArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// The app's client id, from its page "Basic Information"
    #[arg(long, env = "SLACK_CLIENT_ID", value_name = "ID")]
    pub(crate) client_id: String,
    /// A redirect URL of the app, from its page "OAuth & Permissions"; an http URL of this machine is
    /// listened to, and of any other you paste the address that the browser ends at
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://localhost:53682/slack/oauth"
    )]
    pub(crate) redirect_uri: String,
    /// The id of the workspace to install to, such as T012AB3CD
    #[arg(long)]
    pub(crate) team: Option<String>,
    /// Where Slack is; `GovSlack` is at slack-gov.com
    #[arg(long, value_name = "URL", default_value = "https://slack.com")]
    pub(crate) api_base: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) secret: NameArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SetArgs {
    /// The name of the secret
    #[arg(value_parser = name)]
    pub(crate) name: String,
    /// A note which channel it belongs to, for `tribune secret list`
    #[arg(long)]
    pub(crate) channel: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct GetArgs {
    /// The name of the secret
    #[arg(value_parser = name)]
    pub(crate) name: String,
    /// Prints the value
    #[arg(long)]
    pub(crate) show: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RemoveArgs {
    /// The name of the secret
    #[arg(value_parser = name)]
    pub(crate) name: String,
}

/// A name that a secret can have, here and in the environment.
fn name(text: &str) -> Result<String, String> {
    let is_word = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if text.is_empty() || !is_word {
        return Err("a name has letters, digits and `_` only, such as OPS_WEBHOOK".to_owned());
    }
    Ok(text.to_owned())
}
