//! Messages that outlive their program.
//!
//! The programs are this test itself, run again in other processes, which are killed.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tribune::notify::Digest;

use super::server::{Reply, Request};
use super::*;

const MESSAGES: usize = 60;
const SECRET: &str = "TRIBUNE__CONTEXT__SECRETS__SLACK_WEBHOOK_URL";

const EACH: SlackNotifier = slack_notifier
    .digest(Digest::off())
    .backoff(Duration::from_millis(1));

fn send_some(change: &StateChange, new: State) -> State {
    if new.is(Success) {
        for number in 0..MESSAGES {
            // Even a text that quotes the address does not bring it into the file.
            let text = format!("change {number}. {TOKEN}");
            let state = State::new(Success).with_message(text);
            EACH.notify(change, &state);
        }
        println!("accepted");
    }
    new
}

#[task(state_handlers = [send_some])]
fn chatty() {}

/// Not tests of their own: programs that the tests below run, and kill.
mod program {
    use super::*;

    fn spool() -> String {
        env::var("TEST_SPOOL").unwrap()
    }

    #[test]
    #[ignore = "another test runs it"]
    fn sends() {
        let flow = flow!("first", {
            chatty();
        });
        flow.run().spool(spool()).wait().unwrap();
    }

    #[test]
    #[ignore = "another test runs it"]
    fn does_something_else() {
        let flow = flow!("second", {
            quiet();
        });
        let run = flow.run().spool(spool()).wait().unwrap();
        for notification in run.notifications() {
            println!("{notification}");
        }
    }

    #[task]
    fn quiet() {}

    /// The file is named by the configuration, and the flow has no notifier.
    #[test]
    #[ignore = "another test runs it"]
    fn is_configured() {
        let flow = flow!("third", {
            quiet();
        });
        flow.run().wait().unwrap();
    }
}

fn program(name: &str, spool: &Path, address: &str) -> Command {
    let mut program = Command::new(env::current_exe().unwrap());
    program
        .args(["--exact", &format!("spool::program::{name}")])
        .args(["--ignored", "--nocapture"])
        .env("TEST_SPOOL", spool)
        .env(SECRET, address)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    program
}

/// Runs a program to its end.
fn finish(mut program: Command) -> String {
    let output = program.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    assert!(!text.contains(TOKEN) && !errors.contains(TOKEN));
    text
}

/// Waits until all messages are accepted from the handler.
fn accepted(child: &mut Child) {
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("accepted")));
}

/// How often each message came, and how many of the later ones do not say that they may be repetitions.
fn counted(requests: &[Request]) -> (BTreeMap<usize, usize>, usize) {
    let (mut counts, mut unmarked) = (BTreeMap::new(), 0);
    for request in requests {
        let body = request.body.to_string();
        let Some((_, rest)) = body.split_once("change ") else {
            continue;
        };
        let number = rest.split('.').next().unwrap().parse().unwrap();
        let count: &mut usize = counts.entry(number).or_default();
        *count += 1;
        unmarked += usize::from(*count > 1 && !body.contains("may be a repetition"));
    }
    (counts, unmarked)
}

#[test]
fn twenty_kills_lose_nothing() {
    let (mut lost, mut repeated, mut unmarked) = (0, 0, 0);
    for round in 0..20 {
        let folder = TempDir::new().unwrap();
        let spool = folder.path().join("notifications.db");
        // The server takes a few messages, another number in each round, and then hangs: the program is
        // killed while it sends.
        let answered = (0..).map(move |number| match number {
            _ if number == 3 * round => Reply::Silence,
            _ => Reply::status(200, "ok"),
        });
        let server = Server::replying(answered);
        let mut child = program("sends", &spool, &server.url()).spawn().unwrap();
        accepted(&mut child);
        server.wait_for(3 * round + 1);
        child.kill().unwrap();
        child.wait().unwrap();

        // Any program of the same user sends the rest. Two at once share it.
        let others = [0, 1].map(|_| {
            let other = program("does_something_else", &spool, &server.url());
            std::thread::spawn(move || finish(other))
        });
        for other in others {
            other.join().unwrap();
        }
        let (counts, bad) = counted(&server.requests());
        lost += (0..MESSAGES)
            .filter(|number| !counts.contains_key(number))
            .count();
        repeated += counts.values().filter(|count| **count > 1).count();
        unmarked += bad;
    }
    println!(
        "20 kills, {} messages: lost {lost}, repeated {repeated}, of them unmarked {unmarked}",
        20 * MESSAGES
    );
    assert_eq!((lost, unmarked), (0, 0));
    // Only what was on its way when the program was killed may come twice.
    assert!(repeated <= 20, "{repeated}");
}

#[test]
fn what_was_left_has_its_time_and_its_run() {
    let folder = TempDir::new().unwrap();
    let spool = folder.path().join("notifications.db");
    let server = Server::replying([Reply::Silence]);
    let mut child = program("sends", &spool, &server.url()).spawn().unwrap();
    accepted(&mut child);
    child.kill().unwrap();
    child.wait().unwrap();

    // A program that does not know the secret leaves the messages there, and says so.
    let mut stranger = program("does_something_else", &spool, "");
    stranger.env_remove(SECRET).env("HOME", folder.path());
    stranger.env("TRIBUNE_HOME", folder.path());
    assert!(!finish(stranger).contains("the message about"));

    let other = finish(program("does_something_else", &spool, &server.url()));
    let delivered = "the message about task `chatty` in state Success was delivered to";
    assert_eq!(other.matches(delivered).count(), MESSAGES, "{other}");
    let body = server.requests().last().unwrap().body.to_string();
    assert!(body.contains("first") && !body.contains("second"), "{body}");

    // Nothing is left for another one.
    let taken = server.requests().len();
    finish(program("does_something_else", &spool, &server.url()));
    assert_eq!(server.requests().len(), taken);
}

#[test]
fn the_configuration_turns_it_on() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("config.toml");
    std::fs::write(config, "[notifications]\nspool = true\n").unwrap();
    let spool = folder.path().join("notifications.db");
    let server = Server::replying([Reply::Silence]);
    let mut child = program("sends", &spool, &server.url()).spawn().unwrap();
    accepted(&mut child);
    child.kill().unwrap();
    child.wait().unwrap();

    let mut configured = program("is_configured", &spool, &server.url());
    configured.env("TRIBUNE_HOME", folder.path());
    finish(configured);
    let (counts, _) = counted(&server.requests());
    assert_eq!(counts.len(), MESSAGES);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let written = std::fs::read(file.unwrap().path()).unwrap();
        let mut parts = written.windows(TOKEN.len());
        assert!(!parts.any(|part| part == TOKEN.as_bytes()));
    }
}

const NEVER: &str = "[notifications]\nspool = 3\n";

#[test]
fn a_wrong_configuration_is_named() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("config.toml"), NEVER).unwrap();
    let mut configured = program("is_configured", folder.path(), "");
    configured.env("TRIBUNE_HOME", folder.path());
    let output = configured.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        errors.contains("`[notifications] spool` takes true, false or the name of a file"),
        "{errors}"
    );
}
