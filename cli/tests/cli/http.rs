//! Just enough HTTP to be a browser, a client and a fake Slack on this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

/// What came in, or what is answered.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// The request line or the status line.
    pub(crate) first: String,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Message {
    /// The value of a header, whose name is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| {
            let (header, value) = line.split_once(": ")?;
            header.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

pub(crate) fn get(url: &str) -> Message {
    send(url, "GET", "")
}

pub(crate) fn post(url: &str, body: &str) -> Message {
    send(url, "POST", body)
}

fn send(url: &str, method: &str, body: &str) -> Message {
    let (host, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut connection = TcpStream::connect(host).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    let request = format!(
        "{method} /{path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    connection.write_all(request.as_bytes()).unwrap();
    read(&connection)
}

fn read(connection: &TcpStream) -> Message {
    let mut input = BufReader::new(connection);
    let mut first = String::new();
    input.read_line(&mut first).unwrap();
    let mut headers = String::new();
    let mut line = String::new();
    while input.read_line(&mut line).unwrap() > 0 && !line.trim().is_empty() {
        headers += &line;
        line.clear();
    }
    let mut message = Message {
        first: first.trim().to_owned(),
        headers,
        body: String::new(),
    };
    let length = message
        .header("content-length")
        .and_then(|length| length.parse().ok());
    input
        .take(length.unwrap_or(0))
        .read_to_string(&mut message.body)
        .unwrap();
    message
}

/// A server that answers each request as `answer` says, with a status, a header and a body.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Message>>>,
}

impl Server {
    pub(crate) fn start(
        answer: impl Fn(&Message) -> (u16, String, String) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        // It ends with the tests.
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let request = read(&connection);
                let (status, header, body) = answer(&request);
                seen.lock().unwrap().push(request);
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\n{header}\r\nContent-Length: {length}\r\n\
                     Connection: close\r\n\r\n{body}"
                );
                // A client may be gone.
                let _ = connection.write_all(answer.as_bytes());
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Message> {
        self.requests.lock().unwrap().clone()
    }
}
