//! The harness's own webhook: it answers as a case says, and keeps what was posted.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::Value as Json;

use crate::scenario::Webhook;

/// A server on loopback.
pub(crate) struct Server {
    address: SocketAddr,
    bodies: Arc<Mutex<Vec<Json>>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts the webhook of a case; one that is down is a port that nobody listens at.
    pub(crate) fn start(webhook: &Webhook) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let mut server = Self {
            address: listener.local_addr()?,
            bodies: Arc::default(),
            stopped: Arc::default(),
            thread: None,
        };
        if !webhook.down {
            let statuses = webhook.statuses.clone();
            let (bodies, stopped) = (server.bodies.clone(), server.stopped.clone());
            let serve = move || serve(&listener, &statuses, &bodies, &stopped);
            server.thread = Some(thread::spawn(serve));
        }
        Ok(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/services/T0/B0/conformance", self.address)
    }

    /// What was posted since this was asked last.
    pub(crate) fn take(&self) -> Vec<Json> {
        std::mem::take(&mut *self.bodies.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It waits for a connection: this is the last one.
            let _ = TcpStream::connect(self.address);
            let _ = thread.join();
        }
    }
}

fn serve(
    listener: &TcpListener,
    statuses: &[u16],
    bodies: &Mutex<Vec<Json>>,
    stopped: &AtomicBool,
) {
    let mut posts = 0;
    for connection in listener.incoming().flatten() {
        if stopped.load(Ordering::Relaxed) {
            return;
        }
        let status = statuses
            .get(posts)
            .or(statuses.last())
            .copied()
            .unwrap_or(200);
        if let Ok(body) = read(&connection) {
            // Before the answer: then the run may go on, and be over.
            bodies
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(body);
            posts += 1;
            // A client that breaks off is seen by what it then says about its message.
            let _ = answer(&connection, status);
        }
    }
}

fn read(connection: &TcpStream) -> io::Result<Json> {
    let mut input = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        input.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            None if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    serde_json::from_slice(&body).map_err(io::Error::other)
}

fn answer(mut connection: &TcpStream, status: u16) -> io::Result<()> {
    let text = if status == 204 { "" } else { "ok" };
    let length = text.len();
    write!(
        connection,
        "HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    )
}
