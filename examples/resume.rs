//! Going on: after a person's approval, and after a run that failed.

use std::sync::atomic::{AtomicBool, Ordering};

use tribune::FlowRun;
use tribune::prelude::*;

static REPAIRED: AtomicBool = AtomicBool::new(false);

#[task]
fn build() -> String {
    println!("    building");
    "app 1.2.0".to_owned()
}

#[task(trigger = manual_only)]
fn approve() {}

#[task]
fn publish(release: &str) -> Result<String, String> {
    match REPAIRED.load(Ordering::Relaxed) {
        true => Ok(format!("{release} is published")),
        false => Err("the registry is down".to_owned()),
    }
}

fn show(run: &FlowRun<String>) {
    let why = run.explain("publish").unwrap_or_default();
    println!("    {}; {why}; {:?}", run.state(), run.output());
}

fn main() -> Result<(), RunError> {
    let flow = flow!("release", {
        let release = build();
        let approved = approve().after(release);
        publish(release).after(approved)
    });

    println!("nobody is there to approve:");
    let run = flow.run().wait()?;
    show(&run);

    println!("it is approved, from where it stands:");
    let run = flow.run().task_states(&run);
    let run = run.resume(|paused| paused.name() == "approve").wait()?;
    show(&run);

    println!("the registry is repaired, and only what failed is done again:");
    REPAIRED.store(true, Ordering::Relaxed);
    show(&flow.run().task_states(&run).wait()?);
    Ok(())
}
