//! Joins for schedulers whose tasks take few inputs.

/// How many inputs a task of theirs takes.
pub(crate) const MOST: usize = 8;

/// Joins eight at a time, until one is left. What is missing to eight is `None`.
pub(crate) fn tree<N: Copy>(mut nodes: Vec<N>, mut join: impl FnMut([Option<N>; MOST]) -> N) -> N {
    while nodes.len() > 1 {
        let parts = nodes.chunks(MOST);
        nodes = parts
            .map(|part| match part {
                [node] => *node,
                _ => join(std::array::from_fn(|at| part.get(at).copied())),
            })
            .collect();
    }
    nodes[0]
}
