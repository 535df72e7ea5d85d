//! What a task is: its options, and how its body is called.
//!
//! `#[task]` writes an implementation of [`Task`] for the struct of a function's inputs. What differs
//! from call to call is in that struct, everything else in one static [`TaskSpec`].

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::cache::{Policy, Target, Validator};
use crate::error::TaskError;
use crate::handler::{Handlers, IntoHandler, StateChange, StateHandler, on_failure};
use crate::input::{Bindings, Handle, Inputs, Reading, Source};
use crate::state::{State, StateSet};
use crate::trigger::{self, Trigger};
use crate::value::Value;

/// The inputs of one call of a task: what `#[task]` writes beside a function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a task",
    label = "not a task",
    note = "a task is made by putting `#[task]` on a function"
)]
pub trait Task: Sized {
    /// The type of the task's result.
    type Output: 'static;

    /// How each input is written down, where it can be: for validators that compare inputs.
    const TEXTS: &'static [Text] = &[];

    /// The options of the task, and its body.
    fn spec() -> &'static TaskSpec;

    /// Hands over the inputs, in the order of the function's parameters.
    fn bind(self, bindings: &mut Bindings);
}

/// How the values of a type are written down, if they can be: the same text for the same value.
pub type Text = Option<fn(&dyn Any) -> Option<String>>;

/// How the inputs of a task are written down.
#[derive(Clone, Copy)]
pub(crate) enum Texts {
    /// Each of them by itself.
    Each(&'static [Text]),
    /// All of them in one way.
    All(fn(&Reading) -> Option<String>),
}

impl Texts {
    /// The text of the input number `at`, if it has one.
    pub(crate) fn of(self, at: usize, reading: &Reading) -> Option<String> {
        match self {
            Self::Each(texts) => texts.get(at).copied().flatten()?(reading.any()?),
            Self::All(text) => text(reading),
        }
    }

    /// Whether the input number `at` may have a text.
    pub(crate) fn has(self, at: usize) -> bool {
        match self {
            Self::Each(texts) => texts.get(at).copied().flatten().is_some(),
            Self::All(_) => true,
        }
    }
}

/// What one run of a task is called: a text, or one that is made of the inputs.
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
///
/// #[task(task_run_name = "load {table}")]
/// fn load(table: &str) -> String {
///     format!("rows of {table}")
/// }
///
/// let flow = flow!("nightly", {
///     load("orders".to_owned())
/// });
/// let run = flow.run().wait()?;
/// assert_eq!(run.task("load").unwrap().run_name(), "load orders");
/// # Ok::<(), RunError>(())
/// ```
#[derive(Clone)]
pub struct RunName(Naming);

#[derive(Clone)]
enum Naming {
    Fixed(Cow<'static, str>),
    Of(fn(&Inputs) -> String),
}

impl RunName {
    /// A name that is made of the inputs.
    pub fn of(name: fn(&Inputs) -> String) -> Self {
        Self(Naming::Of(name))
    }

    /// The name of a run with these inputs; none if it cannot be made of them.
    pub(crate) fn with(&self, inputs: Result<Inputs, TaskError>) -> Option<Arc<str>> {
        match &self.0 {
            Naming::Fixed(name) => Some((**name).into()),
            // What prints itself is code of the user.
            Naming::Of(name) => {
                let inputs = inputs.ok()?;
                let name = catch_unwind(AssertUnwindSafe(|| name(&inputs)));
                name.ok().map(Into::into)
            }
        }
    }
}

impl<T: Into<Cow<'static, str>>> From<T> for RunName {
    fn from(name: T) -> Self {
        Self(Naming::Fixed(name.into()))
    }
}

impl fmt::Debug for RunName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Naming::Fixed(name) => write!(f, "{name:?}"),
            Naming::Of(_) => f.write_str("made of the inputs"),
        }
    }
}

/// What came of one attempt of a task.
pub type Outcome = Result<Returned, TaskError>;

/// A value that a task returned.
#[derive(Clone, Debug)]
pub struct Returned(pub(crate) Value);

/// The future of an `async` task.
pub type Body = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// How the body of a task is called.
#[derive(Clone)]
pub(crate) enum BodyFn {
    Sync(fn(&mut Inputs) -> Outcome),
    Async(fn(&mut Inputs) -> Body),
    Dynamic(Arc<DynamicBody>),
}

type DynamicBody = dyn Fn(&mut Inputs) -> Outcome + Send + Sync;

impl BodyFn {
    pub(crate) fn dynamic(body: impl Fn(&mut Inputs) -> Outcome + Send + Sync + 'static) -> Self {
        Self::Dynamic(Arc::new(body))
    }
}

/// What a task function may return: a `T`, or a `Result<T, E>`.
///
/// `IS_RESULT` tells the two apart, so that a `Result` behind a type alias is one too.
pub trait Returns<const IS_RESULT: bool> {
    /// The type of the task's result.
    type Value;

    /// The type of its error.
    type Error;

    /// Either of the two.
    ///
    /// # Errors
    ///
    /// The error that the task returned.
    fn into_result(self) -> Result<Self::Value, Self::Error>;
}

impl<T> Returns<false> for T {
    type Value = T;
    type Error = Infallible;

    fn into_result(self) -> Result<T, Infallible> {
        Ok(self)
    }
}

impl<T, E> Returns<true> for Result<T, E> {
    type Value = T;
    type Error = E;

    fn into_result(self) -> Self {
        self
    }
}

/// What a task may return as its error: everything that becomes a boxed error, such as a type that
/// implements [`Error`], an `anyhow::Error`, a `String` or a `&str`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a task",
    label = "not an error",
    note = "implement `std::error::Error` for it, or return a `String`"
)]
pub trait TaskFailure {
    /// The error as the task run keeps it.
    fn into_error(self) -> TaskError;
}

impl<E: Into<Box<dyn Error + Send + Sync>>> TaskFailure for E {
    fn into_error(self) -> TaskError {
        TaskError::new(self)
    }
}

/// How long a failed task waits before its next attempt.
///
/// A [`Duration`] is one too: always the same time.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tribune::RetryDelay;
/// use tribune::prelude::*;
///
/// const PATIENT: RetryDelay = RetryDelay::exponential(Duration::from_secs(1))
///     .at_most(Duration::from_secs(600))
///     .jitter(0.5);
///
/// #[task(max_retries = 20, retry_delay = PATIENT)]
/// fn upload() {}
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryDelay {
    first: Duration,
    most: Duration,
    factor: u32,
    jitter: f64,
}

impl RetryDelay {
    /// Always the same time.
    pub const fn fixed(delay: Duration) -> Self {
        Self {
            first: delay,
            most: Duration::MAX,
            factor: 1,
            jitter: 0.0,
        }
    }

    /// Twice as long after each attempt, starting with `first`.
    ///
    /// # Panics
    ///
    /// If `first` is zero, which stays zero; in a `const` that is an error of the compiler.
    #[track_caller]
    pub const fn exponential(first: Duration) -> Self {
        assert!(
            !first.is_zero(),
            "a delay of zero stays zero: start with a longer one"
        );
        Self {
            factor: 2,
            ..Self::fixed(first)
        }
    }

    /// The same delay, but never longer than `most`.
    ///
    /// # Panics
    ///
    /// If `most` is shorter than the first delay; in a `const` that is an error of the compiler.
    #[must_use]
    #[track_caller]
    pub const fn at_most(self, most: Duration) -> Self {
        assert!(
            most.as_nanos() >= self.first.as_nanos(),
            "the longest delay is shorter than the first one: exchange the two",
        );
        Self { most, ..self }
    }

    /// The same delay, shortened by chance by up to this share of it, so that many tasks that failed
    /// together are not run again together.
    #[must_use]
    pub const fn jitter(self, share: f64) -> Self {
        Self {
            jitter: share.clamp(0.0, 1.0),
            ..self
        }
    }

    /// The time to wait after attempt number `attempt`, counted from 1.
    ///
    /// The same `seed` gives the same time: an engine that is given the same events does the same.
    pub(crate) fn after(self, attempt: u32, seed: u64) -> Duration {
        let factor = self.factor.saturating_pow(attempt.saturating_sub(1));
        let delay = self
            .first
            .saturating_mul(factor)
            .min(self.most)
            .min(LONGEST_DELAY);
        delay.mul_f64(1.0 - self.jitter * chance(seed, attempt))
    }
}

/// A hundred years: any time that has that added to it is still a time.
pub(crate) const LONGEST_DELAY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A number from 0 to 1 that looks random: the mixing of `SplitMix64`.
fn chance(seed: u64, attempt: u32) -> f64 {
    let mut mixed = seed ^ u64::from(attempt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    // 32 bits are enough for a delay, and fit a float.
    f64::from(u32::try_from(mixed >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

impl From<Duration> for RetryDelay {
    fn from(delay: Duration) -> Self {
        Self::fixed(delay)
    }
}

type RetryOn = dyn Fn(&TaskError) -> bool + Send + Sync;

/// The options of a task, and its body: what all its calls share.
#[derive(Clone)]
pub struct TaskSpec {
    pub(crate) name: Cow<'static, str>,
    pub(crate) slug: Option<Cow<'static, str>>,
    pub(crate) tags: Vec<Cow<'static, str>>,
    pub(crate) max_retries: u32,
    pub(crate) retry_delay: Option<RetryDelay>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) trigger: Trigger,
    pub(crate) skip_on_upstream_skip: bool,
    pub(crate) handlers: Handlers,
    /// The states of which one of them wants to hear.
    pub(crate) heard: StateSet,
    pub(crate) retry_on: Option<Arc<RetryOn>>,
    pub(crate) fallible: bool,
    pub(crate) cache: Option<Box<Policy>>,
    pub(crate) target: Option<Box<Target>>,
    /// How the inputs are written down, to compare them with those of a kept result.
    pub(crate) texts: Option<Texts>,
    pub(crate) run_name: Option<Box<RunName>>,
    pub(crate) parameters: Names,
    pub(crate) body: BodyFn,
    pub(crate) output: TypeId,
}

impl TaskSpec {
    /// The options of a task with a plain function for a body, all at their defaults.
    ///
    /// `FALLIBLE`: the function returns a `Result`, and so may ask to be called again.
    pub fn sync<T: Task, const FALLIBLE: bool>(
        name: &'static str,
        parameters: &'static [&'static str],
        body: fn(&mut Inputs) -> Outcome,
    ) -> Self {
        let body = BodyFn::Sync(body);
        Self::of_function(name, parameters, body, FALLIBLE, TypeId::of::<T::Output>())
    }

    /// The options of a task with an `async` function for a body, all at their defaults.
    ///
    /// `FALLIBLE`: the function returns a `Result`, and so may ask to be called again.
    pub fn future<T: Task, const FALLIBLE: bool>(
        name: &'static str,
        parameters: &'static [&'static str],
        body: fn(&mut Inputs) -> Body,
    ) -> Self {
        let body = BodyFn::Async(body);
        Self::of_function(name, parameters, body, FALLIBLE, TypeId::of::<T::Output>())
    }

    /// What all tasks share, in a function that is compiled once and not for each task.
    fn of_function(
        name: &'static str,
        parameters: &'static [&'static str],
        body: BodyFn,
        fallible: bool,
        output: TypeId,
    ) -> Self {
        Self {
            parameters: Names::Static(parameters),
            fallible,
            output,
            ..Self::of::<()>(name, body)
        }
    }

    /// The options of a task that gives an `O`, all at their defaults.
    pub(crate) fn of<O: 'static>(name: impl Into<Cow<'static, str>>, body: BodyFn) -> Self {
        Self {
            name: name.into(),
            slug: None,
            tags: Vec::new(),
            max_retries: 0,
            retry_delay: None,
            timeout: None,
            trigger: trigger::all_successful,
            skip_on_upstream_skip: true,
            handlers: Vec::new(),
            heard: StateSet::EMPTY,
            retry_on: None,
            fallible: false,
            cache: None,
            target: None,
            texts: None,
            run_name: None,
            parameters: Names::Static(&[]),
            body,
            output: TypeId::of::<O>(),
        }
    }

    fn add_handler(&mut self, handler: Arc<dyn StateHandler>) {
        self.heard = self.heard.union(handler.hears());
        self.handlers.push(handler);
    }

    pub(crate) fn with_body(self, body: BodyFn) -> Self {
        Self { body, ..self }
    }

    fn cache_policy(&mut self) -> &mut Policy {
        self.cache.get_or_insert_default()
    }

    /// The key under which results are kept, if they are.
    pub(crate) fn cache_key_or_name(&self) -> Option<String> {
        let policy = self.cache.as_ref().filter(|policy| policy.keep.is_some())?;
        Some(policy.key.as_ref().unwrap_or(&self.name).to_string())
    }

    /// Whether a task that failed like this is run again: what has no error is not asked for one.
    pub(crate) fn retries_on(&self, state: &State) -> bool {
        match &self.retry_on {
            None => true,
            Some(_) if state.is_empty() => true,
            Some(retry_on) => state.error().is_some_and(|error| retry_on(error)),
        }
    }
}

/// The options of a call: those of its task, or its own.
pub(crate) enum Options {
    Shared(&'static TaskSpec),
    Own(Box<TaskSpec>),
}

impl Options {
    /// The options, as those of the call alone.
    pub(crate) fn to_mut(&mut self) -> &mut TaskSpec {
        if let Self::Shared(spec) = *self {
            *self = Self::Own(Box::new(spec.clone()));
        }
        match self {
            Self::Own(spec) => spec,
            Self::Shared(_) => unreachable!("they were cloned"),
        }
    }
}

impl Deref for Options {
    type Target = TaskSpec;

    fn deref(&self) -> &TaskSpec {
        match self {
            Self::Shared(spec) => spec,
            Self::Own(spec) => spec,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The names of the parameters of a task.
#[derive(Clone)]
pub(crate) enum Names {
    Static(&'static [&'static str]),
    Own(Vec<String>),
}

impl Names {
    pub(crate) fn get(&self, at: usize) -> Option<&str> {
        match self {
            Self::Static(names) => names.get(at).copied(),
            Self::Own(names) => names.get(at).map(String::as_str),
        }
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        (0..)
            .map_while(|at| self.get(at))
            .position(|other| other == name)
    }

    /// Whether they are those of a function, and not made when the program runs.
    pub(crate) const fn are_static(&self) -> bool {
        matches!(self, Self::Static(_))
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries((0..).map_while(|at| self.get(at)))
            .finish()
    }
}

/// Writes each option twice: for the options of a task, and for those of one call of it.
macro_rules! options {
    ($($(#[$doc:meta])* fn $option:ident($spec:ident, $value:ident: $type:ty) $set:block)*) => {
        impl TaskSpec {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $option(mut self, $value: $type) -> Self {
                    let $spec = &mut self;
                    $set
                    self
                }
            )*
        }

        impl<T: Task> Call<T> {
            $(
                $(#[$doc])*
                pub fn $option(mut self, $value: $type) -> Self {
                    let $spec = self.options.to_mut();
                    $set
                    self
                }
            )*
        }
    };
}

options! {
    /// Sets the name under which the task appears in messages, logs and results.
    fn name(spec, name: impl Into<Cow<'static, str>>) {
        spec.name = name.into();
    }

    /// Sets the text that identifies the task in its flow; by default the name and a number.
    fn slug(spec, slug: impl Into<Cow<'static, str>>) {
        spec.slug = Some(slug.into());
    }

    /// Sets the tags, which handlers can see.
    fn tags(spec, tags: impl IntoIterator<Item: Into<Cow<'static, str>>>) {
        spec.tags = tags.into_iter().map(Into::into).collect();
    }

    /// Sets how many times the task is run again after a failure; it needs a `retry_delay` too.
    fn max_retries(spec, max_retries: u32) {
        spec.max_retries = max_retries;
    }

    /// Sets how long the task waits before it is run again.
    fn retry_delay(spec, retry_delay: impl Into<RetryDelay>) {
        spec.retry_delay = Some(retry_delay.into());
    }

    /// Sets after which errors the task is run again; by default after all of them.
    fn retry_on(spec, retry_on: impl Fn(&TaskError) -> bool + Send + Sync + 'static) {
        spec.retry_on = Some(Arc::new(move |error| {
            // A predicate that panics has not asked for a retry.
            catch_unwind(AssertUnwindSafe(|| retry_on(error))).unwrap_or(false)
        }));
    }

    /// Keeps a successful result this long, for later runs in the same process.
    fn cache_for(spec, keep: Duration) {
        spec.cache_policy().keep = Some(keep);
    }

    /// Sets under which key results are kept; by default under the name of the task.
    fn cache_key(spec, key: impl Into<Cow<'static, str>>) {
        spec.cache_policy().key = Some(key.into());
    }

    /// Sets what a run of the task is called, where its name alone does not tell which it is.
    ///
    /// It is the text as it stands; at `#[task]`, arguments in braces stand for their values.
    fn task_run_name(spec, name: impl Into<RunName>) {
        spec.run_name = Some(Box::new(name.into()));
    }

    /// Sets how long one attempt may take; zero is as long as it likes.
    ///
    /// An `async` body is dropped when its time is up. A plain one runs on a thread of its own, and
    /// is left alone there.
    fn timeout(spec, timeout: Duration) {
        spec.timeout = Some(timeout).filter(|timeout| !timeout.is_zero());
    }

    /// Sets which states upstream let the task run.
    fn trigger(spec, trigger: Trigger) {
        spec.trigger = trigger;
    }

    /// Sets whether the task is skipped when an upstream is; it is by default.
    fn skip_on_upstream_skip(spec, skip: bool) {
        spec.skip_on_upstream_skip = skip;
    }
}

impl TaskSpec {
    /// Sets when a kept result may be used; by default until it expires.
    #[must_use]
    pub fn cache_validator(mut self, validator: Validator) -> Self {
        self.cache_policy().validator = Some(validator);
        self
    }

    /// Sets how the inputs are written down, for validators that compare them.
    #[must_use]
    pub fn texts(mut self, texts: &'static [Text]) -> Self {
        self.texts = Some(Texts::Each(texts));
        self
    }

    /// Adds a state handler, called after those added before.
    #[must_use]
    pub fn state_handler<K>(mut self, handler: impl IntoHandler<K>) -> Self {
        self.add_handler(handler.into_handler());
        self
    }

    /// Adds a function that is called for every failure, each attempt's included.
    #[must_use]
    pub fn on_failure<F>(mut self, action: F) -> Self
    where
        F: Fn(&StateChange, &State) + Send + Sync + 'static,
    {
        self.add_handler(on_failure(action));
        self
    }
}

impl fmt::Debug for TaskSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskSpec")
            .field("name", &self.name)
            .field("slug", &self.slug)
            .field("tags", &self.tags)
            .field("max_retries", &self.max_retries)
            .field("retry_delay", &self.retry_delay)
            .field("timeout", &self.timeout)
            .field("trigger", &self.trigger)
            .field("skip_on_upstream_skip", &self.skip_on_upstream_skip)
            .field("handlers", &self.handlers.len())
            .field("cache", &self.cache)
            .field("run_name", &self.run_name)
            .field("parameters", &self.parameters)
            .finish_non_exhaustive()
    }
}

/// One call of a task in a flow, with options of its own.
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
///
/// #[task]
/// fn load() {}
///
/// let mut flow = Flow::builder("nightly");
/// let first = flow.add(load {});
/// flow.add(Call::new(load {}).name("second load").after(first));
/// ```
#[derive(Debug)]
#[must_use = "a call does nothing until it is added to a flow"]
pub struct Call<T> {
    pub(crate) task: T,
    pub(crate) options: Options,
    pub(crate) after: Vec<Source>,
}

impl<T: Task> Call<T> {
    /// A call with the task's own options.
    pub fn new(task: T) -> Self {
        Self {
            task,
            options: Options::Shared(T::spec()),
            after: Vec::new(),
        }
    }

    /// Makes the call wait for the task of `handle`, without taking its value.
    pub fn after<U>(mut self, handle: Handle<U>) -> Self {
        self.after.push(handle.source);
        self
    }

    /// Sets when a kept result may be used; by default until it expires.
    pub fn cache_validator(mut self, validator: Validator) -> Self {
        let spec = self.options.to_mut();
        spec.cache_policy().validator = Some(validator);
        spec.texts = Some(Texts::Each(T::TEXTS));
        self
    }

    /// Adds a state handler, called after those of the task.
    pub fn state_handler<K>(mut self, handler: impl IntoHandler<K>) -> Self {
        self.options.to_mut().add_handler(handler.into_handler());
        self
    }

    /// Adds a function that is called for every failure, each attempt's included.
    pub fn on_failure<F>(mut self, action: F) -> Self
    where
        F: Fn(&StateChange, &State) + Send + Sync + 'static,
    {
        self.options.to_mut().add_handler(on_failure(action));
        self
    }
}

/// What can be added to a flow: the inputs of a task, or a [`Call`] of it.
pub trait IntoCall {
    /// The task that is called.
    type Task: Task;

    /// The call.
    fn into_call(self) -> Call<Self::Task>;
}

impl<T: Task> IntoCall for T {
    type Task = T;

    fn into_call(self) -> Call<T> {
        Call::new(self)
    }
}

impl<T: Task> IntoCall for Call<T> {
    type Task = T;

    fn into_call(self) -> Self {
        self
    }
}
