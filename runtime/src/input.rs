//! Inputs: what a call of a task is given, and how its body reads it.
//!
//! An [`Input`] is written where the flow is declared and turned into a binding of the plan. When the
//! task runs, the engine makes a slot of every binding, and the body takes its arguments from there.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use crate::error::TaskError;
use crate::plan::{NodeId, ScopeId};
use crate::value::Value;

/// The future output of a task, or a parameter of the flow: what other tasks take as an input.
///
/// It is a mere number, so it is `Copy`; the value exists only when the flow runs.
pub struct Handle<T> {
    pub(crate) source: Source,
    output: PhantomData<fn() -> T>,
}

impl<T> Handle<T> {
    pub(crate) const fn new(source: Source) -> Self {
        Self {
            source,
            output: PhantomData,
        }
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Handle<T> {}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({:?})", self.source)
    }
}

/// Where a value comes from when the flow runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) origin: Origin,
    /// The part of the value that is meant, if it is not the whole.
    pub(crate) part: Option<PartId>,
}

impl Source {
    pub(crate) const fn whole(origin: Origin) -> Self {
        Self { origin, part: None }
    }

    /// The element that a loop is at, of its list number `at`.
    pub(crate) fn item(scope: ScopeId, at: usize) -> Self {
        let at = u8::try_from(at).expect("a loop goes over few lists in step");
        Self::whole(Origin::Item { scope, at })
    }

    pub(crate) const fn node(self) -> Option<NodeId> {
        match self.origin {
            Origin::Node(node) => Some(node),
            Origin::Parameter(_) | Origin::Item { .. } | Origin::Gathered(_) => None,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Node(node) => write!(f, "{node:?}")?,
            Origin::Parameter(at) => write!(f, "parameter {at}")?,
            Origin::Item { scope, at } => write!(f, "item {at} of loop {}", scope.0)?,
            Origin::Gathered(at) => write!(f, "list {at}")?,
        }
        self.part
            .map_or(Ok(()), |part| write!(f, " part {}", part.0))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Node(NodeId),
    /// The flow's parameter with this number.
    Parameter(u32),
    /// The element of list number `at` that a loop is at.
    Item {
        scope: ScopeId,
        at: u8,
    },
    /// The list of what the runs of a loop gave, by its place in the plan.
    Gathered(u32),
}

/// One step from a value to what is read of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Part(fn(&dyn Any) -> &dyn Any),
    Item(fn(&dyn Any, usize) -> Option<&dyn Any>, usize),
}

/// A part of a value, by its place in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartId(pub(crate) u32);

/// One projection: `get` takes the part out of the whole value, or out of the part `of`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) of: Option<PartId>,
    pub(crate) get: fn(&dyn Any) -> &dyn Any,
}

/// An input of a task: a constant `T`, or the output of other tasks.
///
/// It is made by [`input`] from a value, a handle, or an array of handles for a `Vec`.
pub struct Input<T>(Repr<T>);

enum Repr<T> {
    Constant(T),
    Output(Source),
    Spread {
        source: Source,
        each: Adapt,
        whole: Adapt,
    },
    Adapted {
        sources: Vec<Source>,
        adapt: Adapt,
        optional: bool,
    },
}

/// Makes the input's value of what its upstreams gave.
pub(crate) type Adapt = fn(Vec<Upstream>) -> Result<Value, TaskError>;

/// What one upstream gave: its value, or why there is none.
pub(crate) type Upstream = Result<Reading, TaskError>;

/// Makes an input of a constant or of handles.
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
///
/// #[task]
/// fn add(x: i64, y: i64) -> i64 {
///     x + y
/// }
///
/// let mut flow = Flow::builder("by hand");
/// let three = flow.add(add { x: input(1), y: input(2) });
/// flow.add(add { x: input(three), y: input(three) });
/// ```
pub fn input<T>(value: impl IntoInput<T>) -> Input<T> {
    value.into_input()
}

/// What can be the input of a task that takes a `T`.
///
/// * a `T` itself, evaluated once, where the flow is declared;
/// * a [`Handle<T>`], and for an `Option<T>` or a `Result<T, TaskError>` the handle of an upstream
///   that may give no value;
/// * for a `Vec<Option<T>>` or a `Vec<Result<T, TaskError>>` the handle of a loop's list, some of whose
///   elements may have none;
/// * an array of handles for a `Vec<T>`, a tuple of handles for a tuple;
/// * a string literal for a `String`.
#[diagnostic::on_unimplemented(
    message = "a task that takes `{T}` cannot be given `{Self}`",
    label = "expected `{T}`, or the output of a task that returns it"
)]
pub trait IntoInput<T> {
    /// The input.
    fn into_input(self) -> Input<T>;
}

impl<T> IntoInput<T> for T {
    fn into_input(self) -> Input<T> {
        Input(Repr::Constant(self))
    }
}

impl<T> IntoInput<T> for Handle<T> {
    fn into_input(self) -> Input<T> {
        Input(Repr::Output(self.source))
    }
}

#[diagnostic::do_not_recommend]
impl IntoInput<String> for &str {
    fn into_input(self) -> Input<String> {
        Input(Repr::Constant(self.to_owned()))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> IntoInput<Option<T>> for Handle<T> {
    fn into_input(self) -> Input<Option<T>> {
        Input::optional(self, |mut upstreams| {
            let value = upstreams.remove(0).ok();
            Ok(Value::new(value.map(Reading::take::<T>)))
        })
    }
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> IntoInput<Result<T, TaskError>> for Handle<T> {
    fn into_input(self) -> Input<Result<T, TaskError>> {
        Input::optional(self, |mut upstreams| {
            let value = upstreams.remove(0);
            Ok(Value::new(value.map(Reading::take::<T>)))
        })
    }
}

/// What came of each run of a loop: the values of some, and the errors of others.
#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> IntoInput<Vec<Result<T, TaskError>>> for Handle<Vec<T>> {
    fn into_input(self) -> Input<Vec<Result<T, TaskError>>> {
        Input(Repr::Spread {
            source: self.source,
            each: |upstreams| {
                let values = upstreams.into_iter().map(|up| up.map(Reading::take::<T>));
                Ok(Value::new(values.collect::<Vec<_>>()))
            },
            whole: |mut upstreams| {
                let values = upstreams.remove(0)?.take::<Vec<T>>();
                Ok(Value::new(
                    values
                        .into_iter()
                        .map(Ok::<T, TaskError>)
                        .collect::<Vec<_>>(),
                ))
            },
        })
    }
}

/// What came of each run of a loop that gave a value.
#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> IntoInput<Vec<Option<T>>> for Handle<Vec<T>> {
    fn into_input(self) -> Input<Vec<Option<T>>> {
        Input(Repr::Spread {
            source: self.source,
            each: |upstreams| {
                let values = upstreams
                    .into_iter()
                    .map(|up| up.ok().map(Reading::take::<T>));
                Ok(Value::new(values.collect::<Vec<_>>()))
            },
            whole: |mut upstreams| {
                let values = upstreams.remove(0)?.take::<Vec<T>>();
                Ok(Value::new(values.into_iter().map(Some).collect::<Vec<_>>()))
            },
        })
    }
}

impl<T> Input<T> {
    /// An input whose upstream may give no value.
    fn optional<U>(handle: Handle<U>, adapt: Adapt) -> Self {
        Self(Repr::Adapted {
            sources: vec![handle.source],
            adapt,
            optional: true,
        })
    }

    /// An input made of the values of several upstreams.
    pub(crate) fn gathered(sources: Vec<Source>, adapt: Adapt) -> Self {
        Self(Repr::Adapted {
            sources,
            adapt,
            optional: false,
        })
    }
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static, const N: usize> IntoInput<Vec<T>> for [Handle<T>; N] {
    fn into_input(self) -> Input<Vec<T>> {
        let sources = self.iter().map(|handle| handle.source).collect();
        let adapt: Adapt = |upstreams| {
            let values = upstreams.into_iter().map(|up| up.map(Reading::take::<T>));
            Ok(Value::new(values.collect::<Result<Vec<T>, _>>()?))
        };
        Input::gathered(sources, adapt)
    }
}

impl<T: fmt::Debug> fmt::Debug for Input<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Constant(value) => f.debug_tuple("Constant").field(value).finish(),
            Repr::Output(source) => f.debug_tuple("Output").field(source).finish(),
            Repr::Spread { source, .. } => f.debug_tuple("Spread").field(source).finish(),
            Repr::Adapted { sources, .. } => f.debug_tuple("Adapted").field(sources).finish(),
        }
    }
}

/// Where the inputs of one call are handed over, in the order of the function's parameters.
#[derive(Debug, Default)]
pub struct Bindings(pub(crate) Vec<Binding>);

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
        self.0.push(match input.0 {
            Repr::Constant(value) => Binding::Constant(Value::new(value)),
            Repr::Output(source) => Binding::Output { source, owned },
            Repr::Spread {
                source,
                each,
                whole,
            } => Binding::Spread {
                source,
                each,
                whole,
            },
            Repr::Adapted {
                sources,
                adapt,
                optional,
            } => Binding::Adapted {
                sources,
                adapt,
                optional,
            },
        });
    }
}

/// One input in the plan.
#[derive(Clone)]
pub(crate) enum Binding {
    Constant(Value),
    /// The value itself. `owned`: the body takes it by value, so its last reader may have it.
    Output {
        source: Source,
        owned: bool,
    },
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
    pub(crate) fn optional(source: Source, adapt: Adapt) -> Self {
        Self::Adapted {
            sources: vec![source],
            adapt,
            optional: true,
        }
    }

    /// The sources that the input reads.
    pub(crate) fn sources(&self) -> &[Source] {
        match self {
            Self::Constant(_) | Self::Choice { .. } => &[],
            Self::Output { source, .. } | Self::Spread { source, .. } => {
                std::slice::from_ref(source)
            }
            Self::Adapted { sources, .. } => sources,
        }
    }

    /// The sources of which the input reads one: that of the arm that was taken.
    pub(crate) fn chosen(&self) -> impl Iterator<Item = &Source> {
        let arms = match self {
            Self::Choice { arms, .. } => &**arms,
            _ => &[],
        };
        arms.iter().flatten()
    }

    /// Tells whether the task cannot do without the values of the sources.
    pub(crate) const fn is_required(&self) -> bool {
        !matches!(
            self,
            Self::Adapted { optional: true, .. } | Self::Spread { .. }
        )
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

/// A value as one reader sees it: whole, or what some steps lead to.
pub(crate) struct Reading {
    value: Value,
    steps: Vec<Step>,
}

impl Reading {
    pub(crate) const fn whole(value: Value) -> Self {
        Self {
            value,
            steps: Vec::new(),
        }
    }

    pub(crate) const fn at(value: Value, steps: Vec<Step>) -> Self {
        Self { value, steps }
    }

    /// Goes further from where the reading is.
    pub(crate) fn steps(&mut self) -> &mut Vec<Step> {
        &mut self.steps
    }

    /// What is read; `None` if a list is shorter than it was.
    pub(crate) fn any(&self) -> Option<&dyn Any> {
        let whole: &dyn Any = self.value.as_any();
        self.steps.iter().try_fold(whole, |value, step| match step {
            Step::Part(get) => Some(get(value)),
            Step::Item(get, at) => get(value, *at),
        })
    }

    /// The value, if it is a `T`.
    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.any()?.downcast_ref()
    }

    /// The value itself, cloned where others still hold it.
    ///
    /// # Panics
    ///
    /// If the value is no `T`, which the types of handles and the engine rule out.
    pub(crate) fn take<T: Clone + Send + Sync + 'static>(self) -> T {
        match self.steps.is_empty() {
            true => self.value.into_inner(),
            false => self.get().cloned(),
        }
        .expect("an input has the type of its handle")
    }
}

/// The input of an attempt, before its body reads it.
pub(crate) enum Slot {
    Value(Reading),
    Adapted {
        upstreams: Vec<Result<Self, TaskError>>,
        adapt: Adapt,
    },
}

impl Slot {
    /// Adapts what has to be adapted, which may run code of the user: `Clone` of a value.
    pub(crate) fn read(self) -> Upstream {
        match self {
            Self::Value(reading) => Ok(reading),
            Self::Adapted { upstreams, adapt } => {
                let read = |slot: Result<Self, _>| slot.and_then(Self::read);
                adapt(upstreams.into_iter().map(read).collect()).map(Reading::whole)
            }
        }
    }
}

/// The arguments of one attempt of a task, in the order of the function's parameters.
pub struct Inputs(Vec<Option<Reading>>);

impl Inputs {
    pub(crate) fn new(slots: Vec<Slot>) -> Result<Self, TaskError> {
        slots
            .into_iter()
            .map(|slot| slot.read().map(Some))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Takes argument number `at` as it is.
    pub(crate) fn reading(&mut self, at: usize) -> Option<Reading> {
        self.0.get_mut(at)?.take()
    }

    /// Takes argument number `at`, once.
    ///
    /// # Panics
    ///
    /// If it was taken before, or is no `T`: generated code does neither.
    pub fn take<T: Clone + Send + Sync + 'static>(&mut self, at: usize) -> T {
        self.0[at].take().expect("an argument is taken once").take()
    }

    /// Borrows argument number `at` as the function's parameter wants it.
    ///
    /// # Panics
    ///
    /// If it was taken, or is of another type: generated code does neither.
    pub fn borrow<T: Borrowed<Stored: 'static> + ?Sized>(&self, at: usize) -> &T {
        let reading = self.0[at]
            .as_ref()
            .expect("a borrowed argument is never taken");
        T::borrow(reading.get().expect("an input has the type of its handle"))
    }
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inputs({})", self.0.len())
    }
}

/// What a task may borrow, and the type in which it is stored: `str` is stored as a `String`.
pub trait Borrowed {
    /// The stored type.
    type Stored;

    /// Borrows the stored value.
    fn borrow(stored: &Self::Stored) -> &Self;
}

impl<T> Borrowed for T {
    type Stored = T;

    fn borrow(stored: &T) -> &T {
        stored
    }
}

impl Borrowed for str {
    type Stored = String;

    fn borrow(stored: &String) -> &Self {
        stored
    }
}

impl<T> Borrowed for [T] {
    type Stored = Vec<T>;

    fn borrow(stored: &Vec<T>) -> &Self {
        stored
    }
}

impl Borrowed for Path {
    type Stored = PathBuf;

    fn borrow(stored: &PathBuf) -> &Self {
        stored
    }
}
