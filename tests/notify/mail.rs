//! `gmail_notifier` against a mail server on loopback.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use tribune::notify::{EmailNotifier, gmail_notifier};

use super::*;

/// A server for one test, which gives up when it is dropped by answering nobody any more.
struct MailServer {
    port: u16,
    mails: Receiver<String>,
}

/// What the server says to a command of its client, if not that all is well.
type Say = fn(&str) -> Option<&'static str>;

impl MailServer {
    fn saying(say: Say) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, mails) = channel();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let Ok(Some(mail)) = serve(&connection.unwrap(), say) else {
                    continue;
                };
                if sender.send(mail).is_err() {
                    return;
                }
            }
        });
        Self { port, mails }
    }

    fn mails(&self) -> Vec<String> {
        self.mails.try_iter().collect()
    }
}

/// Talks to one client; the answer is the mail that it sent.
fn serve(connection: &TcpStream, say: Say) -> std::io::Result<Option<String>> {
    let mut out = connection;
    let mut lines = BufReader::new(connection).lines();
    out.write_all(b"220 mail\r\n")?;
    let mut mail = None;
    while let Some(line) = lines.next().transpose()? {
        let command = line.split([' ', ':']).next().unwrap_or_default();
        let usual = match command {
            "EHLO" => "250-mail\r\n250 AUTH PLAIN",
            "AUTH" => "235 welcome",
            "DATA" => "354 go on",
            "QUIT" => return Ok(mail),
            _ => "250 ok",
        };
        let answer = say(command).unwrap_or(usual);
        write!(out, "{answer}\r\n")?;
        if answer.starts_with("354") {
            let text = lines.by_ref().map_while(Result::ok);
            let text: Vec<String> = text.take_while(|line| line != ".").collect();
            let answer = say(".").unwrap_or("250 taken");
            write!(out, "{answer}\r\n")?;
            if answer.starts_with("250") {
                mail = Some(text.join("\n"));
            }
        }
    }
    Ok(mail)
}

fn well(_: &str) -> Option<&'static str> {
    None
}

/// Runs a task that fails, with a notifier for the server.
fn run_with(server: &MailServer) -> FlowRun {
    Log::install();
    let mail: EmailNotifier = gmail_notifier
        .only_states(&[Failed])
        .server("127.0.0.1", server.port)
        .from("Flows <flows@example.org>")
        .backoff(Duration::from_millis(1));
    let flow = flow!(name = "nightly", state_handlers = [mail], {
        load();
    });
    let run = flow
        .run()
        .secret("EMAIL_USERNAME", "ann@example.org")
        .secret("EMAIL_PASSWORD", TOKEN)
        .wait()
        .unwrap();
    assert_silent_about_the_address(&run);
    run
}

#[task]
fn load() -> Result<(), &'static str> {
    Err("no <table>")
}

#[test]
fn a_mail_says_what_happened_in_both_forms() {
    let server = MailServer::saying(well);
    let run = run_with(&server);
    assert_eq!(only(&run), Delivery::Delivered);
    let [mail] = &server.mails()[..] else {
        panic!("one mail")
    };
    for part in [
        "From: Flows <flows@example.org>",
        "To: ann@example.org",
        "Subject: Tribune: flow nightly is Failed",
        "Some reference tasks failed.",
        "<b>flow nightly is Failed</b>",
        &run.id().to_string(),
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
}

#[test]
fn what_the_server_says_is_understood() {
    let cases: [(Say, &str); 3] = [
        (
            |command| (command == "AUTH").then_some("535 who are you"),
            "the mail server does not know the account: ",
        ),
        (
            |command| (command == "RCPT").then_some("550 no such user"),
            "the mail server does not take it: ",
        ),
        (
            |command| (command == ".").then_some("554 spam"),
            "the mail server does not take it: ",
        ),
    ];
    for (say, reason) in cases {
        let server = MailServer::saying(say);
        let refusal = refusal(&run_with(&server));
        assert!(refusal.starts_with(reason), "{refusal}");
        assert!(server.mails().is_empty());
    }
}

#[test]
fn a_server_in_trouble_is_tried_again() {
    let server = MailServer::saying(|command| (command == "MAIL").then_some("451 not now"));
    let reason = obstacle(&run_with(&server));
    assert!(
        reason.starts_with("the mail server is in trouble: ")
            && reason.ends_with("(tried 5 times)"),
        "{reason}"
    );
}
