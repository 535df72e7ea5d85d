//! The program as people and scripts run it. Slack is an inbox, or a fake, on this machine.

mod http;
mod inbox;
mod install;
mod secret;
mod slack;
#[cfg(unix)]
mod terminal;

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// What no output may contain.
const TOKEN: &str = "SECRETTOKENSECRETTOKEN00";

/// A user of whom nothing is known but an empty home.
struct User(TempDir);

/// What a command came to.
struct Ended {
    is_success: bool,
    out: String,
    err: String,
}

impl User {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn home(&self) -> &Path {
        self.0.path()
    }

    /// The program, with the words of this line as its arguments.
    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tribune"));
        command.args(line.split(' ')).env_clear();
        command
            .env("HOME", self.home())
            .env("USERPROFILE", self.home());
        command.env("TRIBUNE_HOME", self.home().join("tribune"));
        // A test has no business with the keys of who runs it.
        command.env("TRIBUNE_KEY_FILE", self.home().join("tribune/secrets.key"));
        command
    }

    /// Runs it with this standard input.
    fn run(&self, line: &str, input: &str) -> Ended {
        end(&mut self.command(line), input)
    }
}

fn end(command: &mut Command, input: &str) -> Ended {
    let mut child = start(command);
    // A command that asks for nothing may be gone by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap().into()
}

fn start(command: &mut Command) -> Child {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    piped.spawn().unwrap()
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            is_success: output.status.success(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Ended {
    /// What was printed by a command that did what it should.
    #[track_caller]
    fn out(self) -> String {
        assert!(self.is_success, "{}{}", self.out, self.err);
        self.keeps_secrets();
        self.out
    }

    /// What was said by a command that did not.
    #[track_caller]
    fn err(self) -> String {
        assert!(!self.is_success, "{}{}", self.out, self.err);
        self.keeps_secrets();
        self.err
    }

    #[track_caller]
    fn keeps_secrets(&self) {
        let told = self.out.contains(TOKEN) || self.err.contains(TOKEN);
        assert!(!told, "{}{}", self.out, self.err);
    }
}
