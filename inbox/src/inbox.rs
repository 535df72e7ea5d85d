//! An inbox as a program holds it.

use std::io::{self, IsTerminal};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::log::Log;
use crate::message::Message;
use crate::rules::Refusal;
use crate::server::Server;

/// Where the webhooks of the channel `general` end.
const GENERAL: &str = "general";

/// A local Slack: webhooks that take messages, and a page that shows them.
///
/// It listens on loopback only, on a thread of its own, and stops when it is dropped.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tribune_inbox::Inbox;
///
/// let inbox = Inbox::start()?;
/// // Any HTTP client does, such as `slack_notifier` with this URL as its secret.
/// post(&inbox.url(), r#"{"text": "hello"}"#)?;
///
/// let messages = inbox.wait_for(1, Duration::from_secs(10));
/// assert_eq!(messages[0].payload()["text"], "hello");
/// assert!(inbox.refused().is_empty());
/// # fn post(url: &str, body: &str) -> std::io::Result<()> {
/// #     use std::io::{Read, Write};
/// #     let (host, path) = url.trim_start_matches("http://").split_once('/').unwrap();
/// #     let mut connection = std::net::TcpStream::connect(host)?;
/// #     let length = body.len();
/// #     write!(
/// #         connection,
/// #         "POST /{path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}"
/// #     )?;
/// #     connection.read_to_string(&mut String::new()).map(drop)
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Inbox {
    address: SocketAddr,
    log: Arc<Log>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How an inbox is to work.
///
/// # Examples
///
/// ```
/// use tribune_inbox::Inbox;
///
/// let inbox = Inbox::options().keep_pace(true).start()?;
/// println!("open {}", inbox.page_url());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    port: u16,
    keep_pace: bool,
}

impl Options {
    /// Listens on this port; 0, the default, is any that is free.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Tells whether to answer `429` to more than a message a second, after a burst of five.
    #[must_use]
    pub fn keep_pace(self, keep_pace: bool) -> Self {
        Self { keep_pace, ..self }
    }

    /// Starts the inbox.
    ///
    /// # Errors
    ///
    /// The port is taken, or the operating system gives no thread.
    pub fn start(self) -> io::Result<Inbox> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let log = Arc::new(Log::new());
        let server = Server {
            log: Arc::clone(&log),
            keep_pace: self.keep_pace,
            url: webhook(address, GENERAL),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
                    return;
                };
                let serving = axum::serve(listener, server.router());
                tokio::select! {
                    _ = serving.into_future() => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = thread::Builder::new()
            .name("tribune-inbox".to_owned())
            .spawn(serve)?;
        Ok(Inbox {
            address,
            log,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Inbox {
    /// Starts an inbox on a free port.
    ///
    /// # Errors
    ///
    /// The operating system gives no port or no thread.
    pub fn start() -> io::Result<Self> {
        Self::options().start()
    }

    /// Starts an inbox that works otherwise than by default.
    pub fn options() -> Options {
        Options::default()
    }

    /// The URL of the webhook of the channel `general`.
    pub fn url(&self) -> String {
        self.url_of(GENERAL)
    }

    /// The URL of the webhook of this channel.
    ///
    /// # Examples
    ///
    /// ```
    /// let inbox = tribune_inbox::Inbox::start()?;
    /// assert!(inbox.url_of("ops").contains("/services/TRIBUNE/BOPS/"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn url_of(&self, channel: &str) -> String {
        webhook(self.address, channel)
    }

    /// The address of the page that shows the messages.
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The messages that were taken so far, of which the newest 1000 are kept.
    pub fn messages(&self) -> Vec<Message> {
        self.log.messages(|message| message.refusal().is_none())
    }

    /// The messages that were refused, and why.
    pub fn refused(&self) -> Vec<Message> {
        self.log.messages(|message| message.refusal().is_some())
    }

    /// The messages that were taken, as soon as there are so many, or after this time.
    pub fn wait_for(&self, count: usize, patience: Duration) -> Vec<Message> {
        self.log.wait_for(count, patience)
    }

    /// Answers every message with this refusal from now on; with `None`, takes them again.
    ///
    /// # Examples
    ///
    /// ```
    /// use tribune_inbox::Inbox;
    ///
    /// let inbox = Inbox::start()?;
    /// inbox.refuse(Some("channel_is_archived".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn refuse(&self, refusal: Option<Refusal>) {
        self.log.refuse(refusal);
    }

    /// Lets a person see the messages: at a terminal the page stays open until they press Enter, and
    /// where nobody watches, the messages are printed as texts.
    ///
    /// # Errors
    ///
    /// The terminal cannot be read.
    pub fn show(&self) -> io::Result<()> {
        if io::stdout().is_terminal() && io::stdin().is_terminal() {
            println!(
                "The channel is shown at {} (Enter ends it)",
                self.page_url()
            );
            io::stdin().read_line(&mut String::new())?;
        } else {
            for message in self.messages() {
                println!("{message}\n");
            }
        }
        Ok(())
    }
}

fn webhook(address: SocketAddr, channel: &str) -> String {
    let hook = channel.to_uppercase();
    // Slack has a secret in the last place; this one is as long and none.
    format!("http://{address}/services/TRIBUNE/B{hook}/onlyOnThisMachineXXXXXXX")
}

impl Drop for Inbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Its panic was printed where it happened.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
