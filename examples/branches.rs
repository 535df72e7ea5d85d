//! Branches in a flow: tasks in arms that are not taken are skipped.

use tribune::prelude::*;

#[derive(Clone, Debug)]
enum Quality {
    Good,
    Doubtful { errors: usize },
    Useless,
}

#[task]
fn judge(rows: usize, errors: usize) -> Quality {
    match errors * 100 / rows.max(1) {
        0 => Quality::Good,
        1..50 => Quality::Doubtful { errors },
        _ => Quality::Useless,
    }
}

#[task]
fn publish(rows: usize) -> String {
    format!("published {rows} rows")
}

#[task]
fn ask_for_review(errors: usize) -> String {
    format!("somebody looks at {errors} errors")
}

#[task]
fn discard() -> String {
    "discarded".to_owned()
}

fn main() -> Result<(), RunError> {
    let flow = flow!("quality gate", |rows: usize, errors: usize| {
        match judge(rows, errors) {
            Quality::Good => publish(rows),
            Quality::Doubtful { errors } if errors < 10 => ask_for_review(errors),
            Quality::Doubtful { .. } | Quality::Useless => discard(),
        }
    });

    for errors in [0, 5, 40, 90] {
        let run = flow
            .run()
            .parameter("rows", 100)
            .parameter("errors", errors)
            .wait()?;
        println!(
            "{errors} errors: {}",
            run.output().map_or("", String::as_str)
        );
        for task in run.task_runs().filter(|task| task.state().is(Skipped)) {
            println!("    {}: {}", task.name(), task.state());
        }
    }
    Ok(())
}
