//! Runs recorded scenarios of Prefect with this library, and compares what happens.
//!
//! `conformance DIR [--driver simulated|local] [--threads N] [--case NAME]` reads a folder of cases, as
//! FORMAT.md describes them. It knows the format, and no case.
//!
//! Start reading at `run`: a case is read (`scenario`), becomes a graph of tasks (`graph`) and a flow
//! (`build`, with the bodies of `behaviour` and the handlers of `handlers`), is run and written down
//! (`trace`, `record`), and compared (`compare`).

mod behaviour;
mod build;
mod compare;
mod errors;
mod graph;
mod handlers;
mod order;
mod pattern;
mod record;
mod run;
mod scenario;
mod settings;
mod slack;
mod states;
mod trace;
mod values;
mod webhook;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs, thread};

use crate::scenario::Case;
use crate::settings::Driver;

/// A case that takes longer than this will not come to an end.
const LONGEST: Duration = Duration::from_secs(60);

const USAGE: &str = "usage: conformance DIR [--driver simulated|local] [--threads N] [--case NAME]";

struct Arguments {
    folder: PathBuf,
    driver: Driver,
    threads: usize,
    case: Option<String>,
}

fn main() -> ExitCode {
    let cases = arguments(env::args().skip(1)).and_then(|arguments| {
        let files = files(&arguments.folder)?;
        Ok((arguments, files))
    });
    let (arguments, files) = match cases {
        Ok(cases) => cases,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::from(2);
        }
    };
    let (mut passed, mut failed) = (0, 0);
    for file in files {
        let (name, case) = read(&file);
        if arguments
            .case
            .as_ref()
            .is_some_and(|wanted| *wanted != name)
        {
            continue;
        }
        let case = case.map(|case| (case, arguments.driver, arguments.threads));
        match case.and_then(|(case, driver, threads)| run(case, driver, threads)) {
            Ok(()) => {
                passed += 1;
                println!("passed {name}");
            }
            Err(difference) => {
                failed += 1;
                println!("FAILED {name}: {difference}");
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}

fn arguments(mut arguments: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut folder = None;
    let mut parsed = Arguments {
        folder: PathBuf::new(),
        driver: Driver::Simulated,
        threads: 1,
        case: None,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(USAGE);
        match argument.as_str() {
            "--driver" => {
                parsed.driver = match value()?.as_str() {
                    "simulated" => Driver::Simulated,
                    "local" => Driver::Local,
                    _ => return Err(USAGE.to_owned()),
                }
            }
            "--threads" => parsed.threads = value()?.parse().map_err(|_| USAGE)?,
            "--case" => parsed.case = Some(value()?),
            _ if argument.starts_with("--") || folder.is_some() => return Err(USAGE.to_owned()),
            _ => folder = Some(PathBuf::from(argument)),
        }
    }
    parsed.folder = folder.ok_or(USAGE)?;
    Ok(parsed)
}

/// The case files of a folder, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let problem = |error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(problem)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<_> = paths.collect::<Result<_, _>>().map_err(problem)?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    paths.sort_unstable();
    Ok(paths)
}

/// The name of a case, and the case unless it is unreadable.
fn read(file: &Path) -> (String, Result<Case, String>) {
    let name = file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let text = fs::read_to_string(file).map_err(|error| error.to_string());
    match text
        .and_then(|text| serde_json::from_str::<Case>(&text).map_err(|error| error.to_string()))
    {
        Ok(case) => (case.name.clone(), Ok(case)),
        Err(reason) => (name, Err(format!("unreadable: {reason}"))),
    }
}

/// Runs a case on a thread of its own, so that one which panics or never ends is only a failed case.
fn run(case: Case, driver: Driver, threads: usize) -> Result<(), String> {
    let (sender, receiver) = mpsc::channel();
    let work = move || {
        let verdict = run::run(&case, driver, threads);
        // Nobody listens any more if it took too long.
        let _ = sender.send(verdict);
    };
    thread::spawn(work);
    match receiver.recv_timeout(LONGEST) {
        Ok(verdict) => verdict,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(format!("not over after {LONGEST:?}")),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err("the harness panicked".to_owned()),
    }
}
