//! A receiver of messages for trying things out: it prints what a channel would show.

use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{env, fmt};

use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_HEAD: u64 = 16 * 1024;
const LONGEST_BODY: u64 = 64 * 1024;

/// A webhook on this machine that prints each message as a person would see it in the channel.
///
/// It stands in for Slack where none is set up: in examples and while a flow is written. It listens
/// on loopback only, and stops when it is dropped.
///
/// # Examples
///
/// ```
/// use tribune::ConsoleInbox;
/// use tribune::prelude::*;
///
/// #[task(state_handlers = [slack_notifier(only_states = [Success])])]
/// fn greet() {}
///
/// let inbox = ConsoleInbox::start()?;
/// let flow = flow!("greetings", {
///     greet();
/// });
/// flow.run().secret("SLACK_WEBHOOK_URL", inbox.url()).wait()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ConsoleInbox {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ConsoleInbox {
    /// Starts a receiver that prints to the standard output, in colour if that is a terminal.
    ///
    /// # Errors
    ///
    /// The operating system gives no port or no thread.
    pub fn start() -> io::Result<Self> {
        let out = io::stdout();
        let colored = out.is_terminal() && env::var_os("NO_COLOR").is_none();
        Self::serve(Printer { out, colored })
    }

    /// Starts a receiver that writes to `out`, without colours.
    ///
    /// # Errors
    ///
    /// The operating system gives no port or no thread.
    pub fn writing_to(out: impl Write + Send + 'static) -> io::Result<Self> {
        Self::serve(Printer {
            out,
            colored: false,
        })
    }

    fn serve<W: Write + Send + 'static>(mut printer: Printer<W>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        let serve = move || {
            for connection in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                // A client that goes away is no reason to stop, nor is a full disk.
                let served = connection.and_then(|connection| answer(&connection, &mut printer));
                if let Err(error) = served {
                    tracing::debug!("a message was not received: {error}");
                }
            }
        };
        let thread = thread::Builder::new()
            .name("tribune-console".to_owned())
            .spawn(serve)?;
        Ok(Self {
            address,
            stopped,
            thread: Some(thread),
        })
    }

    /// The URL to post messages to.
    pub fn url(&self) -> String {
        format!("http://{}/services/console", self.address)
    }
}

impl Drop for ConsoleInbox {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // The thread waits for a connection; this one tells it to look.
        let woken = TcpStream::connect_timeout(&self.address, PATIENCE).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for ConsoleInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleInbox")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

/// Reads one request, prints its message, and only then answers: who waits for the answer knows
/// that the message is on the screen.
fn answer<W: Write>(connection: &TcpStream, printer: &mut Printer<W>) -> io::Result<()> {
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    let (status, word) = match read_body(connection)? {
        Some(body) => match serde_json::from_slice(&body) {
            Ok(message) => {
                printer.print(&message)?;
                ("200 OK", "ok")
            }
            Err(_) => ("400 Bad Request", "invalid_payload"),
        },
        None => ("413 Content Too Large", "too_large"),
    };
    let length = word.len();
    let mut out = connection;
    write!(
        out,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{word}"
    )
}

/// The body of the request that comes in, unless it is too long.
fn read_body(connection: &TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut input = BufReader::new(connection);
    let mut head = input.by_ref().take(LONGEST_HEAD);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim_end().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(u64::MAX);
        }
    }
    if length > LONGEST_BODY {
        return Ok(None);
    }
    let mut body = Vec::new();
    input.take(length).read_to_end(&mut body)?;
    Ok(Some(body))
}

/// Prints messages as a channel shows them: a bar in the state's colour, and the texts beside it.
struct Printer<W> {
    out: W,
    colored: bool,
}

impl<W: Write> Printer<W> {
    fn print(&mut self, message: &Value) -> io::Result<()> {
        self.paragraph("", "", &message["text"])?;
        for attachment in message["attachments"].as_array().into_iter().flatten() {
            let bar = self.bar(attachment["color"].as_str().unwrap_or_default());
            for part in ["author_name", "title", "text"] {
                let bold = if part == "title" { "1" } else { "" };
                self.paragraph(&bar, bold, &attachment[part])?;
            }
            for field in attachment["fields"].as_array().into_iter().flatten() {
                self.paragraph(&bar, "1", &field["title"])?;
                self.paragraph(&bar, "", &field["value"])?;
            }
            self.paragraph(&bar, "2", &attachment["footer"])?;
        }
        writeln!(self.out)?;
        self.out.flush()
    }

    /// The beginning of each line, in the colour `#rrggbb`.
    fn bar(&self, color: &str) -> String {
        let part = |at| u8::from_str_radix(color.get(at..at + 2)?, 16).ok();
        match (part(1), part(3), part(5)) {
            (Some(red), Some(green), Some(blue)) if self.colored => {
                format!("\x1b[38;2;{red};{green};{blue}m┃\x1b[0m ")
            }
            _ => "┃ ".to_owned(),
        }
    }

    fn paragraph(&mut self, bar: &str, style: &str, text: &Value) -> io::Result<()> {
        for line in shown(text.as_str().unwrap_or_default()).lines() {
            if self.colored && !style.is_empty() {
                writeln!(self.out, "{bar}\x1b[{style}m{line}\x1b[0m")?;
            } else {
                writeln!(self.out, "{bar}{line}")?;
            }
        }
        Ok(())
    }
}

/// What a reader sees of a text: no mark-up for code, no entities, nothing that moves the cursor.
fn shown(text: &str) -> String {
    let text = text.replace("```", "");
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

#[cfg(test)]
mod tests;
