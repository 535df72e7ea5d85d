//! Inputs: what a call of a task is given, and how its body reads it.
//!
//! An [`Input`] is written where the flow is declared and turned into a binding of the plan. When the
//! task runs, the engine makes a slot of every binding, and the body takes its arguments from there.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZero;
use std::path::{Path, PathBuf};

use crate::error::TaskError;
use crate::plan::{ArmId, EdgeKind, NodeId, ScopeId};
use crate::value::{Plain, Value};

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

    /// The node whose whole output is meant.
    pub(crate) const fn whole_node(self) -> Option<NodeId> {
        match self.part {
            None => self.node(),
            Some(_) => None,
        }
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
            Origin::Item { scope, at } => write!(f, "item {at} of loop {}", scope.index())?,
            Origin::Gathered(at) => write!(f, "list {at}")?,
        }
        self.part
            .map_or(Ok(()), |part| write!(f, " part {}", part.index()))
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
pub(crate) struct PartId(NonZero<u32>);

impl PartId {
    pub(crate) fn new(index: usize) -> Self {
        let number = u32::try_from(index + 1).ok().and_then(NonZero::new);
        Self(number.expect("a flow has fewer than 2^32 parts"))
    }

    pub(crate) const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

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
pub(crate) type Adapt = fn(&mut dyn Iterator<Item = Upstream>) -> Result<Value, TaskError>;

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
        Input::optional(self, |upstreams| {
            let value = next(upstreams).ok();
            Ok(Value::new(value.map(Reading::take::<T>)))
        })
    }
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> IntoInput<Result<T, TaskError>> for Handle<T> {
    fn into_input(self) -> Input<Result<T, TaskError>> {
        Input::optional(self, |upstreams| {
            let value = next(upstreams);
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
                let values = upstreams.map(|up| up.map(Reading::take::<T>));
                Ok(Value::new(values.collect::<Vec<_>>()))
            },
            whole: |upstreams| {
                let values = next(upstreams)?.take::<Vec<T>>();
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
                let values = upstreams.map(|up| up.ok().map(Reading::take::<T>));
                Ok(Value::new(values.collect::<Vec<_>>()))
            },
            whole: |upstreams| {
                let values = next(upstreams)?.take::<Vec<T>>();
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
        Vec::from(self).into_input()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> IntoInput<Vec<T>> for Vec<Handle<T>> {
    fn into_input(self) -> Input<Vec<T>> {
        let sources = self.iter().map(|handle| handle.source).collect();
        Input::gathered(sources, list::<T>)
    }
}

/// The list of what the upstreams gave, if all of them gave something.
pub(crate) fn list<T: Clone + Send + Sync + 'static>(
    upstreams: &mut dyn Iterator<Item = Upstream>,
) -> Result<Value, TaskError> {
    let mut values = Vec::with_capacity(upstreams.size_hint().1.unwrap_or(0));
    for upstream in upstreams {
        values.push(upstream?.take::<T>());
    }
    Ok(Value::new(values))
}

/// What the next upstream gave.
pub(crate) fn next(upstreams: &mut dyn Iterator<Item = Upstream>) -> Upstream {
    upstreams
        .next()
        .unwrap_or_else(|| Err(TaskError::new("an input has no upstream")))
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
                Binding::Constant(_) => constants
                    .by_ref()
                    .take(1)
                    .for_each(|value| self.constant(value)),
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

/// A value as one reader sees it: whole, or what some steps lead to.
pub(crate) struct Reading {
    value: Value,
    last: Option<Box<Way>>,
}

/// The way from a value to what is read of it, from its end.
struct Way {
    before: Option<Box<Self>>,
    step: Step,
}

impl Way {
    fn from<'a>(&self, value: &'a dyn Any) -> Option<&'a dyn Any> {
        let value = match &self.before {
            Some(before) => before.from(value)?,
            None => value,
        };
        match self.step {
            Step::Part(get) => Some(get(value)),
            Step::Item(get, at) => get(value, at),
        }
    }
}

impl Reading {
    pub(crate) const fn whole(value: Value) -> Self {
        Self { value, last: None }
    }

    /// Goes one step further from where the reading is.
    pub(crate) fn step(&mut self, step: Step) {
        let before = self.last.take();
        self.last = Some(Box::new(Way { before, step }));
        // What is copied anyway need not keep alive what it is part of.
        if let Some(plain) = self.any().and_then(Plain::of) {
            *self = Self::whole(Value::Plain(plain));
        }
    }

    /// What is read; `None` if a list is shorter than it was.
    pub(crate) fn any(&self) -> Option<&dyn Any> {
        let whole: &dyn Any = self.value.as_any();
        match &self.last {
            None => Some(whole),
            Some(way) => way.from(whole),
        }
    }

    /// The value, if it is a `T`.
    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        match self.last {
            None => self.value.get(),
            Some(_) => self.any()?.downcast_ref(),
        }
    }

    /// The value itself, cloned where others still hold it.
    ///
    /// # Panics
    ///
    /// If the value is no `T`, which the types of handles and the engine rule out.
    pub(crate) fn take<T: Clone + Send + Sync + 'static>(self) -> T {
        match self.last {
            None => self.value.into_inner(),
            Some(_) => self.get().cloned(),
        }
        .expect("an input has the type of its handle")
    }
}

/// The input of an attempt, before its body reads it.
pub(crate) enum Slot {
    Value(Reading),
    Adapted(Box<Adapted>),
    /// The body has taken it.
    Taken,
}

/// What several upstreams gave, and what makes one value of it.
pub(crate) struct Adapted {
    upstreams: Vec<Result<Slot, TaskError>>,
    adapt: Adapt,
}

impl Slot {
    pub(crate) const fn whole(value: Value) -> Self {
        Self::Value(Reading::whole(value))
    }

    /// The input that `adapt` makes of plain values: at once, because that runs no code of the user.
    ///
    /// It answers nothing if one of the values is not plain.
    pub(crate) fn adapted_now<P>(plains: &P, adapt: Adapt) -> Option<Result<Self, TaskError>>
    where
        P: Iterator<Item = Option<Plain>> + Clone,
    {
        if plains.clone().any(|plain| plain.is_none()) {
            return None;
        }
        let mut readings = plains
            .clone()
            .flatten()
            .map(|plain| Ok(Reading::whole(Value::Plain(plain))));
        Some(adapt(&mut readings).map(Self::whole))
    }

    /// The input that `adapt` makes of `upstreams` when it is read.
    pub(crate) fn adapted(upstreams: Vec<Result<Self, TaskError>>, adapt: Adapt) -> Self {
        Self::Adapted(Box::new(Adapted { upstreams, adapt }))
    }

    /// Adapts what has to be adapted, which may run code of the user: `Clone` of a value.
    pub(crate) fn read(self) -> Upstream {
        match self {
            Self::Value(reading) => Ok(reading),
            Self::Adapted(adapted) => {
                let Adapted { upstreams, adapt } = *adapted;
                let read = |slot: Result<Self, _>| slot.and_then(Self::read);
                adapt(&mut upstreams.into_iter().map(read)).map(Reading::whole)
            }
            Self::Taken => Err(TaskError::new("an argument is taken once")),
        }
    }
}

/// The arguments of one attempt of a task, in the order of the function's parameters.
#[derive(Default)]
pub struct Inputs(Vec<Slot>);

impl Inputs {
    pub(crate) fn push(&mut self, slot: Slot) {
        self.0.push(slot);
    }

    #[inline]
    pub(crate) fn push_plain(&mut self, plain: Plain) {
        self.0.push(Slot::whole(Value::Plain(plain)));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Slot> {
        self.0.drain(..)
    }

    /// Adapts what has to be adapted, which may run code of the user.
    ///
    /// # Errors
    ///
    /// Why one of the inputs has no value.
    pub(crate) fn adapt(&mut self) -> Result<(), TaskError> {
        for slot in &mut self.0 {
            if let Slot::Adapted(_) = slot {
                *slot = Slot::Value(std::mem::replace(slot, Slot::Taken).read()?);
            }
        }
        Ok(())
    }

    /// Takes argument number `at` as it is.
    pub(crate) fn reading(&mut self, at: usize) -> Option<Reading> {
        match std::mem::replace(self.0.get_mut(at)?, Slot::Taken) {
            Slot::Value(reading) => Some(reading),
            Slot::Adapted(_) | Slot::Taken => None,
        }
    }

    /// Takes argument number `at`, once.
    ///
    /// # Panics
    ///
    /// If it was taken before, or is no `T`: generated code does neither.
    pub fn take<T: Clone + Send + Sync + 'static>(&mut self, at: usize) -> T {
        // What is copied may stay where it is.
        if let Some(Slot::Value(Reading {
            value: plain @ Value::Plain(_),
            last: None,
        })) = self.0.get(at)
            && let Some(value) = plain.get::<T>()
        {
            return value.clone();
        }
        let reading = self.reading(at).expect("an argument is taken once");
        reading.take()
    }

    /// Borrows argument number `at` as the function's parameter wants it.
    ///
    /// # Panics
    ///
    /// If it was taken, or is of another type: generated code does neither.
    pub fn borrow<T: Borrowed<Stored: 'static> + ?Sized>(&self, at: usize) -> &T {
        let Some(Slot::Value(reading)) = self.0.get(at) else {
            panic!("a borrowed argument is never taken");
        };
        T::borrow(reading.get().expect("an input has the type of its handle"))
    }
}

impl Extend<Slot> for Inputs {
    fn extend<I: IntoIterator<Item = Slot>>(&mut self, slots: I) {
        self.0.extend(slots);
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
