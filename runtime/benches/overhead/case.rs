//! What is run, and how large it is.

use tribune::Flow;
use tribune_peers::{Graph, Shape, Tasks, flow};

/// What is measured of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A run: the first of a definition, and one more.
    Run(Tasks),
    /// Many runs of one definition.
    Warm,
    /// A definition.
    Define,
    /// Tasks that sleep.
    Sleep,
    /// Tasks that keep a core busy: the time on the clock.
    Busy,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) kind: Kind,
    pub(crate) shape: Shape,
    pub(crate) size: usize,
}

impl Case {
    /// The workloads, up to the size that `TRIBUNE_BENCH_MOST` allows.
    pub(crate) fn all() -> Vec<Self> {
        let is_test = std::env::args().any(|argument| argument == "--test");
        let most = match std::env::var("TRIBUNE_BENCH_MOST") {
            Ok(most) => most.parse().expect("TRIBUNE_BENCH_MOST is a number"),
            Err(_) if is_test => 1_000,
            Err(_) => usize::MAX,
        };
        let plain = Kind::Run(Tasks::Plain);
        let table = [
            (Kind::Warm, Shape::Chain, &[1, 10][..]),
            (Kind::Warm, Shape::Wide, &[10]),
            (plain, Shape::Chain, &[1_000, 10_000, 1_000_000]),
            (plain, Shape::Wide, &[1_000, 10_000, 100_000, 1_000_000]),
            (plain, Shape::Map, &[1_000, 10_000, 100_000, 1_000_000]),
            (plain, Shape::Layers, &[1_000, 10_000, 100_000, 1_000_000]),
            (Kind::Run(Tasks::Handled), Shape::Chain, &[10_000]),
            (Kind::Run(Tasks::Async), Shape::Chain, &[10_000]),
            (Kind::Sleep, Shape::Wide, &[10_000]),
            (Kind::Busy, Shape::Wide, &[2_000]),
            (Kind::Define, Shape::Chain, &[10_000]),
            (Kind::Define, Shape::Layers, &[10_000, 1_000_000]),
        ];
        let cases = table.into_iter().flat_map(|(kind, shape, sizes)| {
            sizes.iter().map(move |size| Self {
                kind,
                shape,
                size: *size,
            })
        });
        cases.filter(|case| case.size <= most).collect()
    }

    pub(crate) fn group(&self) -> String {
        let Self { kind, shape, .. } = self;
        match kind {
            Kind::Run(Tasks::Plain) => shape.to_string(),
            Kind::Run(Tasks::Handled) => format!("{shape} with a handler"),
            Kind::Run(Tasks::Async) => format!("{shape} of async tasks"),
            Kind::Warm => format!("{shape} once more"),
            Kind::Define => format!("definition of {shape}"),
            Kind::Sleep => "sleep of 10 ms".to_owned(),
            Kind::Busy => "1 ms of CPU".to_owned(),
        }
    }

    pub(crate) fn graph(&self) -> Graph {
        Graph::new(self.shape, self.size)
    }

    pub(crate) fn flow(&self, tasks: Tasks) -> Flow<u64> {
        flow(self.shape, self.size, tasks)
    }
}
