//! The graphs that are run, in flat lists, each task after what it depends on.

use std::fmt;

/// What a graph looks like. Each ends in one task, whose value is the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Each task depends on the one before.
    Chain,
    /// Tasks that depend on nothing, and one that takes them all.
    Wide,
    /// The same made at run time: a list, a task for each element, and one that takes them all.
    Map,
    /// Layers of a hundred tasks, each of which depends on three of the layer before, and one task that
    /// takes the last layer.
    Layers,
}

/// How many tasks are in a layer.
const WIDTH: usize = 100;

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chain => "chain",
            Self::Wide => "wide",
            Self::Map => "map",
            Self::Layers => "layers",
        })
    }
}

/// Tasks and what they depend on.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Where the inputs of each task begin, and at the end where those of the last one end.
    first: Vec<u32>,
    inputs: Vec<u32>,
}

impl Graph {
    /// A graph of about `size` tasks. What a map makes at run time is wide.
    ///
    /// # Panics
    ///
    /// If it would have no task, or more than four billion edges.
    pub fn new(shape: Shape, size: usize) -> Self {
        assert!(size > 0, "a graph has a task");
        let mut graph = Self {
            first: vec![0],
            inputs: Vec::new(),
        };
        match shape {
            Shape::Chain => (0..size).for_each(|task| graph.add(task.checked_sub(1))),
            Shape::Wide | Shape::Map => {
                (0..size).for_each(|_| graph.add(None));
                graph.add(0..size);
            }
            Shape::Layers => graph.add_layers(size.div_ceil(WIDTH)),
        }
        graph
    }

    fn add_layers(&mut self, layers: usize) {
        for layer in 0..layers {
            for at in 0..WIDTH {
                let before = layer.checked_sub(1).map(|before| before * WIDTH);
                let three = [0, 1, 7].map(|step| (at + step) % WIDTH);
                self.add(before.into_iter().flat_map(|b| three.map(|t| b + t)));
            }
        }
        self.add((layers - 1) * WIDTH..layers * WIDTH);
    }

    fn add(&mut self, inputs: impl IntoIterator<Item = usize>) {
        let small = |number| u32::try_from(number).expect("a graph has fewer edges");
        self.inputs.extend(inputs.into_iter().map(small));
        self.first.push(small(self.inputs.len()));
    }

    /// How many tasks there are.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.first.len() - 1
    }

    /// The tasks on which a task depends.
    pub fn inputs(&self, task: usize) -> &[u32] {
        &self.inputs[self.first[task] as usize..self.first[task + 1] as usize]
    }

    /// Which tasks take the value of each: where theirs begin, and all of them.
    pub(crate) fn outputs(&self) -> (Vec<u32>, Vec<u32>) {
        let mut first = vec![0; self.len() + 1];
        for input in &self.inputs {
            first[*input as usize + 1] += 1;
        }
        for task in 0..self.len() {
            first[task + 1] += first[task];
        }
        let (mut next, mut outputs) = (first.clone(), vec![0; self.inputs.len()]);
        for (task, number) in (0..self.len()).zip(0..) {
            for input in self.inputs(task) {
                let at = &mut next[*input as usize];
                outputs[*at as usize] = number;
                *at += 1;
            }
        }
        (first, outputs)
    }

    /// What a scheduler gives that runs it right.
    pub fn expected(&self) -> u64 {
        let mut values: Vec<u64> = Vec::with_capacity(self.len());
        for task in 0..self.len() {
            let inputs = self.inputs(task).iter();
            values.push(crate::body(inputs.map(|input| values[*input as usize])));
        }
        values[self.len() - 1]
    }
}
