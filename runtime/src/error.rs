//! The errors of a task, of a flow's definition and of a run that could not start.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::signal::Signal;
use crate::state::StateKind;

type BoxError = Box<dyn Error + Send + Sync>;

/// Why a task, or one of its handlers, failed.
///
/// It prints as the error that the task returned, or as the text of its panic.
///
/// # Examples
///
/// ```
/// use tribune::TaskError;
///
/// let error = TaskError::new("the disk is full");
/// assert_eq!(error.to_string(), "the disk is full");
/// ```
#[derive(Clone)]
pub struct TaskError(Arc<Cause>);

enum Cause {
    Error(BoxError),
    Panic(Box<str>),
    TimedOut,
    NoValue { task: Box<str>, kind: StateKind },
    Signal(Signal),
}

impl TaskError {
    /// The failure that `error` describes: any error, or a text.
    pub fn new(error: impl Into<BoxError>) -> Self {
        let cause = match error.into().downcast::<Self>() {
            // It is one already.
            Ok(error) => return *error,
            Err(error) => match error.downcast::<Signal>() {
                Ok(signal) => Cause::Signal(*signal),
                Err(error) => Cause::Error(error),
            },
        };
        Self(Arc::new(cause))
    }

    /// The error of code that panicked with this payload.
    pub(crate) fn from_panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let text = text.unwrap_or("panicked with a value that is no text");
        Self(Arc::new(Cause::Panic(text.into())))
    }

    pub(crate) fn timed_out() -> Self {
        Self(Arc::new(Cause::TimedOut))
    }

    /// The error of an input whose upstream, called `task`, gave no value.
    pub(crate) fn no_value(task: impl Into<Box<str>>, kind: StateKind) -> Self {
        Self(Arc::new(Cause::NoValue {
            task: task.into(),
            kind,
        }))
    }

    /// The signal that the task raised, if it did.
    pub fn signal(&self) -> Option<&Signal> {
        match &*self.0 {
            Cause::Signal(signal) => Some(signal),
            _ => None,
        }
    }

    /// Tells whether this is an input without a value, and not an error of its own.
    pub fn is_no_value(&self) -> bool {
        matches!(*self.0, Cause::NoValue { .. })
    }

    /// Whether the upstream succeeded, or was skipped, and gave nothing all the same.
    pub(crate) fn is_no_value_of_success(&self) -> bool {
        matches!(*self.0, Cause::NoValue { kind, .. } if kind.is_successful())
    }

    /// Tells whether the task panicked.
    pub fn is_panic(&self) -> bool {
        matches!(*self.0, Cause::Panic(_))
    }

    /// Tells whether the task took longer than its timeout.
    pub fn is_timeout(&self) -> bool {
        matches!(*self.0, Cause::TimedOut)
    }

    /// The error that the task returned, if it was an `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        match &*self.0 {
            Cause::Error(error) => error.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Cause::Error(error) => fmt::Display::fmt(error, f),
            Cause::Panic(text) => f.write_str(text),
            Cause::TimedOut => f.write_str("execution timed out"),
            Cause::NoValue { task, kind } => write!(f, "task `{task}` gave no value: it is {kind}"),
            Cause::Signal(signal) => fmt::Display::fmt(signal, f),
        }
    }
}

impl fmt::Debug for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Cause::Error(error) => f.debug_tuple("Error").field(error).finish(),
            Cause::Panic(text) => f.debug_tuple("Panic").field(text).finish(),
            Cause::TimedOut => f.write_str("TimedOut"),
            Cause::NoValue { task, kind } => {
                f.debug_tuple("NoValue").field(task).field(kind).finish()
            }
            Cause::Signal(signal) => f.debug_tuple("Signal").field(signal).finish(),
        }
    }
}

impl Error for TaskError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            Cause::Error(error) => error.source(),
            _ => None,
        }
    }
}

/// What keeps a flow from being built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The flow's name is empty.
    EmptyName,
    /// Two parameters have this name.
    ParameterTwice(String),
    /// Two tasks were given this slug.
    SlugTwice(String),
    /// A task may be retried but does not say how long to wait before it is.
    NoRetryDelay {
        /// The task's name.
        task: String,
    },
    /// A task says how long to wait before a retry but may not be retried.
    NoRetries {
        /// The task's name.
        task: String,
    },
    /// A task that may run without its upstream's value needs it.
    NeedsValue {
        /// The name of the task that needs the value.
        task: String,
        /// The parameter that takes the value.
        parameter: String,
        /// The name of the task that may give none.
        upstream: String,
    },
    /// A cache validator compares an input whose type cannot be written down.
    NotComparable {
        /// The task's name.
        task: String,
        /// The parameter that takes the input.
        parameter: String,
    },
    /// A cache validator names an input that the task does not have.
    UnknownInput {
        /// The task's name.
        task: String,
        /// The name that no parameter has.
        parameter: String,
    },
    /// What is inside a loop is read outside of it, where there is a list of it.
    LeavesLoop {
        /// The name of the task in the loop.
        task: String,
    },
    /// The element of a loop is read outside of it.
    ElementLeavesLoop {
        /// The name of the task that reads it.
        task: String,
    },
    /// Loops are nested too deep.
    TooDeep,
    /// The flow's schedule is wrong.
    #[cfg(feature = "schedule")]
    Schedule(crate::schedule::ScheduleError),
    /// A reference task, an upstream or an input belongs to another flow.
    ForeignTask,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyName => write!(f, "a flow's name must not be empty"),
            Self::ParameterTwice(name) => write!(f, "parameter `{name}` is declared twice"),
            Self::SlugTwice(slug) => {
                write!(
                    f,
                    "two tasks have the slug `{slug}`: give one of them another `slug`"
                )
            }
            Self::NoRetryDelay { task } => {
                write!(f, "task `{task}` has `max_retries` but no `retry_delay`")
            }
            Self::NoRetries { task } => {
                write!(f, "task `{task}` has a `retry_delay` but no `max_retries`")
            }
            Self::NeedsValue {
                task,
                parameter,
                upstream,
            } => write!(
                f,
                "task `{task}` may run when `{upstream}` gave no value: \
                 its parameter `{parameter}` must be an `Option<_>` or a `Result<_, TaskError>`"
            ),
            Self::NotComparable { task, parameter } => write!(
                f,
                "the cache of task `{task}` compares its parameter `{parameter}`, whose type is not \
                 `Serialize`: derive it, or name the others with `partial_inputs_only`"
            ),
            Self::UnknownInput { task, parameter } => write!(
                f,
                "the cache of task `{task}` compares its parameter `{parameter}`, which it does not have"
            ),
            Self::LeavesLoop { task } => write!(
                f,
                "the output of task `{task}` is read outside its loop: let the loop give it, as a list"
            ),
            Self::ElementLeavesLoop { task } => write!(
                f,
                "task `{task}` reads the element of a loop outside of it: add the task inside the loop"
            ),
            Self::TooDeep => write!(f, "loops are nested more than eight deep"),
            #[cfg(feature = "schedule")]
            Self::Schedule(error) => fmt::Display::fmt(error, f),
            Self::ForeignTask => write!(f, "a handle of another flow is used in this one"),
        }
    }
}

impl Error for BuildError {}

/// Why a run could not start. A task that fails is no error of the run, but a state.
///
/// Its `Debug` form is the message too: that is what a `main` that returns it prints.
#[non_exhaustive]
pub enum RunError {
    /// The flow itself is wrong.
    Build(BuildError),
    /// Required parameters have no value: their names.
    MissingParameters(Vec<String>),
    /// The flow has no parameters of these names.
    UnknownParameters(Vec<String>),
    /// The flow has no task of this name or slug to start from a given state.
    UnknownTask(String),
    /// A parameter was given a value that it cannot take.
    InvalidParameter {
        /// The parameter's name.
        name: String,
        /// What is wrong with the value.
        reason: String,
    },
    /// A handler cannot do its work, so the run would be silent.
    Handler(SetupError),
    /// The flow is to be served, but has no schedule.
    NoSchedule,
    /// The flow is to be served, but its schedule has no run that is still to come.
    NoMoreRuns,
    /// The operating system gave no thread to run on.
    Thread(std::io::Error),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(error) => fmt::Display::fmt(error, f),
            Self::MissingParameters(names) => {
                write!(
                    f,
                    "the run did not receive the required {}",
                    parameters(names)
                )
            }
            Self::UnknownParameters(names) => {
                write!(f, "the run received the unexpected {}", parameters(names))
            }
            Self::UnknownTask(name) => write!(f, "the flow has no task `{name}`"),
            Self::InvalidParameter { name, reason } => {
                write!(f, "parameter `{name}` cannot take its value: {reason}")
            }
            Self::Handler(error) => fmt::Display::fmt(error, f),
            Self::NoSchedule => write!(
                f,
                "the flow has no schedule: give it one with `schedule = ...`, or start it with `run()`"
            ),
            Self::NoMoreRuns => write!(f, "the flow has no more scheduled runs"),
            Self::Thread(_) => write!(f, "no thread could be started for the run"),
        }
    }
}

impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn parameters(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let noun = if names.len() == 1 {
        "parameter"
    } else {
        "parameters"
    };
    format!("{noun} {}", names.join(", "))
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Thread(error) => Some(error),
            Self::Handler(error) => error.source(),
            _ => None,
        }
    }
}

#[cfg(feature = "schedule")]
impl From<crate::schedule::ScheduleError> for BuildError {
    fn from(error: crate::schedule::ScheduleError) -> Self {
        Self::Schedule(error)
    }
}

impl From<BuildError> for RunError {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

/// Why a handler cannot do its work in a run that is about to start.
#[derive(Debug)]
pub struct SetupError {
    reason: String,
    users: Vec<String>,
}

impl SetupError {
    /// The error of a handler that gives this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            users: Vec::new(),
        }
    }

    /// What is missing or wrong.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The names of the tasks and the flow whose handlers gave this reason.
    pub fn users(&self) -> &[String] {
        &self.users
    }

    pub(crate) fn add_user(&mut self, user: impl Into<String>) {
        let user = user.into();
        if !self.users.contains(&user) {
            self.users.push(user);
        }
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        if !self.users.is_empty() {
            write!(f, " (needed by {})", self.users.join(", "))?;
        }
        Ok(())
    }
}

impl Error for SetupError {}
