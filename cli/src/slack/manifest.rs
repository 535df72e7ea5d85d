//! The app of Slack that a person makes with one click.

use reqwest::Url;

/// What Slack is to make: an app that can do nothing but post to the channels it is added to.
const MANIFEST: &str = "\
display_information:
  name: Tribune
  description: Tells the channel how flows and their tasks fare.
  background_color: \"#4a154b\"
features:
  bot_user:
    display_name: Tribune
    always_online: false
oauth_config:
  scopes:
    bot:
      - incoming-webhook
settings:
  org_deploy_enabled: false
  socket_mode_enabled: false
  token_rotation_enabled: false
  incoming_webhooks:
    incoming_webhooks_enabled: true
";

/// The page that makes the app.
pub(super) fn link() -> String {
    let page = "https://api.slack.com/apps";
    let query = [("new_app", "1"), ("manifest_yaml", MANIFEST)];
    let url = Url::parse_with_params(page, query).expect("the address is a constant");
    // Not every reader of a query takes `+` for a space.
    url.as_str().replace('+', "%20")
}
