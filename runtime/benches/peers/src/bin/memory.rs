//! How much memory the tasks of a flow take, at most at the same time.
//!
//! ```sh
//! cargo run --release -p tribune-peers --bin memory
//! ```
//!
//! Each figure is of a process of its own. Linux only: the figures are the kernel's.

use std::error::Error;
use std::fs;
use std::process::{Command, ExitCode};

use tribune_peers::{Graph, Shape, Tasks, flow};

const SHAPES: [Shape; 4] = [Shape::Chain, Shape::Layers, Shape::Map, Shape::Wide];
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match &*arguments {
        [] => table()?,
        [shape, size] => {
            let shape = SHAPES.into_iter().find(|it| it.to_string() == *shape);
            let [defined, run] = peak(shape.ok_or("there is no such shape")?, size.parse()?)?;
            println!("{defined} {run}");
        }
        _ => {
            eprintln!("usage: memory [SHAPE SIZE]");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table() -> Result<(), Box<dyn Error>> {
    println!("Bytes for each task, defined and at the peak of a run.\n");
    println!(
        "| workload | {} |",
        SIZES.map(|size| size.to_string()).join(" | ")
    );
    println!("|---|{}", "---:|".repeat(SIZES.len()));
    for shape in SHAPES {
        print!("| {shape} |");
        for size in SIZES {
            let size = size.to_string();
            let child = Command::new(std::env::current_exe()?)
                .args([shape.to_string(), size])
                .output()?;
            let figures = String::from_utf8(child.stdout)?;
            let (defined, run) = figures
                .trim()
                .split_once(' ')
                .ok_or("a child gave nothing")?;
            print!(" {defined} / {run} |");
        }
        println!();
    }
    Ok(())
}

/// Bytes for each task: what the definition takes, and what it and a run take at most.
fn peak(shape: Shape, size: usize) -> Result<[u64; 2], Box<dyn Error>> {
    let (tasks, expected) = {
        let graph = Graph::new(shape, size);
        (u64::try_from(graph.len())?, graph.expected())
    };
    // What all runs of the program share is there before.
    let _ = flow(shape, 100, Tasks::Plain).run().wait()?;
    let before = kilobytes("VmRSS:")?;
    let flow = flow(shape, size, Tasks::Plain);
    let defined = kilobytes("VmRSS:")?;
    let run = flow.run().wait()?;
    assert_eq!(run.output(), Some(&expected), "{shape}");
    let most = kilobytes("VmHWM:")?;
    Ok([defined, most].map(|now| now.saturating_sub(before) * 1024 / tasks))
}

fn kilobytes(name: &str) -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("the kernel does not say")?.parse()?)
}
