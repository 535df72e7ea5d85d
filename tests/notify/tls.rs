//! Which certificates are trusted, against a TLS server on loopback.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use super::*;

#[task(state_handlers = [QUICK])]
fn work() {}

/// Not a test of its own: a program with a configuration of its own.
#[test]
#[ignore = "another test runs it"]
fn program() {
    let flow = flow!("tls", {
        work();
    });
    let run = flow.run().wait().unwrap();
    for notification in run.notifications() {
        println!("{notification}");
    }
}

fn finish(home: &TempDir, address: &str) -> String {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "tls::program", "--ignored", "--nocapture"])
        .env("TRIBUNE_HOME", home.path())
        .env("TRIBUNE__CONTEXT__SECRETS__SLACK_WEBHOOK_URL", address)
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// Takes every message that comes over a connection whose client trusts it.
fn serve(listener: &TcpListener, config: &Arc<ServerConfig>) {
    for connection in listener.incoming() {
        // A client that does not trust the server breaks off, and another may come.
        let _ = answer(connection.unwrap(), config);
    }
}

fn answer(connection: TcpStream, config: &Arc<ServerConfig>) -> std::io::Result<()> {
    let tls = ServerConnection::new(config.clone()).map_err(std::io::Error::other)?;
    let mut input = BufReader::new(StreamOwned::new(tls, connection));
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        input.read_line(&mut line)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
    }
    input.read_exact(&mut vec![0; length])?;
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    input.get_mut().write_all(answer)
}

#[test]
fn further_certificates_are_trusted_if_they_are_configured() {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = format!("https://localhost:{port}/services/T0/B0/{TOKEN}");
    thread::spawn(move || serve(&listener, &Arc::new(config)));

    let home = TempDir::new().unwrap();
    let said = finish(&home, &address);
    let reasons = [
        "its certificate is not trusted: ",
        // On a machine without certificates.
        "this machine cannot check certificates: ",
    ];
    assert!(reasons.iter().any(|reason| said.contains(reason)), "{said}");

    let settings = "[notifications]\nca_file = 'company.pem'\n";
    fs::write(home.path().join("config.toml"), settings).unwrap();
    let said = finish(&home, &address);
    assert!(said.contains("company.pem cannot be read"), "{said}");

    fs::write(home.path().join("company.pem"), own.cert.pem()).unwrap();
    let said = finish(&home, &address);
    assert!(said.contains("was delivered to"), "{said}");
}
