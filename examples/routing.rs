//! One handler that decides who is told: by the tags of a task, by its state, and by its attempt.

use tribune::prelude::*;
use tribune_inbox::Inbox;

const OPS: SlackNotifier = slack_notifier
    .webhook_secret("OPS_WEBHOOK")
    .mention(Failed, "<!here>");
const DATA: SlackNotifier = slack_notifier.webhook_secret("DATA_WEBHOOK").each_attempt();

/// Failures of what is critical call the operators; everything about data goes to its own channel.
fn route(change: &StateChange, new: State) -> State {
    let tagged = |tag: &str| change.tags().iter().any(|other| other == tag);
    if tagged("critical") && new.is(Failed) {
        OPS.notify(change, &new);
    }
    if tagged("data") && (new.is(Failed) || change.attempt() > 1) {
        DATA.notify(change, &new);
    }
    new
}

#[task(tags = ["critical"], state_handlers = [route])]
fn pay() -> Result<(), String> {
    Err("the bank does not answer".to_owned())
}

#[task(tags = ["data"], max_retries = 1, retry_delay = "1ms", state_handlers = [route])]
fn import() -> Result<u32, String> {
    match tribune::context().attempt() {
        1 => Err("the file is not there yet".to_owned()),
        _ => Ok(42),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let flow = flow!("night", {
        pay();
        import();
    });
    let inbox = Inbox::start()?;
    let run = flow
        .run()
        .secret("OPS_WEBHOOK", inbox.url_of("ops"))
        .secret("DATA_WEBHOOK", inbox.url_of("data"))
        .wait()?;
    let mut told = run
        .notifications()
        .iter()
        .map(tribune::Notification::destination);
    assert!(told.any(|destination| destination == "OPS_WEBHOOK"));
    inbox.show()?;
    Ok(())
}
