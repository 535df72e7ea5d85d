use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::*;

/// More than any of this takes, so that a test which waits in vain ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// The head and the body of the answer to these lines, which are sent as they are.
fn raw(inbox: &Inbox, request: &str) -> (String, String) {
    let mut connection = TcpStream::connect(inbox.address).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn request(inbox: &Inbox, line: &str, headers: &str, body: &str) -> (String, String) {
    let host = inbox.address;
    let length = body.len();
    raw(
        inbox,
        &format!(
            "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        ),
    )
}

fn get(inbox: &Inbox, path: &str) -> (String, String) {
    request(inbox, &format!("GET {path}"), "", "")
}

/// The part of a webhook's URL that a request names.
fn path<'a>(inbox: &Inbox, url: &'a str) -> &'a str {
    &url[format!("http://{}", inbox.address).len()..]
}

/// Posts this body to a channel, and tells the status and the body of the answer.
fn post_as(inbox: &Inbox, channel: &str, kind: &str, body: &str) -> (u16, String) {
    let url = inbox.url_of(channel);
    let path = path(inbox, &url);
    let headers = format!("Content-Type: {kind}\r\n");
    let (head, body) = request(inbox, &format!("POST {path}"), &headers, body);
    (head[9..12].parse().unwrap(), body)
}

fn post(inbox: &Inbox, message: &Value) -> (u16, String) {
    post_as(inbox, "general", "application/json", &message.to_string())
}

fn answer(status: u16, word: &str) -> (u16, String) {
    (status, word.to_owned())
}

#[test]
fn a_message_is_taken_and_kept() {
    let inbox = Inbox::start().unwrap();
    assert_eq!(post(&inbox, &json!({"text": "a < b"})), answer(200, "ok"));
    assert_eq!(
        post_as(
            &inbox,
            "ops",
            "text/plain; charset=utf-8",
            r#"{"text": "b"}"#
        ),
        answer(200, "ok")
    );
    let form = "payload=%7B%22text%22%3A+%22c%22%7D";
    let kind = "application/x-www-form-urlencoded";
    assert_eq!(post_as(&inbox, "ops", kind, form), answer(200, "ok"));

    let messages = inbox.messages();
    let seen = messages.iter().map(|m| {
        (
            m.number(),
            m.channel(),
            m.payload()["text"].as_str().unwrap(),
        )
    });
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [(1, "general", "a < b"), (2, "ops", "b"), (3, "ops", "c")]
    );
    assert_eq!(messages[0].warnings()[0].name(), "unescaped_lt");
    assert!(messages[0].at().elapsed().unwrap() < PATIENCE);
}

#[test]
fn what_slack_refuses_is_refused_with_its_words() {
    let inbox = Inbox::start().unwrap();
    assert_eq!(post(&inbox, &json!({"text": ""})), answer(400, "no_text"));
    assert_eq!(
        post(&inbox, &json!({"text": "t", "blocks": [{"type": "x"}]})),
        answer(400, "invalid_blocks")
    );
    assert_eq!(
        post_as(&inbox, "general", "text/csv", "text\nhello"),
        answer(400, "invalid_payload")
    );
    assert_eq!(
        post_as(&inbox, "general", "application/json", "{"),
        answer(400, "invalid_payload")
    );
    assert_eq!(inbox.messages().len(), 0);
    let refused = inbox.refused();
    assert_eq!(refused.len(), 4);
    assert_eq!(refused[1].refusal().unwrap().pointer(), "/blocks/0/type");
    assert_eq!(refused[2].payload(), "text\nhello");
}

#[test]
fn it_says_any_word_of_slack_when_told() {
    let inbox = Inbox::start().unwrap();
    for word in Refusal::words() {
        let refusal: Refusal = word.parse().unwrap();
        let status = refusal.status();
        inbox.refuse(Some(refusal));
        assert_eq!(post(&inbox, &json!({"text": "t"})), answer(status, word));
    }
    inbox.refuse(None);
    assert_eq!(post(&inbox, &json!({"text": "t"})), answer(200, "ok"));
}

#[test]
fn where_there_is_no_webhook_it_says_so() {
    let inbox = Inbox::start().unwrap();
    let (head, body) = request(&inbox, "POST /services/T0/B0", "", "{}");
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    assert_eq!(body, "no_service");
}

#[test]
fn it_keeps_the_pace_of_slack_when_told() {
    let inbox = Inbox::options().keep_pace(true).start().unwrap();
    let url = inbox.url();
    let line = format!("POST {}", path(&inbox, &url));
    // A new message is due each second, and this is much faster.
    let mut taken = 0;
    let (head, body) = loop {
        let answer = request(&inbox, &line, "", r#"{"text": "t"}"#);
        if !answer.0.starts_with("HTTP/1.1 200 ") {
            break answer;
        }
        taken += 1;
    };
    assert!(taken >= 5, "{taken}");
    assert!(head.starts_with("HTTP/1.1 429 "), "{head}");
    assert!(head.to_lowercase().contains("retry-after: 1"), "{head}");
    assert_eq!(
        body,
        r#"{"error":"rate_limited","ok":false,"retry_after":1}"#
    );
    assert_eq!(inbox.messages().len(), taken);
    // Another channel has a pace of its own.
    assert_eq!(
        post_as(&inbox, "ops", "", r#"{"text": "t"}"#),
        answer(200, "ok")
    );
}

#[test]
fn who_waits_is_told_of_the_last_message() {
    let inbox = Inbox::start().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| inbox.wait_for(2, PATIENCE));
        post(&inbox, &json!({"text": "one"}));
        post(&inbox, &json!({"text": ""}));
        post(&inbox, &json!({"text": "two"}));
        let messages = waiting.join().unwrap();
        let texts: Vec<_> = messages
            .iter()
            .map(|m| m.payload()["text"].clone())
            .collect();
        assert_eq!(texts, ["one", "two"]);
    });
    assert_eq!(inbox.wait_for(3, Duration::ZERO).len(), 2);
}

#[test]
fn the_newest_messages_are_kept() {
    let log = Log::new();
    for number in 0..1005 {
        log.add(
            "general".to_owned(),
            json!({"text": number}),
            Ok(Vec::new()),
        );
    }
    let messages = log.wait_for(1005, Duration::ZERO);
    assert_eq!(messages.len(), 1000);
    assert_eq!((messages[0].number(), messages[999].number()), (6, 1005));
}

#[test]
fn the_page_and_its_parts_may_load_nothing_else() {
    let inbox = Inbox::start().unwrap();
    let (head, page) = get(&inbox, "/");
    let head = head.to_lowercase();
    assert!(
        head.contains("content-security-policy: default-src 'none'; script-src 'self';"),
        "{head}"
    );
    assert!(
        head.contains("content-type: text/html; charset=utf-8"),
        "{head}"
    );
    assert!(page.contains(&inbox.url()), "{page}");
    assert!(!page.contains("{{"), "{page}");
    for part in [
        "/icon.svg",
        "/page.css",
        "/page.js",
        "/blocks.js",
        "/mrkdwn.js",
    ] {
        let (head, _) = get(&inbox, part);
        assert!(head.starts_with("HTTP/1.1 200 "), "{part}: {head}");
    }
}

#[test]
fn other_sites_are_shut_out() {
    let inbox = Inbox::start().unwrap();
    let (port, url) = (inbox.address.port(), inbox.url());
    let path = path(&inbox, &url);
    let status = |host: &str, headers: &str| {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Length: 13\r\n{headers}\r\n{{\"text\": \"t\"}}"
        );
        raw(&inbox, &request).0[9..12].to_owned()
    };
    for host in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("[::1]:{port}"),
    ] {
        assert_eq!(status(&host, ""), "200", "{host}");
        assert_eq!(
            status(&host, &format!("Origin: http://{host}\r\n")),
            "200",
            "{host}"
        );
    }
    for host in ["example.org", "127.0.0.1.example.org", "", "a b"] {
        assert_eq!(status(host, ""), "403", "{host}");
    }
    let host = format!("localhost:{port}");
    assert_eq!(status(&host, "Origin: https://example.org\r\n"), "403");
    assert_eq!(status(&host, "Origin: null\r\n"), "403");
}

/// The data of the next event, and its id.
fn event(stream: &mut impl BufRead) -> (String, Value) {
    let (mut id, mut line) = (String::new(), String::new());
    loop {
        line.clear();
        assert_ne!(stream.read_line(&mut line).unwrap(), 0, "the stream ended");
        if let Some(value) = line.strip_prefix("id: ") {
            value.trim().clone_into(&mut id);
        } else if let Some(value) = line.strip_prefix("data: ") {
            return (id, serde_json::from_str(value).unwrap());
        }
    }
}

fn events(inbox: &Inbox, headers: &str) -> impl BufRead + use<> {
    let mut connection = TcpStream::connect(inbox.address).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    let host = inbox.address;
    let request = format!("GET /events HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    BufReader::new(connection)
}

#[test]
fn messages_come_as_events_and_go_on_where_they_were() {
    let inbox = Inbox::start().unwrap();
    post(&inbox, &json!({"text": "one"}));
    let mut stream = events(&inbox, "");
    let (first, message) = event(&mut stream);
    assert_eq!(message["payload"]["text"], "one");
    post(&inbox, &json!({"text": "<script>"}));
    let (_, message) = event(&mut stream);
    assert_eq!(message["payload"]["text"], "<script>");
    assert_eq!(message["warnings"][0]["name"], "unescaped_lt");

    let mut again = events(&inbox, &format!("Last-Event-ID: {first}\r\n"));
    assert_eq!(event(&mut again).1["number"], 2);
    // Another inbox that was at this address counted from 1 as well.
    let mut other = events(&inbox, "Last-Event-ID: 123-1\r\n");
    assert_eq!(event(&mut other).1["number"], 1);
}

#[test]
fn it_stops_when_it_is_dropped_though_a_page_is_open() {
    let inbox = Inbox::start().unwrap();
    let address = inbox.address;
    post(&inbox, &json!({"text": "one"}));
    let mut stream = events(&inbox, "");
    event(&mut stream);
    drop(inbox);
    assert!(TcpStream::connect(address).is_err());
    assert!(Inbox::options().port(address.port()).start().is_ok());
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let inbox = Inbox::start().unwrap();
    let port = inbox.address.port();
    let error = Inbox::options().port(port).start().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}
