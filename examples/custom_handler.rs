//! Handlers of one's own: a function that sees every change, one that changes a state, and one that
//! tells Slack only about what matters to it.

use tribune::handler::Answer;
use tribune::prelude::*;
use tribune_inbox::Inbox;

/// Sees every change, and leaves it as it is.
fn log(change: &StateChange, new: State) -> State {
    println!("{}: {} -> {new}", change.name(), change.old().kind());
    new
}

/// Tells Slack about failures, but not about those of experiments: `slack_notifier` is a part of it.
fn alert(change: &StateChange, new: State) -> Answer<'_> {
    let experiment = change.tags().iter().any(|tag| tag == "experiment");
    if new.is(Failed) && !experiment {
        slack_notifier.handle(change, new)
    } else {
        new.into()
    }
}

/// An optional file that is missing is no failure.
async fn forgive(_: &StateChange, new: State) -> Result<State, String> {
    let missing = |error: &TaskError| error.to_string().contains("No such file");
    match new.error() {
        Some(error) if missing(error) => Ok(State::new(Skipped).with_message("there is no file")),
        _ => Ok(new),
    }
}

#[task(state_handlers = [forgive, log, alert])]
fn read(path: &str) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}

#[task(tags = ["experiment"], state_handlers = [log, alert])]
fn guess() -> Result<u32, String> {
    Err("no idea".to_owned())
}

#[task(state_handlers = [alert], on_failure = |change, state| println!("{} is {state}", change.name()))]
fn publish() -> Result<(), String> {
    Err("the registry is down".to_owned())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let flow = flow!(name = "own handlers", state_handlers = [log], {
        read("/there/is/no/such/file");
        guess();
        publish();
    });
    // What the notifier would send to the channel is shown here.
    let inbox = Inbox::start()?;
    let run = flow.run().secret("SLACK_WEBHOOK_URL", inbox.url());
    let sent = run.wait()?.notifications().len();
    assert_eq!(sent, 1, "only `publish` was worth a message");
    Ok(inbox.show()?)
}
