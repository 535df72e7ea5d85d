//! What tribune adds to the work of tasks that do nothing, in CPU time, beside other schedulers.
//!
//! ```sh
//! cargo bench -p tribune --no-default-features --features tribune-peers/others --bench overhead
//! ```
//!
//! `README.md` in the folder of the benchmarks says how to choose workloads and how to read the table.

mod case;
mod cpu;
mod table;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, SystemTime};

use criterion::measurement::{Measurement, WallTime};
use criterion::{BatchSize, BenchmarkGroup, BenchmarkId, Criterion, SamplingMode};
use tribune::Flow;
use tribune_peers::{PEERS, Tasks, cpu, join_set_of_sleepers, sleeping};

use case::{Case, Kind};
use cpu::CpuTime;

const SLEEP: Duration = Duration::from_millis(10);
const BURN: Duration = Duration::from_millis(1);

fn main() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("criterion");
    let started = SystemTime::now();
    let mut of_cpu = criterion(CpuTime, &directory);
    let mut of_wall = criterion(WallTime, &directory);
    let cases = Case::all();
    for case in &cases {
        match case.kind {
            Kind::Busy => busy(case, &mut group(case, &mut of_wall)),
            _ => beside_others(case, &mut group(case, &mut of_cpu)),
        }
    }
    of_cpu.final_summary();
    table::print(&cases, &directory, started);
}

fn criterion<M: Measurement>(measurement: M, directory: &Path) -> Criterion<M> {
    Criterion::default()
        .with_measurement(measurement)
        .output_directory(directory)
        .without_plots()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(500))
        .configure_from_args()
}

fn group<'a, M: Measurement>(
    case: &Case,
    criterion: &'a mut Criterion<M>,
) -> BenchmarkGroup<'a, M> {
    let mut group = criterion.benchmark_group(case.group());
    group.sampling_mode(SamplingMode::Flat);
    group
}

fn beside_others(case: &Case, group: &mut BenchmarkGroup<'_, CpuTime>) {
    match case.kind {
        Kind::Sleep => return sleep(case, group),
        Kind::Define => define(case, group),
        Kind::Warm => warm(case, group),
        Kind::Run(tasks) => {
            first_run(case, tasks, group);
            second_run(case, tasks, group);
        }
        Kind::Busy => {}
    }
    let graph = case.graph();
    let expected = graph.expected();
    let peers = PEERS
        .iter()
        .filter(|peer| case.size <= (peer.most)(case.shape));
    for peer in peers {
        let id = BenchmarkId::new(peer.name, case.size);
        group.bench_function(id, |b| match (case.kind, peer.again) {
            (Kind::Define, _) => b.iter_with_large_drop(|| (peer.prepare)(&graph)),
            (Kind::Warm, true) => {
                let mut run = (peer.prepare)(&graph);
                b.iter(|| assert_eq!(run(), expected));
            }
            (_, true) => {
                let mut run = (peer.prepare)(&graph);
                b.iter_batched(
                    || (),
                    |()| assert_eq!(run(), expected),
                    BatchSize::PerIteration,
                );
            }
            (_, false) => {
                let prepare = || (peer.prepare)(&graph);
                let run = |mut run: tribune_peers::Prepared| {
                    assert_eq!(run(), expected);
                    run
                };
                b.iter_batched(prepare, run, BatchSize::PerIteration);
            }
        });
    }
}

fn run(flow: &Flow<u64>, expected: u64) {
    let run = flow.run().wait().expect("it starts");
    assert_eq!(run.output(), Some(&expected));
    black_box(run);
}

/// The first run of each flow: all its memory is new.
fn first_run(case: &Case, tasks: Tasks, group: &mut BenchmarkGroup<'_, CpuTime>) {
    let expected = case.graph().expected();
    group.bench_function(BenchmarkId::new("tribune", case.size), |b| {
        let once = |flow: Flow<u64>| {
            run(&flow, expected);
            flow
        };
        b.iter_batched(|| case.flow(tasks), once, BatchSize::PerIteration);
    });
}

fn second_run(case: &Case, tasks: Tasks, group: &mut BenchmarkGroup<'_, CpuTime>) {
    let expected = case.graph().expected();
    let flow = case.flow(tasks);
    run(&flow, expected);
    group.bench_function(BenchmarkId::new("tribune again", case.size), |b| {
        b.iter_batched(|| (), |()| run(&flow, expected), BatchSize::PerIteration);
    });
}

fn warm(case: &Case, group: &mut BenchmarkGroup<'_, CpuTime>) {
    let expected = case.graph().expected();
    let flow = case.flow(Tasks::Plain);
    group.bench_function(BenchmarkId::new("tribune again", case.size), |b| {
        b.iter(|| run(&flow, expected));
    });
}

fn define(case: &Case, group: &mut BenchmarkGroup<'_, CpuTime>) {
    group.bench_function(BenchmarkId::new("tribune", case.size), |b| {
        b.iter_with_large_drop(|| case.flow(Tasks::Plain));
    });
}

fn sleep(case: &Case, group: &mut BenchmarkGroup<'_, CpuTime>) {
    let expected = case.graph().expected();
    let flow = sleeping(case.size, SLEEP);
    group.bench_function(BenchmarkId::new("tribune", case.size), |b| {
        b.iter(|| run(&flow, expected));
    });
    group.bench_function(BenchmarkId::new("JoinSet", case.size), |b| {
        b.iter(|| assert_eq!(join_set_of_sleepers(case.size, SLEEP), expected));
    });
}

fn busy(case: &Case, group: &mut BenchmarkGroup<'_, WallTime>) {
    let expected = case.graph().expected();
    let flow = cpu(case.size, BURN);
    group.bench_function(BenchmarkId::new("tribune", case.size), |b| {
        b.iter(|| run(&flow, expected));
    });
}
