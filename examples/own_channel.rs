//! A channel of one's own: alerts as lines of a file. The queue, the retries, digests and the account
//! come with `Notifier`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use tribune::notify::{Alert, Channel, Notifier, Outcome};
use tribune::prelude::*;

#[derive(Clone)]
struct Journal;

fn path() -> PathBuf {
    std::env::temp_dir().join(format!("journal-{}.txt", std::process::id()))
}

impl Channel for Journal {
    fn send(&self, alert: &Alert) -> Outcome {
        let line = format!("{} ({})\n", alert.title(), alert.flow_name());
        let file = OpenOptions::new().create(true).append(true).open(path());
        match file.and_then(|mut file| file.write_all(line.as_bytes())) {
            Ok(()) => Outcome::Delivered,
            // No other message would arrive either.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                Outcome::Closed(error.to_string())
            }
            // A full disk may pass: it is tried again.
            Err(error) => Outcome::Unreachable(error.to_string()),
        }
    }
}

const JOURNAL: Notifier<Journal> = Notifier::new("journal", Journal).only_states(&[Failed]);

#[task(max_retries = 2, retry_delay = "1ms", state_handlers = [JOURNAL])]
fn upload() -> Result<(), String> {
    Err("the server is down".to_owned())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let flow = flow!("backup", {
        upload();
    });
    let run = flow.run().wait()?;
    // Three attempts failed, and only the last one was worth a line.
    assert_eq!(run.notifications().len(), 1);
    print!("{}", std::fs::read_to_string(path())?);
    std::fs::remove_file(path())?;
    Ok(())
}
