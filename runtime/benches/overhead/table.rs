//! The table at the end, of what criterion wrote in this run.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;
use tribune_peers::PEERS;

use crate::case::Case;

/// Nanoseconds for each task: of the median sample, the least and the most.
struct Figure {
    median: f64,
    least: f64,
    most: f64,
}

/// Prints a line for each workload that was run.
pub(crate) fn print(cases: &[Case], directory: &Path, since: SystemTime) {
    let names = PEERS.iter().map(|peer| peer.name);
    let names: Vec<_> = ["tribune", "tribune again"]
        .into_iter()
        .chain(names)
        .collect();
    let mut table = String::new();
    for case in cases {
        let figures: Vec<_> = names
            .iter()
            .map(|name| Figure::read(&directory.join(case.group()).join(name), case, since))
            .collect();
        if figures.iter().any(Option::is_some) {
            table += &line(case, &names, &figures);
        }
    }
    if !table.is_empty() {
        println!("\nCPU nanoseconds for each task; of 1 ms of CPU, nanoseconds on the clock.\n");
        println!(
            "| workload | size | {} | / floor | / yardstick |",
            names.join(" | ")
        );
        println!("|---|---:|{}---:|---:|", "---:|".repeat(names.len()));
        println!("{table}");
    }
}

fn line(case: &Case, names: &[&str], figures: &[Option<Figure>]) -> String {
    let mut line = format!("| {} | {} |", case.group(), case.size);
    for figure in figures {
        match figure {
            Some(Figure {
                median,
                least,
                most,
            }) => {
                let _ = write!(
                    line,
                    " {} ({}–{}) |",
                    short(*median),
                    short(*least),
                    short(*most)
                );
            }
            None => line += " |",
        }
    }
    let median_of = |name: &str| {
        let at = names.iter().position(|it| *it == name)?;
        figures[at].as_ref().map(|figure| figure.median)
    };
    let own = median_of("tribune").or_else(|| median_of("tribune again"));
    for other in ["floor", "yardstick"] {
        match own.zip(median_of(other)) {
            Some((own, other)) => {
                let _ = write!(line, " {:.1} |", own / other);
            }
            None => line += " |",
        }
    }
    line + "\n"
}

/// Three figures of a number.
fn short(number: f64) -> String {
    match number {
        ..10.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

impl Figure {
    fn read(folder: &Path, case: &Case, since: SystemTime) -> Option<Self> {
        let file = folder.join(case.size.to_string()).join("new/sample.json");
        let is_new = fs::metadata(&file).ok()?.modified().ok()? >= since;
        let sample: Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        let list = |name: &str| -> Option<Vec<f64>> {
            sample[name].as_array()?.iter().map(Value::as_f64).collect()
        };
        let (times, iterations) = (list("times")?, list("iters")?);
        let tasks = f64::from(u32::try_from(case.graph().len()).ok()?);
        let each = times.iter().zip(&iterations);
        let mut each: Vec<_> = each.map(|(time, runs)| time / runs / tasks).collect();
        each.sort_by(f64::total_cmp);
        is_new.then_some(Self {
            median: each[each.len() / 2],
            least: each[0],
            most: each[each.len() - 1],
        })
    }
}
