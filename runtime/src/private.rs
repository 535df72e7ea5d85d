//! What generated code may call. No promise is made about it from one version to the next.

pub use core;
pub use std::boxed::Box;
pub use std::sync::LazyLock;

pub use crate::input::{Bindings, Borrowed, Input, Inputs, IntoInput, input};
pub use crate::loops::{LoopId, LoopItems};
pub use crate::plain::Plain;
pub use crate::task::{
    Body, Call, Outcome, Returned, Returns, RunName, Task, TaskFailure, TaskSpec, Text,
};
pub use std::fmt::format;
pub use std::string::String;

use std::any::Any;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use serde::Serialize;

use crate::branch::{Branch, Decision};
use crate::flow::{Flow, FlowBuilder, IntoOutput};
use crate::value::Value;

/// The type in which a borrowed parameter is stored.
pub type Stored<T> = <T as Borrowed>::Stored;

/// The names of options, which editors offer where one is half-typed.
pub mod options {
    macro_rules! names {
        ($($list:ident: $($(#[$doc:meta])* $name:ident)*;)*) => {$(
            #[doc = "See the macro."]
            pub mod $list {
                $($(#[$doc])* pub const fn $name() {})*
            }
        )*};
    }

    names! {
        task:
            /// The name in messages, logs and results.
            name
            /// What identifies the task in its flow.
            slug
            /// Tags, which handlers can see.
            tags
            /// How many times the task is run again after a failure.
            max_retries
            /// How long to wait before it is run again.
            retry_delay
            /// How long one attempt may take.
            timeout
            /// Which states upstream let the task run.
            trigger
            /// Whether the task is skipped when an upstream is.
            skip_on_upstream_skip
            /// After which errors the task is run again.
            retry_on
            /// How long a result is kept for later runs.
            cache_for
            /// When a kept result may be used.
            cache_validator
            /// Under which key results are kept.
            cache_key
            /// What a run of the task is called.
            task_run_name
            /// Who hears of every change of state.
            state_handlers
            /// Called for every failure.
            on_failure;
        flow:
            /// The name in messages, logs and results.
            name
            /// Who hears of every change of state of the flow.
            state_handlers
            /// Called for every failure of the flow.
            on_failure
            /// When the flow runs by itself.
            schedule
            /// The bindings whose states decide the flow's.
            reference_tasks;
    }
}

/// Where a task keeps its options: made when they are first asked for.
pub type Spec = LazyLock<TaskSpec>;

/// A `bool`, under a name that no user hides.
pub type Flag = bool;

/// A `usize`, under such a name.
pub type Number = usize;

/// Tells whether `T` is a `Result`, also behind an alias: `Probe::<T>::IS_RESULT`.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<T>);

impl<T, E> Probe<Result<T, E>> {
    /// It is one. An associated constant of the type hides the trait's.
    pub const IS_RESULT: bool = true;
}

/// The answer for every type that is no `Result`.
pub trait NoResult {
    /// It is none.
    const IS_RESULT: bool = false;
}

impl<T> NoResult for Probe<T> {}

/// Tells how a `T` is written down, if it is `Serialize`: `Written::<T>::TEXT`.
#[derive(Debug)]
pub struct Written<T>(PhantomData<T>);

impl<T: Serialize + 'static> Written<T> {
    /// As JSON. An associated constant of the type hides the trait's.
    pub const TEXT: Text = Some(write::<T>);
}

/// The answer for every type that is not `Serialize`.
pub trait NoText {
    /// It cannot be written down.
    const TEXT: Text = None;
}

impl<T> NoText for Written<T> {}

/// A value as a text that is the same for the same value: so names in it stand in order.
fn write<T: Serialize + 'static>(value: &dyn Any) -> Option<String> {
    let json = serde_json::to_value(value.downcast_ref::<T>()?).ok()?;
    Some(json.to_string())
}

/// A value that goes from task to task.
///
/// `W` is always inferred. It is there for a second implementation, which no type has: with one alone
/// rustc would report each bound that a type does not meet, and not the type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot go from task to task",
    label = "not `Send + Sync + 'static`",
    note = "a task may run on another thread, and several tasks may read the same value",
    note = "an `Arc` can stand for an `Rc`, a `Mutex` for a `RefCell` or a `Cell`, a `Box<dyn T + Send + Sync>` for a `Box<dyn T>`"
)]
pub trait Shareable<W>: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> Shareable<()> for T {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + Never + 'static> Shareable<Infallible> for T {}

/// Implemented by no type.
pub trait Never {}

/// An argument that the body takes by value.
///
/// Binding and taking are functions of one trait, so that rustc says the same of both if a type does
/// not meet the bounds, and so says it once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a task",
    label = "not `Clone + Send + Sync + 'static`",
    note = "a task may run on another thread, several tasks may read the same value, and a retry reads it again",
    note = "a task that borrows its argument needs no `Clone`"
)]
pub trait Argument<W>: Sized {
    /// Hands the input over.
    fn bind(input: Input<Self>, bindings: &mut Bindings);

    /// Takes the argument, once.
    fn take(inputs: &mut Inputs, at: usize) -> Self;
}

impl<W, T: Clone + Shareable<W>> Argument<W> for T {
    fn bind(input: Input<T>, bindings: &mut Bindings) {
        bindings.owned(input);
    }

    fn take(inputs: &mut Inputs, at: usize) -> T {
        inputs.take(at)
    }
}

/// An argument that the body borrows.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be borrowed by a task",
    label = "not `Send + Sync + 'static`",
    note = "a task may run on another thread, and several tasks may read the same value"
)]
pub trait Lent<W>: Borrowed {
    /// Hands the input over.
    fn bind(input: Input<Self::Stored>, bindings: &mut Bindings);

    /// Borrows the argument.
    fn take(inputs: &Inputs, at: usize) -> &Self;
}

impl<W, T: Borrowed<Stored: Shareable<W>> + ?Sized> Lent<W> for T {
    fn bind(input: Input<T::Stored>, bindings: &mut Bindings) {
        bindings.shared(input);
    }

    fn take(inputs: &Inputs, at: usize) -> &T {
        inputs.borrow(at)
    }
}

/// A type under a name that rustc does not infer from: it then shows a mistake where the type is
/// written, and not where the value is.
pub trait Itself {
    /// The type itself.
    type Type;
}

impl<T> Itself for T {
    type Type = T;
}

/// What an attempt of a plain function came to.
///
/// # Errors
///
/// The error that the function returned.
pub fn outcome<const IS_RESULT: bool, R, W>(returned: <R as Itself>::Type) -> Outcome
where
    R: Returns<IS_RESULT, Value: Shareable<W>, Error: TaskFailure>,
{
    let returned: R = returned;
    match returned.into_result() {
        Ok(value) => Ok(Returned(Value::new(value))),
        Err(error) => Err(error.into_error()),
    }
}

/// The body of an `async` function that takes all its arguments.
pub fn future<const IS_RESULT: bool, R, W>(future: impl Future<Output = R> + Send + 'static) -> Body
where
    R: Returns<IS_RESULT, Value: Shareable<W>, Error: TaskFailure>,
{
    let outcome = outcome::<IS_RESULT, R, W>;
    Box::pin(Ending { future, outcome })
}

pin_project! {
    /// A future, and what comes of it: an `async` block would keep the future twice.
    struct Ending<F: Future> {
        #[pin]
        future: F,
        outcome: fn(F::Output) -> Outcome,
    }
}

impl<F: Future> Future for Ending<F> {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, poll: &mut Context<'_>) -> Poll<Outcome> {
        let this = self.project();
        this.future.poll(poll).map(this.outcome)
    }
}

/// The future of an `async` function that borrows an argument, to be awaited beside its inputs.
pub fn borrowing<R>(future: impl Future<Output = R> + Send) -> impl Future<Output = R> + Send {
    future
}

/// The flow that `flow!` declared; a mistake in it is reported when it is run.
pub fn flow<O: IntoOutput>(builder: FlowBuilder, output: O) -> Flow<O::Value> {
    builder.build_or_defer(output)
}

/// What a branch of a flow can look at: the output of a task, or a tuple of those.
#[diagnostic::on_unimplemented(
    message = "a branch of a flow cannot look at `{Self}`",
    label = "expected the output of a task, or a tuple of outputs that are `Clone`",
    note = "what is known where the flow is declared can be a parameter of the flow"
)]
pub trait Scrutinee: IntoInput<<Self as Scrutinee>::Value> {
    /// What the patterns are matched with.
    type Value: Send + Sync + 'static;
}

#[diagnostic::do_not_recommend]
impl<S: IntoOutput + IntoInput<<S as IntoOutput>::Value>> Scrutinee for S {
    type Value = S::Value;
}

/// What a branch can take as its own.
#[diagnostic::on_unimplemented(
    message = "a branch cannot take `{Self}` by value",
    label = "not `Clone`",
    note = "look at it with `&`, or derive `Clone`: other tasks may read the same value"
)]
pub trait Taken: Clone {}

#[diagnostic::do_not_recommend]
impl<T: Clone> Taken for T {}

/// What an arm can get of a value that is borrowed.
#[diagnostic::on_unimplemented(
    message = "an arm cannot take `{Self}` out of a value that is borrowed",
    label = "not `Clone`",
    note = "the tasks of an arm get a clone of what its pattern binds"
)]
pub trait Bound {
    /// What the arm gets: a `String` of a `str`.
    type Owned;

    /// Makes it.
    fn owned(&self) -> Self::Owned;
}

#[diagnostic::do_not_recommend]
impl<T: ToOwned + ?Sized> Bound for T {
    type Owned = T::Owned;

    fn owned(&self) -> T::Owned {
        self.to_owned()
    }
}

/// Adds the branch of an `if` or a `match`.
pub fn branch<S, F>(flow: &mut FlowBuilder, text: &'static str, on: S, decide: F) -> Branch
where
    S: Scrutinee<Value: Taken>,
    F: Fn(S::Value) -> Decision + Send + Sync + 'static,
{
    flow.branch::<S::Value, _>(text, on, decide)
}

/// Adds the branch of an `if` or a `match` on a reference.
pub fn branch_ref<S, F>(flow: &mut FlowBuilder, text: &'static str, on: S, decide: F) -> Branch
where
    S: Scrutinee,
    F: Fn(&S::Value) -> Decision + Send + Sync + 'static,
{
    flow.branch_ref::<S::Value, _>(text, on, decide)
}

/// What an arm gets of a reference that its pattern binds.
pub fn owned<T: Bound + ?Sized>(value: &T) -> T::Owned {
    value.owned()
}

/// Warns where it is called.
#[deprecated = "it does nothing when it is run; call a task in it"]
pub const fn a_flow_without_steps() {}

/// What no type is: stands where a schedule would without the feature `schedule`.
#[cfg(not(feature = "schedule"))]
#[diagnostic::on_unimplemented(
    message = "a schedule needs the feature `schedule` of the crate `tribune`",
    label = "there are no schedules without the feature",
    note = "run `cargo add tribune --features schedule`"
)]
pub trait NeedsScheduleFeature {}
