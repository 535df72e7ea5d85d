//! A webhook on loopback that misbehaves as it is told.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use serde_json::Value;

/// What every address of a test server contains, and nothing else may.
pub(crate) const TOKEN: &str = "SECRETTOKENOFTHEWEBHOOK";

pub(crate) enum Reply {
    /// A status, more headers and a body.
    Answer(u16, &'static str, String),
    /// Closes the connection as soon as it is there.
    HangUp,
    /// Takes the request and closes the connection.
    TakeAndHangUp,
    /// Takes the request and never answers.
    Silence,
    /// Answers with the request itself.
    Echo,
}

impl Reply {
    pub(crate) fn status(status: u16, body: &str) -> Self {
        Self::Answer(status, "", body.to_owned())
    }
}

#[derive(Clone)]
pub(crate) struct Request {
    /// The method and the target.
    pub(crate) line: String,
    pub(crate) body: Value,
    pub(crate) at: Instant,
    /// Whether the message came into the channel, whatever the client was told.
    pub(crate) taken: bool,
}

impl Request {
    /// A text of the message's attachment.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.body["attachments"][0][key].as_str().unwrap()
    }

    /// The state that the first line names.
    pub(crate) fn title(&self) -> String {
        match self.body["text"].as_str() {
            Some(line) => line.rsplit(' ').next().unwrap().to_owned(),
            None => self.text("title").to_owned(),
        }
    }
}

pub(crate) struct Server {
    address: SocketAddr,
    name: u32,
    stopped: Arc<AtomicBool>,
    requests: Arc<Mutex<Vec<Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Gives these replies, one to each connection, and then says `ok` to all.
    pub(crate) fn replying(
        replies: impl IntoIterator<Item = Reply, IntoIter: Send + 'static>,
    ) -> Self {
        static NAME: AtomicU32 = AtomicU32::new(0);

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut replies = replies.into_iter();
        let (stop, seen) = (Arc::clone(&stopped), Arc::clone(&requests));
        let serve = move || {
            // Connections that stay open without an answer.
            let mut silent = Vec::new();
            for connection in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let reply = replies.next().unwrap_or_else(|| Reply::status(200, "ok"));
                // The client may be gone before it has read its answer.
                silent.extend(serve(connection.unwrap(), &reply, &seen).ok().flatten());
            }
        };
        let thread = Some(thread::spawn(serve));
        let name = NAME.fetch_add(1, Ordering::Relaxed);
        Self {
            address,
            name,
            stopped,
            requests,
            thread,
        }
    }

    pub(crate) fn ok() -> Self {
        Self::replying([])
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/services/{}/{TOKEN}", self.address, self.name)
    }

    /// The URL of a receiver that is not Slack.
    pub(crate) fn json_url(&self) -> String {
        self.url().replace("/services/", "/hooks/")
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Waits until so many requests came.
    pub(crate) fn wait_for(&self, count: usize) {
        while self.requests.lock().unwrap().len() < count {
            thread::yield_now();
        }
    }

    /// The titles of the messages, which are their states.
    pub(crate) fn titles(&self) -> Vec<String> {
        self.requests().iter().map(Request::title).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Serves one connection; answers it if it is to stay open.
fn serve(
    connection: TcpStream,
    reply: &Reply,
    seen: &Mutex<Vec<Request>>,
) -> io::Result<Option<TcpStream>> {
    if matches!(reply, Reply::HangUp) {
        return Ok(None);
    }
    let mut request = read(&connection)?;
    request.taken = match reply {
        Reply::Answer(status, _, body) => *status == 200 && body == "ok",
        Reply::TakeAndHangUp | Reply::Silence => true,
        Reply::HangUp | Reply::Echo => false,
    };
    let echo = format!("{} is not here", request.line);
    seen.lock().unwrap().push(request);
    let (status, headers, body) = match reply {
        Reply::Answer(status, headers, body) => (*status, *headers, body),
        Reply::Echo => (404, "", &echo),
        Reply::HangUp | Reply::TakeAndHangUp => return Ok(None),
        Reply::Silence => return Ok(Some(connection)),
    };
    let length = body.len();
    let mut out = &connection;
    write!(
        out,
        "HTTP/1.1 {status} Status\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    out.write_all(body.as_bytes())?;
    Ok(None)
}

fn read(connection: &TcpStream) -> io::Result<Request> {
    let mut input = BufReader::new(connection);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if input.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let line = head
        .lines()
        .next()
        .unwrap()
        .trim_end_matches(" HTTP/1.1")
        .to_owned();
    let head = head.to_ascii_lowercase();
    let header = |name| {
        head.lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
    };
    assert_eq!(header("content-type:"), Some("application/json"));
    let mut body = vec![0; header("content-length:").unwrap().parse().unwrap()];
    input.read_exact(&mut body)?;
    let body = if line.contains("/services/") {
        // Whatever is sent is something that Slack takes, and shows well.
        let (body, warnings) = tribune_inbox::read(&body).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}: {body}");
        body
    } else {
        serde_json::from_slice(&body).unwrap()
    };
    Ok(Request {
        line,
        body,
        at: Instant::now(),
        taken: false,
    })
}
