//! Retries: after a fixed time, after longer and longer ones, only after some errors. On a clock that
//! does not wait, so this takes no time.

use std::time::Duration;

use tribune::prelude::*;
use tribune::testing::{Outcome, Simulation};
use tribune::{Call, RetryDelay};

const PATIENT: RetryDelay =
    RetryDelay::exponential(Duration::from_secs(1)).at_most(Duration::from_secs(3600));

#[task(max_retries = 5, retry_delay = PATIENT)]
fn upload() -> Result<String, String> {
    Err("the server is busy".to_owned())
}

#[task(max_retries = 3, retry_delay = "10m", timeout = "1m")]
fn query(table: &str) -> Result<usize, String> {
    Err(format!("no such table: {table}"))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut flow = Flow::builder("retries");
    flow.add(upload {});
    let busy = |error: &TaskError| error.to_string().contains("busy");
    flow.add(
        Call::new(query {
            table: input("users"),
        })
        .retry_on(busy),
    );
    let flow = flow.build(())?;

    let run = Simulation::of(&flow)
        .attempt("upload", 4, Outcome::value("uploaded".to_owned()))
        .attempt("query", 1, Outcome::error("the database is busy"))
        .run()?;

    println!("the run took {:?}", run.elapsed());
    for task in run.task_runs() {
        println!(
            "{}: {} attempts, {}",
            task.name(),
            task.attempts(),
            task.state()
        );
    }
    for change in run.changes() {
        println!("    {:>9} {}", change.name, change.change);
    }
    Ok(())
}
