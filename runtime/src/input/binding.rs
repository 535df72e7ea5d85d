//! Inputs in the plan: where their values come from.

use std::fmt;

use super::{Adapt, Input, Origin, Repr, Source};
use crate::plan::{ArmId, EdgeKind, NodeId};
use crate::value::Value;

/// Where the inputs of one call are handed over, in the order of the function's parameters.
#[derive(Debug, Default)]
pub struct Bindings {
    all: Vec<Binding>,
    constants: Vec<Value>,
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
            Repr::Output(source) => self.add(Binding::Output { source, owned }),
            Repr::Spread {
                source,
                each,
                whole,
            } => self.add(Binding::Several(Box::new(Several::Spread {
                source,
                each,
                whole,
            }))),
            Repr::Adapted {
                sources,
                adapt,
                optional,
            } => self.adapted(sources, adapt, optional),
        }
    }

    fn add(&mut self, binding: Binding) {
        self.all.push(binding);
    }

    pub(crate) fn constant(&mut self, value: Value) {
        let at = u32::try_from(self.constants.len()).expect("a flow has fewer than 2^32 constants");
        self.constants.push(value);
        self.add(Binding::Constant(at));
    }

    pub(crate) fn adapted(&mut self, sources: Vec<Source>, adapt: Adapt, optional: bool) {
        self.add(Binding::Several(Box::new(Several::Adapted {
            sources,
            adapt,
            optional,
        })));
    }

    pub(crate) fn choice(&mut self, branch: NodeId, arms: Vec<Option<Source>>) {
        self.add(Binding::Several(Box::new(Several::Choice { branch, arms })));
    }

    /// Adds the inputs of another call.
    pub(crate) fn append(&mut self, other: Self) {
        let mut constants = other.constants.into_iter();
        for binding in other.all {
            match binding {
                // They are in the order of the bindings.
                Binding::Constant(_) => {
                    if let Some(value) = constants.next() {
                        self.constant(value);
                    }
                }
                binding => self.add(binding),
            }
        }
    }

    pub(crate) fn value(&self, constant: u32) -> &Value {
        &self.constants[constant as usize]
    }

    pub(crate) fn all(&self) -> &[Binding] {
        &self.all
    }

    pub(crate) fn pop(&mut self) -> Option<Binding> {
        self.all.pop()
    }
}

/// One input in the plan: where its value comes from.
pub(crate) enum Binding {
    /// A constant of the plan, by its place there.
    Constant(u32),
    /// The value itself. `owned`: the body takes it by value, so its last reader may have it.
    Output {
        source: Source,
        owned: bool,
    },
    Several(Box<Several>),
}

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
    Choice {
        branch: NodeId,
        arms: Vec<Option<Source>>,
    },
}

impl Binding {
    /// The sources that the input reads; of the arms of a branch it reads one.
    pub(crate) fn sources(&self) -> &[Source] {
        match self {
            Self::Constant(_) => &[],
            Self::Output { source, .. } => std::slice::from_ref(source),
            Self::Several(several) => match &**several {
                Several::Choice { .. } => &[],
                Several::Spread { source, .. } => std::slice::from_ref(source),
                Several::Adapted { sources, .. } => sources,
            },
        }
    }

    /// Edge number `at` that follows from the input, from its source if it has one.
    pub(crate) fn edge(&self, at: usize) -> Option<(Option<Source>, EdgeKind)> {
        if let Self::Several(several) = self
            && let Several::Choice { branch, arms } = &**several
        {
            return match at.checked_sub(1) {
                None => Some((Some(Source::whole(Origin::Node(*branch))), EdgeKind::Whole)),
                Some(arm) => {
                    let source = *arms.get(arm)?;
                    let arm = ArmId::new(u32::try_from(arm).ok()?);
                    Some((source, EdgeKind::Choice { arm }))
                }
            };
        }
        Some((Some(*self.sources().get(at)?), EdgeKind::Whole))
    }

    /// Tells whether the task cannot do without the values of the sources.
    pub(crate) fn is_required(&self) -> bool {
        match self {
            Self::Constant(_) | Self::Output { .. } => true,
            Self::Several(several) => !matches!(
                **several,
                Several::Adapted { optional: true, .. } | Several::Spread { .. }
            ),
        }
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(_) => f.write_str("constant"),
            Self::Output {
                source,
                owned: true,
            } => write!(f, "{source:?}"),
            Self::Output {
                source,
                owned: false,
            } => write!(f, "&{source:?}"),
            Self::Several(several) => several.fmt(f),
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
