//! One rust-analyzer with one crate, spoken to as an editor does: the language server protocol over
//! its standard input and output.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::{Value, json};

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// Longer than the first build of the library takes.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) struct Server {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    file: String,
    requests: u64,
    versions: u64,
}

impl Server {
    /// Starts the server with a crate that depends on `library`, and waits until it knows it.
    pub(crate) fn start(folder: &Path, library: &Path, target: &Path) -> Outcome<Self> {
        fs::create_dir_all(folder.join("src"))?;
        let manifest = format!(
            "[package]\nname = \"typed\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\ntribune = {{ path = \"{}\" }}\n\n[workspace]\n",
            library.display()
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::write(folder.join("src/main.rs"), "fn main() {}\n")?;
        // The versions of the workspace, so that nothing has to be downloaded.
        let _ = fs::copy(library.join("../Cargo.lock"), folder.join("Cargo.lock"));
        let mut process = Command::new("rust-analyzer")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let input = process.stdin.take().ok_or("it has an input")?;
        let output = process.stdout.take().ok_or("it has an output")?;
        let mut server = Self {
            process,
            input,
            messages: listen(output),
            file: uri(&folder.join("src/main.rs")),
            requests: 0,
            versions: 1,
        };
        server.initialize(folder, target)?;
        Ok(server)
    }

    fn initialize(&mut self, folder: &Path, target: &Path) -> Outcome<()> {
        let parameters = json!({
            "processId": null,
            "rootUri": uri(folder),
            "capabilities": {
                "experimental": { "serverStatusNotification": true },
                "textDocument": {
                    "completion": { "completionItem": { "snippetSupport": false } },
                    "hover": { "contentFormat": ["markdown"] },
                },
            },
            "initializationOptions": {
                "cargo": { "targetDir": target },
                "checkOnSave": false,
                "cachePriming": { "enable": false },
            },
        });
        self.ask("initialize", &parameters)?;
        self.tell("initialized", &json!({}))?;
        let document = json!({
            "uri": self.file, "languageId": "rust", "version": 1, "text": "fn main() {}\n",
        });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }))?;
        loop {
            let message = self.messages.recv_timeout(PATIENCE)?;
            let status = &message["params"];
            if message["method"] == "experimental/serverStatus" && status["quiescent"] == true {
                return match status["health"].as_str() {
                    Some("error") => Err(format!("rust-analyzer is not well: {status}").into()),
                    _ => Ok(()),
                };
            }
            self.answer(&message)?;
        }
    }

    /// Asks about the place of `$0` in a program.
    pub(crate) fn at(&mut self, program: &str, method: &str) -> Outcome<Value> {
        let (before, _) = program
            .split_once("$0")
            .ok_or("a place is marked by `$0`")?;
        self.versions += 1;
        self.tell(
            "textDocument/didChange",
            &json!({
                "textDocument": { "uri": self.file, "version": self.versions },
                "contentChanges": [{ "text": program.replacen("$0", "", 1) }],
            }),
        )?;
        let line = before.matches('\n').count();
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |line| line.encode_utf16().count());
        self.ask(
            method,
            &json!({
                "textDocument": { "uri": self.file },
                "position": { "line": line, "character": column },
            }),
        )
    }

    fn ask(&mut self, method: &str, parameters: &Value) -> Outcome<Value> {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }))?;
        loop {
            let message = self.messages.recv_timeout(PATIENCE)?;
            if message["id"] == id && message["method"].is_null() {
                return match message.get("error") {
                    Some(error) => Err(error.to_string().into()),
                    None => Ok(message["result"].clone()),
                };
            }
            self.answer(&message)?;
        }
    }

    /// What the server asks of the editor is answered with nothing.
    fn answer(&mut self, message: &Value) -> Outcome<()> {
        if message["id"].is_null() || message["method"].is_null() {
            return Ok(());
        }
        self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }))
    }

    fn tell(&mut self, method: &str, parameters: &Value) -> Outcome<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": parameters }))
    }

    fn send(&mut self, message: &Value) -> Outcome<()> {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len())?;
        Ok(self.input.flush()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", PathBuf::from(path).display())
}

/// Reads messages on a thread of its own, until the server is gone.
fn listen(output: impl Read + Send + 'static) -> Receiver<Value> {
    let (sender, messages) = mpsc::channel();
    std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        while let Some(message) = read(&mut output) {
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    messages
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some(("Content-Length", number)) => length = number.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
