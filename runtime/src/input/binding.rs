//! Inputs in the plan: where their values come from.

use std::fmt;

use super::{Adapt, Input, Origin, Repr, Source};
use crate::plan::{ArmId, EdgeKind, NodeId};
use crate::value::Value;

/// Where the inputs of one call are handed over, in the order of the function's parameters.
#[derive(Default)]
pub struct Bindings {
    all: Vec<Binding>,
    constants: Vec<Value>,
    sources: Vec<Source>,
    several: Vec<Several>,
}

impl Bindings {
    /// Adds an input that the body takes by value.
    pub fn owned<T: Clone + Send + Sync + 'static>(&mut self, input: Input<T>) {
        self.push(input, true);
    }

    /// Adds an input that the body borrows.
    pub fn shared<T: Send + Sync + 'static>(&mut self, input: Input<T>) {
        self.push(input, false);
    }

    fn push<T: Send + Sync + 'static>(&mut self, input: Input<T>, owned: bool) {
        match input.0 {
            Repr::Constant(value) => self.constant(Value::new(value)),
            Repr::Output(source) => self.output(source, owned),
            Repr::Several(several) => self.made_of(several),
        }
    }

    pub(crate) fn constant(&mut self, value: Value) {
        self.all.push(Binding::Constant(number(&self.constants)));
        self.constants.push(value);
    }

    fn output(&mut self, source: Source, owned: bool) {
        if let Some(node) = source.whole_node() {
            self.all.push(Binding::Output { node, owned });
        } else {
            self.all.push(Binding::Source(number(&self.sources)));
            self.sources.push(source);
        }
    }

    fn made_of(&mut self, several: Several) {
        self.all.push(Binding::Several(number(&self.several)));
        self.several.push(several);
    }

    pub(crate) fn adapted(&mut self, sources: Vec<Source>, adapt: Adapt, optional: bool) {
        self.made_of(Several::Adapted {
            sources,
            adapt,
            optional,
        });
    }

    pub(crate) fn choice(&mut self, branch: NodeId, arms: Vec<Source>) {
        self.made_of(Several::Choice { branch, arms });
    }

    /// Adds the inputs of another call.
    pub(crate) fn append(&mut self, other: Self) {
        let moved = |binding| match binding {
            Binding::Constant(at) => Binding::Constant(at + number(&self.constants)),
            Binding::Source(at) => Binding::Source(at + number(&self.sources)),
            Binding::Several(at) => Binding::Several(at + number(&self.several)),
            output @ Binding::Output { .. } => output,
        };
        self.all.extend(other.all.into_iter().map(moved));
        self.constants.extend(other.constants);
        self.sources.extend(other.sources);
        self.several.extend(other.several);
    }

    pub(crate) fn all(&self) -> &[Binding] {
        &self.all
    }

    pub(crate) fn pop(&mut self) -> Option<Binding> {
        self.all.pop()
    }

    /// A constant, by its place.
    pub(crate) fn value(&self, at: u32) -> &Value {
        &self.constants[at as usize]
    }

    /// A source that is not the whole output of a task, by its place.
    pub(crate) fn source(&self, at: u32) -> Source {
        self.sources[at as usize]
    }

    /// What an input is made of, by its place.
    pub(crate) fn several(&self, at: u32) -> &Several {
        &self.several[at as usize]
    }

    /// The sources that an input reads; of the arms of a branch it reads one.
    pub(crate) fn sources(&self, binding: Binding) -> impl Iterator<Item = Source> {
        let (one, many) = match binding {
            Binding::Constant(_) => (None, &[][..]),
            Binding::Output { node, .. } => (Some(Source::whole(Origin::Node(node))), &[][..]),
            Binding::Source(at) => (Some(self.source(at)), &[][..]),
            Binding::Several(at) => match self.several(at) {
                Several::Choice { .. } => (None, &[][..]),
                Several::Spread { source, .. } => (Some(*source), &[][..]),
                Several::Adapted { sources, .. } => (None, &**sources),
            },
        };
        one.into_iter().chain(many.iter().copied())
    }

    /// The sources for which a task with this input waits: of a branch all its arms.
    pub(crate) fn awaited(&self, binding: Binding) -> impl Iterator<Item = (Source, EdgeKind)> {
        let (branch, arms) = match binding {
            Binding::Several(at) if let Several::Choice { branch, arms } = self.several(at) => {
                (Some(Source::whole(Origin::Node(*branch))), &**arms)
            }
            _ => (None, &[][..]),
        };
        let arms = (0..).zip(arms).map(|(arm, source)| {
            let arm = ArmId::new(arm);
            (*source, EdgeKind::Choice { arm })
        });
        let whole = self.sources(binding).chain(branch);
        whole.map(|source| (source, EdgeKind::Whole)).chain(arms)
    }

    /// An input as text.
    pub(crate) fn show(&self, binding: Binding) -> impl fmt::Debug {
        Shown(self, binding)
    }

    /// Tells whether the task cannot do without the values of an input's sources.
    pub(crate) fn is_required(&self, binding: Binding) -> bool {
        match binding {
            Binding::Several(at) => !matches!(
                self.several(at),
                Several::Adapted { optional: true, .. } | Several::Spread { .. }
            ),
            _ => true,
        }
    }
}

/// The number that the next one of a list will have.
fn number<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).expect("a flow has fewer than 2^32 inputs")
}

/// One input in the plan: where its value comes from. What does not fit in eight bytes is found by its place in
/// a list: a flow of a million tasks has millions of inputs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Binding {
    /// A constant.
    Constant(u32),
    /// The whole output of a task. `owned`: the body takes it by value, so its last reader may have it.
    Output {
        node: NodeId,
        owned: bool,
    },
    /// Another source: a part of an output, a parameter, the element or the list of a loop.
    Source(u32),
    Several(u32),
}

const _: () = assert!(size_of::<Binding>() == 8);

/// An input that is made of what upstreams gave.
pub(crate) enum Several {
    /// What `adapt` makes of several upstreams, or, if `optional`, of one that may give no value.
    Adapted {
        sources: Vec<Source>,
        adapt: Adapt,
        optional: bool,
    },
    /// What `each` makes of the runs of a loop, some of which may have failed; of a list that no loop
    /// gave, what `whole` makes.
    Spread {
        source: Source,
        each: Adapt,
        whole: Adapt,
    },
    /// The source of the arm that was taken.
    Choice { branch: NodeId, arms: Vec<Source> },
}

impl fmt::Debug for Bindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.all.iter().map(|binding| self.show(*binding));
        f.debug_list().entries(all).finish()
    }
}

/// An input, and the lists in which it is explained.
struct Shown<'a>(&'a Bindings, Binding);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bindings, binding) = *self;
        match binding {
            Binding::Constant(_) => f.write_str("constant"),
            Binding::Output { node, owned: true } => node.fmt(f),
            Binding::Output { node, owned: false } => write!(f, "&{node:?}"),
            Binding::Source(at) => bindings.source(at).fmt(f),
            Binding::Several(at) => bindings.several(at).fmt(f),
        }
    }
}

impl fmt::Debug for Several {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Adapted {
                sources,
                optional: true,
                ..
            } => write!(f, "optional {sources:?}"),
            Self::Adapted { sources, .. } => write!(f, "{sources:?}"),
            Self::Spread { source, .. } => write!(f, "each of {source:?}"),
            Self::Choice { branch, arms } => write!(f, "{branch:?} chooses {arms:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Handle, PartId, input};

    /// One input of each kind: a constant, an output, a part of it, and what may be absent.
    fn inputs(constant: i64, node: u32, bindings: &mut Bindings) {
        let source = Source::whole(Origin::Node(NodeId(node)));
        let part = Some(PartId::new(node as usize));
        let part = Handle::<i64>::new(Source { part, ..source });
        let output = Handle::<i64>::new(source);
        bindings.owned::<i64>(input(constant));
        bindings.owned::<i64>(input(output));
        bindings.owned::<i64>(input(part));
        bindings.owned::<Option<i64>>(input(output));
    }

    #[test]
    fn the_inputs_of_another_call_stay_what_they_are() {
        let (mut bindings, mut others) = (Bindings::default(), Bindings::default());
        inputs(1, 1, &mut bindings);
        inputs(2, 2, &mut others);
        bindings.append(others);
        assert_eq!(
            format!("{bindings:?}"),
            "[constant, #1, #1 part 1, optional [#1], constant, #2, #2 part 2, optional [#2]]"
        );
        let constants = bindings.all().iter().filter_map(|binding| match *binding {
            Binding::Constant(at) => bindings.value(at).get::<i64>(),
            _ => None,
        });
        assert_eq!(constants.collect::<Vec<_>>(), [&1, &2]);
    }
}
