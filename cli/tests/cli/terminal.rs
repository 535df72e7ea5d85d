//! What a person sees who types at a terminal.

use rexpect::session::{PtySession, spawn_command};
use tribune_inbox::Inbox;

use super::{TOKEN, User};

/// More than any answer takes, in milliseconds.
const PATIENCE: u64 = 30_000;

fn type_at(user: &User, line: &str) -> PtySession {
    let mut command = user.command(line);
    command.env("TERM", "dumb");
    spawn_command(command, Some(PATIENCE)).unwrap()
}

#[test]
fn a_secret_is_not_shown_while_it_is_typed() {
    let user = User::new();
    let mut terminal = type_at(&user, "secret set KEY");
    terminal
        .exp_string("Value of KEY (it is not shown): ")
        .unwrap();
    terminal.send_line(TOKEN).unwrap();
    let rest = terminal.exp_eof().unwrap();
    assert!(rest.contains("Stored KEY in "), "{rest}");
    assert!(!rest.contains(TOKEN), "{rest}");
    let shown = user.run("secret get KEY --show", "");
    assert_eq!(shown.out.trim(), TOKEN);
}

#[test]
fn setup_is_a_dialogue() {
    let user = User::new();
    let inbox = Inbox::start().unwrap();
    let mut terminal = type_at(&user, "slack setup --no-browser");
    terminal.exp_string("1. Open this link").unwrap();
    terminal
        .exp_string("Webhook URL (it is not shown): ")
        .unwrap();
    terminal.send_line(&inbox.url()).unwrap();
    let seen = terminal
        .exp_string("Its channel, for your notes (may be empty): ")
        .unwrap();
    assert!(!seen.contains("/services/"), "{seen}");
    terminal.send_line("#ops").unwrap();
    terminal.exp_string("It arrived.").unwrap();
    terminal.exp_eof().unwrap();
    assert_eq!(inbox.messages().len(), 1);
    let list = user.run("secret list", "").out();
    assert!(list.ends_with("  #ops\n"), "{list}");
}
