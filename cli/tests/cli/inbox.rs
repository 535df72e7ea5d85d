//! `tribune inbox`

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Child;

use super::{User, http, start};

/// An inbox that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_shows_a_page_and_takes_messages_until_it_is_ended() {
    let user = User::new();
    let mut inbox = Running(start(&mut user.command("inbox --port 0 --refuse no_team")));
    let mut lines = BufReader::new(inbox.0.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut next = |start: &str| {
        let line = lines.next().unwrap();
        line.strip_prefix(start)
            .unwrap_or_else(|| panic!("{line}"))
            .to_owned()
    };
    let page = next("The channel is shown at ");
    let webhook = next("Its webhook is          ");
    let answer = http::get(&page);
    assert!(answer.first.contains("200"), "{}", answer.first);
    assert!(answer.body.contains(&webhook));
    assert_eq!(http::post(&webhook, "{").body, "invalid_payload");
    assert_eq!(http::post(&webhook, r#"{"text": "hello"}"#).body, "no_team");
}

#[test]
fn what_it_cannot_do_is_said_in_words() {
    let user = User::new();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = user.run(&format!("inbox --port {port}"), "").err();
    assert!(
        error.contains(&format!("the port {port} is taken")),
        "{error}"
    );
    let error = user.run("inbox --refuse no_sevice", "").err();
    assert!(
        error.contains("Slack does not say `no_sevice`; it says invalid_payload, "),
        "{error}"
    );
}
