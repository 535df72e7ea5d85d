//! What a loop of a flow costs for each of its elements, and how that grows.
//!
//! `cargo run --release -p tribune-tests --bin growth -- 1000000` runs a flow with one task for each of so
//! many elements, and says how long one takes, and how much memory the program has needed at most.

use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

use tribune::prelude::*;

#[task]
fn range(count: u64) -> Vec<u64> {
    (0..count).collect()
}

#[task]
fn increment(x: u64) -> u64 {
    x + 1
}

#[task]
fn sum(list: &[u64]) -> u64 {
    list.iter().sum()
}

fn main() -> ExitCode {
    let count = env::args().nth(1);
    let Some(count) = count.and_then(|count| count.parse::<u64>().ok()) else {
        eprintln!("usage: growth COUNT");
        return ExitCode::from(2);
    };
    let flow = flow!("growth", |count: u64| {
        let incremented = for x in range(count) {
            increment(x)
        };
        sum(incremented)
    });
    let start = Instant::now();
    let run = match flow.run().parameter("count", count).threads(1).wait() {
        Ok(run) => run,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let took = start.elapsed();
    assert_eq!(run.output(), Some(&(count * (count + 1) / 2)));
    let nanos = took.as_nanos() / u128::from(count.max(1));
    println!("{count} children: {nanos} ns each, {}", peak());
    ExitCode::SUCCESS
}

/// The most memory that the program has had, where the system says it.
fn peak() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    match peak {
        Some(peak) => format!("at most {} of memory", peak.trim()),
        None => "and the system does not say how much memory".to_owned(),
    }
}
