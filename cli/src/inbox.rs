//! `tribune inbox`

use std::{io, thread};

use tribune_inbox::Inbox;

use crate::args::InboxArgs;
use crate::{Outcome, terminal};

pub(crate) fn run(args: InboxArgs) -> Outcome {
    let started = Inbox::options()
        .port(args.port)
        .keep_pace(args.pace)
        .start();
    let inbox = started.map_err(|error| explain(args.port, &error))?;
    inbox.refuse(args.refuse);
    println!("The channel is shown at {}", inbox.page_url());
    println!("Its webhook is          {}", inbox.url());
    println!("\nTo send the messages of a flow here, run it with");
    println!(
        "TRIBUNE__CONTEXT__SECRETS__SLACK_WEBHOOK_URL={}",
        inbox.url()
    );
    println!("\nCtrl-C ends it.");
    if args.open {
        terminal::browse(&inbox.page_url());
    }
    loop {
        thread::park();
    }
}

fn explain(port: u16, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "the port {port} is taken, perhaps by another inbox; `--port 0` takes one that is free"
        ),
        _ => format!("the inbox cannot listen on the port {port}: {error}"),
    }
}
