//! A flow on a schedule: every morning of a working day and every hour of the night. Shown here are the
//! next runs; one of them is made now, by a schedule that is over at once.

use std::error::Error;
use std::time::{Duration, SystemTime};

use tribune::context;
use tribune::prelude::*;
use tribune::schedule::{cron, dates};

#[task]
fn export(table: &str) -> String {
    let late = SystemTime::now()
        .duration_since(context().scheduled_at())
        .unwrap_or_default();
    format!(
        "{table}, less than a minute late: {}",
        late < Duration::from_secs(60)
    )
}

fn main() -> Result<(), Box<dyn Error>> {
    let working_days = cron("0 9 * * 1-5").in_time_zone("Europe/Berlin");
    let nights = cron("0 0-5 * * *").in_time_zone("Europe/Berlin");
    let flow = flow!(name = "export", schedule = working_days.or(nights), {
        export("orders");
    });
    println!("the next runs:");
    for run in flow.next_runs(5)? {
        println!("    {run}");
    }

    // `serve` runs the flow until there are no more runs, or until it is cancelled.
    let soon = SystemTime::now() + Duration::from_millis(50);
    let once = flow!(name = "export once", schedule = dates([soon]), {
        export("orders")
    });
    let last = once
        .serve()
        .on_run(|run| println!("a run ended: {}", run.state()))
        .wait()?;
    println!("{:?}", last.as_ref().and_then(|run| run.output()));
    Ok(())
}
