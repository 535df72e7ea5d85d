//! Two tasks that tell Slack what they do. The second one divides by zero, so the flow fails.
//!
//! ```sh
//! cargo run --example add_divide
//! ```
//!
//! Without a webhook it shows the messages as they would look in the channel: in the browser, or as
//! texts where the output is no terminal. With one, they go to Slack; `tribune slack setup` asks for
//! it, or name it for this one run:
//!
//! ```sh
//! TRIBUNE__CONTEXT__SECRETS__SLACK_WEBHOOK_URL=https://hooks.slack.com/services/... \
//!     cargo run --example add_divide
//! ```

use std::error::Error;

use tribune::prelude::*;
use tribune::{SecretError, Secrets};
use tribune_inbox::Inbox;

#[task(name = "1/x task", state_handlers = [slack_notifier(only_states = [Failed])])]
fn div(x: i64) -> i64 {
    1 / x
}

#[task(name = "Add 1 task", state_handlers = [slack_notifier])]
fn add(x: i64) -> i64 {
    x + 1
}

fn main() -> Result<(), Box<dyn Error>> {
    let flow = flow!("Add Divide Flow", {
        let res = div(x = add(-1));
    });

    if let Err(SecretError::NotFound { .. }) = Secrets::new().get("SLACK_WEBHOOK_URL") {
        println!("No SLACK_WEBHOOK_URL is configured: this is what the channel would show.\n");
        let inbox = Inbox::start()?;
        let run = flow.run().secret("SLACK_WEBHOOK_URL", inbox.url()).wait()?;
        println!("{}\n", run.state());
        inbox.show()?;
    } else {
        println!("{}", flow.run().wait()?.state());
    }
    Ok(())
}
