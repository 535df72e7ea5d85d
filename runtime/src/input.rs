//! Inputs: what a call of a task is given, and how its body reads it.
//!
//! An [`Input`] is written where the flow is declared and turned into a binding of the plan. When the
//! task runs, the engine makes a slot of every binding, and the body takes its arguments from there.

mod binding;
mod inputs;
mod reading;

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZero;

pub use self::binding::Bindings;
pub(crate) use self::binding::{Binding, Several};
pub use self::inputs::{Borrowed, Inputs};
pub(crate) use self::inputs::{InputQueue, Share};
pub(crate) use self::reading::{Reading, Slot, Upstreams};
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
    Several(Several),
}

/// Makes the input's value of what its upstreams gave.
pub(crate) type Adapt = fn(&mut Upstreams<'_>) -> Result<Value, TaskError>;

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
/// * an array or a boxed slice of handles for a `Vec<T>`, a tuple of handles for a tuple;
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
        Input::several(Several::Spread {
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
        Input::several(Several::Spread {
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
    fn several(several: Several) -> Self {
        Self(Repr::Several(several))
    }

    /// An input whose upstream may give no value.
    fn optional<U>(handle: Handle<U>, adapt: Adapt) -> Self {
        Self::several(Several::Adapted {
            sources: vec![handle.source],
            adapt,
            optional: true,
        })
    }

    /// An input made of the values of several upstreams.
    pub(crate) fn gathered(sources: Vec<Source>, adapt: Adapt) -> Self {
        Self::several(Several::Adapted {
            sources,
            adapt,
            optional: false,
        })
    }
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static, const N: usize> IntoInput<Vec<T>> for [Handle<T>; N] {
    fn into_input(self) -> Input<Vec<T>> {
        Box::<[Handle<T>]>::from(self).into_input()
    }
}

/// A boxed slice and no `Vec`: what an empty `vec![]` is meant to be would not be known any more.
#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> IntoInput<Vec<T>> for Box<[Handle<T>]> {
    fn into_input(self) -> Input<Vec<T>> {
        let handles = self.into_vec().into_iter();
        let sources = handles.map(|handle| handle.source).collect();
        Input::gathered(sources, list::<T>)
    }
}

/// The list of what the upstreams gave, if all of them gave something.
pub(crate) fn list<T: Clone + Send + Sync + 'static>(
    upstreams: &mut Upstreams<'_>,
) -> Result<Value, TaskError> {
    let plains = upstreams.take_plains();
    let mut values = Vec::with_capacity(plains.len() + upstreams.size_hint().0);
    for plain in plains {
        let value = plain.get::<T>().cloned();
        values.push(value.expect("an input has the type of its handle"));
    }
    for upstream in upstreams {
        values.push(upstream?.take::<T>());
    }
    Ok(Value::new(values))
}

/// What the next upstream gave.
pub(crate) fn next(upstreams: &mut Upstreams<'_>) -> Upstream {
    upstreams
        .next()
        .unwrap_or_else(|| Err(TaskError::new("an input has no upstream")))
}

impl<T: fmt::Debug> fmt::Debug for Input<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Constant(value) => f.debug_tuple("Constant").field(value).finish(),
            Repr::Output(source) => f.debug_tuple("Output").field(source).finish(),
            Repr::Several(several) => f.debug_tuple("Several").field(several).finish(),
        }
    }
}
