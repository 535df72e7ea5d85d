//! `async` tasks run at the same time as each other; plain ones run on threads beside them.
//!
//! One download is too slow and is tried again. Ctrl-C ends the flow `Cancelled`.

use std::time::Duration;

use tribune::prelude::*;

#[task(timeout = "200ms", max_retries = 2, retry_delay = "10ms")]
async fn download(page: u64, slow: bool) -> Result<String, String> {
    if slow {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    Ok(format!("page {page}"))
}

#[task]
async fn fetch(page: u64) -> String {
    tokio::time::sleep(Duration::from_millis(50)).await;
    format!("page {page}")
}

/// Plain code: it borrows the pages, so nothing is copied.
#[task(trigger = all_finished)]
fn count(first: Option<String>, second: Option<String>, third: Option<String>) -> usize {
    [first, second, third].iter().flatten().count()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let flow = flow!("downloads", |page: u64| {
        let first = fetch(page);
        let second = fetch(2);
        let third = download(page = 3, slow = true);
        count(first, second, third)
    });

    let run = flow.run().parameter("page", 1).cancel_on_ctrl_c().await?;

    for task in run.task_runs() {
        println!(
            "{:<9} {} attempt(s): {}",
            task.name(),
            task.attempts(),
            task.state()
        );
    }
    println!("{:?} of 3 pages", run.output());
    Ok(())
}
