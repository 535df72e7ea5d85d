use std::sync::Mutex;

use serde_json::json;

use super::*;

#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn exchange(inbox: &ConsoleInbox, request: &str) -> String {
    let mut connection = TcpStream::connect(inbox.address).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

fn post(inbox: &ConsoleInbox, body: &str) -> String {
    let length = body.len();
    exchange(
        inbox,
        &format!("POST /x HTTP/1.1\r\ncontent-LENGTH: {length}\r\n\r\n{body}"),
    )
}

fn message() -> Value {
    json!({"attachments": [{
        "color": "#eb0000",
        "author_name": "Tribune",
        "title": "Failed",
        "fields": [{"title": "Message", "value": "```1 &lt; 2\nand more```", "short": false}],
        "text": "1/x task is now in a Failed state",
        "footer": "Tribune notification",
    }]})
}

const SHOWN: &str = "\
┃ Tribune
┃ Failed
┃ 1/x task is now in a Failed state
┃ Message
┃ 1 < 2
┃ and more
┃ Tribune notification

";

#[test]
fn a_message_is_shown_before_it_is_answered() {
    let screen = Screen::default();
    let inbox = ConsoleInbox::writing_to(screen.clone()).unwrap();
    let answer = post(&inbox, &message().to_string());
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok"),
        "{answer}"
    );
    assert_eq!(
        String::from_utf8(screen.0.lock().unwrap().clone()).unwrap(),
        SHOWN
    );
}

#[test]
fn what_is_no_message_is_refused_and_the_next_is_served() {
    let inbox = ConsoleInbox::writing_to(Screen::default()).unwrap();
    assert!(post(&inbox, "no json").ends_with("invalid_payload"));
    let long = "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n";
    assert!(exchange(&inbox, long).starts_with("HTTP/1.1 413 "));
    drop(TcpStream::connect(inbox.address).unwrap());
    assert!(post(&inbox, "{}").ends_with("ok"));
}

#[test]
fn colours_are_those_of_the_state() {
    let mut printer = Printer {
        out: Vec::new(),
        colored: true,
    };
    printer.print(&message()).unwrap();
    let shown = String::from_utf8(printer.out).unwrap();
    assert!(
        shown.starts_with("\x1b[38;2;235;0;0m┃\x1b[0m Tribune\n"),
        "{shown:?}"
    );
    assert!(shown.contains("\x1b[1mFailed\x1b[0m"));
}

#[test]
fn a_message_cannot_move_the_cursor() {
    let mut printer = Printer {
        out: Vec::new(),
        colored: false,
    };
    printer.print(&json!({"text": "a\u{1b}[2Jb"})).unwrap();
    assert_eq!(printer.out, b"a[2Jb\n\n");
}

#[test]
fn it_stops_when_it_is_dropped() {
    let inbox = ConsoleInbox::writing_to(Screen::default()).unwrap();
    let address = inbox.address;
    drop(inbox);
    assert!(TcpStream::connect(address).is_err());
}
