//! Workflows of plain Rust functions, checked by the compiler, that tell Slack when something breaks.
//!
//! # The first task
//!
//! [`#[task]`](macro@task) makes a task of a function. The function stays what it was; beside it comes a
//! struct of its inputs that has the same name, which is how flows refer to it.
//!
//! ```
//! use tribune::prelude::*;
//!
//! #[task]
//! fn parse(text: &str) -> Result<i64, std::num::ParseIntError> {
//!     text.trim().parse()
//! }
//!
//! assert_eq!(parse(" 42 "), Ok(42)); // still a function
//! ```
//!
//! A task takes its inputs by value or borrows them (`&T`, `&str`, `&[T]`, `&Path`), returns a value or a
//! `Result` with any error, and may be `async`. It fails by returning an error, by panicking, or by taking
//! too long; what that means is said by its options:
//!
//! ```
//! # use tribune::prelude::*;
//! #[task(name = "download", max_retries = 3, retry_delay = "10s", timeout = "1m")]
//! async fn download(url: String) -> Result<Vec<u8>, std::io::Error> {
//!     # let _ = url;
//!     // ...
//!     # Ok(Vec::new())
//! }
//! ```
//!
//! # A flow
//!
//! [`flow!`](macro@flow) wires tasks. A call in it is not a call but a node of a graph, and its value is the
//! future output of a task. What depends on nothing unfinished runs at the same time.
//!
//! ```
//! # use tribune::prelude::*;
//! # #[task]
//! # fn parse(text: &str) -> Result<i64, std::num::ParseIntError> {
//! #     text.trim().parse()
//! # }
//! #[task]
//! fn add(x: i64, y: i64) -> i64 {
//!     x + y
//! }
//!
//! #[task(trigger = all_finished)]
//! fn report(sum: Option<i64>) -> String {
//!     sum.map_or("there is no sum".to_owned(), |sum| format!("the sum is {sum}"))
//! }
//!
//! let flow = flow!("sums", |first: String, #[default("1".to_owned())] second: String| {
//!     let x = parse(first);
//!     let y = parse(text = second); // by position or by name
//!     let sum = add(x, y).name("the sum");
//!     report(sum)
//! });
//!
//! let run = flow.run().parameter("first", "41").wait()?; // or `.await?` in `async` code
//! assert_eq!(run.output().unwrap(), "the sum is 42");
//!
//! let run = flow.run().parameter("first", "forty").wait()?;
//! assert_eq!(run.output().unwrap(), "there is no sum");
//! assert!(run.state().is(Success)); // its last task succeeded
//! assert!(run.task("parse").unwrap().state().is(Failed));
//! assert!(run.task("the sum").unwrap().state().is(TriggerFailed));
//! # Ok::<(), RunError>(())
//! ```
//!
//! Every task run and the flow itself is always in a [`State`]: [`StateKind`] has the hierarchy of them.
//! A task runs when its [`trigger`] lets it: by default when everything upstream succeeded. One that may
//! run without a value takes an `Option<T>` or a `Result<T, TaskError>`.
//!
//! # Loops and branches
//!
//! `for` runs tasks once for each element of a list, and gives the list of what they give. `if` and `match`
//! decide by a value; tasks in arms that are not taken are `Skipped`.
//!
//! ```
//! # use tribune::prelude::*;
//! #[task]
//! fn files() -> Vec<String> {
//!     vec!["a.csv".to_owned(), "b.txt".to_owned()]
//! }
//!
//! #[task]
//! fn extension(file: &str) -> Option<String> {
//!     file.split_once('.').map(|(_, extension)| extension.to_owned())
//! }
//!
//! #[task]
//! fn import(file: &str) -> String {
//!     format!("imported {file}")
//! }
//!
//! #[task]
//! fn ignore(file: &str) -> String {
//!     format!("ignored {file}")
//! }
//!
//! let flow = flow!("imports", {
//!     for file in files() {
//!         match extension(file) {
//!             Some(extension) if extension == "csv" => import(file),
//!             _ => ignore(file),
//!         }
//!     }
//! });
//! let run = flow.run().wait()?;
//! assert_eq!(run.output().unwrap(), &["imported a.csv", "ignored b.txt"]);
//! # Ok::<(), RunError>(())
//! ```
//!
//! # Resources
//!
//! `clean_up` names a task that runs after the last one which depends on a call, also after a failure.
//!
//! ```
//! # use tribune::prelude::*;
//! #[task]
//! fn connect() -> String {
//!     "connection".to_owned()
//! }
//!
//! #[task]
//! fn query(connection: &str) -> Result<usize, String> {
//!     Err(format!("the {connection} was lost"))
//! }
//!
//! #[task]
//! fn disconnect(connection: &str) {
//!     println!("the {connection} is closed");
//! }
//!
//! let flow = flow!("rows", {
//!     let connection = connect().clean_up(disconnect);
//!     query(connection)
//! });
//! let run = flow.run().wait()?;
//! assert!(run.task("disconnect").unwrap().state().is(Success));
//! # Ok::<(), RunError>(())
//! ```
//!
//! # A handler
//!
//! State handlers hear of every change of state, before anything else does, and answer the state to take.
//! `slack_notifier` is one; a function of your own is another.
//!
//! ```no_run
//! use tribune::prelude::*;
//!
//! const ALERTS: SlackNotifier = slack_notifier.only_states(&[Failed]).webhook_secret("OPS_WEBHOOK");
//!
//! fn log(change: &StateChange, new: State) -> State {
//!     println!("{}: {} -> {new}", change.name(), change.old());
//!     new
//! }
//!
//! #[task(state_handlers = [log, ALERTS, slack_notifier(ignore_states = [Pending, Running])])]
//! fn publish() -> Result<(), String> {
//!     Err("the registry is down".to_owned())
//! }
//!
//! # fn main() -> Result<(), RunError> {
//! let flow = flow!(name = "release", state_handlers = [ALERTS], {
//!     publish();
//! });
//! let run = flow.run().wait()?;
//! for notification in run.notifications() {
//!     println!("{notification}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The [`handler`] module says what handlers can do, [`notify`] what a notifier promises and how to tell
//! others than Slack, [`slack_notifier`] what Slack is told, and [`Secrets`] where the address of the
//! webhook comes from. A notifier never fails, blocks or slows a run.
//!
//! # The rest
//!
//! * [`Flow::builder`] declares flows by hand: everything that [`flow!`](macro@flow) says can be said there.
//! * [`attr::flow`](macro@attr::flow) declares a flow as a function, whose parameters rustc checks at each run.
//! * [`Run`] is how a flow is run: parameters, secrets, threads, [`Cancellation`], Ctrl-C.
//! * [`FlowRun`] is what came of it: the states, the output, the messages, why a task was not run, a drawing.
//! * [`context()`] tells a task about its run, and a [`signal`] lets it skip, pause, retry or repeat itself.
//! * [`cache`] keeps results for later runs; [`Run::task_states`] goes on where an earlier run stopped.
//! * [`testing`] runs flows on a clock that does not wait, with outcomes of the test's choice.
//! * [`mistakes`] lists the configurations of tasks and handlers that are refused, each with its message.
//! * [`dynamic`] makes tasks of closures and JSON, for flows that are read from a file.
//! * Runs and their tasks are spans of [`tracing`](https://docs.rs/tracing), and every change of state is an
//!   event. The library prints nothing.
//!
//! # Features
//!
//! * `slack` (default): [`SlackNotifier`], its outbox and [`Secrets`].
//! * `schedule`: `tribune::schedule`, `Flow::serve` and `Flow::next_runs`. It adds `jiff`, with its time zones.
//! * `email`: `notify::gmail_notifier`. It adds `lettre`.
//! * `spool`: messages that survive the end of the program: `Run::spool`. It adds `SQLite`, built from source.
//! * `ctrl-c` (default): [`Run::cancel_on_ctrl_c`].
//! * `schedule`: intervals, cron, dates and filters, `Flow::next_runs` and `Flow::serve`.
//! * `progress`: a progress bar in the terminal.
//! * `keyring`: the key of the [`SecretStore`] in the key store of the operating system.
//!
//! # Architecture
//!
//! Modules know only those after them in this line: `run` and `driver`, `engine`, `flow` and `plan`, `task`
//! and `input`, `state`. A flow compiles to a `plan`, plain data that all its runs share. The `engine` is
//! the state machine of one run as a value: events go in, actions come out, and it knows neither a clock nor
//! a thread. The `driver` performs the actions. So what a state means is written in one place, and is tested
//! without waiting for anything.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod branch;
pub mod cache;
mod clean_up;
#[cfg(feature = "slack")]
mod config;
mod context;
mod draw;
mod driver;
pub mod dynamic;
mod engine;
mod error;
mod explain;
mod flow;
mod flow_run;
pub mod handler;
mod input;
mod loops;
pub mod mistakes;
pub mod notify;
mod parameter;
mod plan;
#[cfg(feature = "progress")]
pub mod progress;
mod run;
#[cfg(feature = "schedule")]
pub mod schedule;
#[cfg(feature = "slack")]
mod secret;
mod services;
pub mod signal;
mod state;
mod task;
pub mod testing;
mod timestamp;
pub mod trigger;
mod tuples;
mod value;

#[cfg(feature = "slack")]
pub use config::ConfigError;
pub use context::{Context, context, try_context};
pub use driver::{Cancellation, Paused};
pub use error::{BuildError, RunError, SetupError, TaskError};
pub use flow::{Flow, FlowBuilder, IntoOutput};
pub use flow_run::{FlowRun, TaskRun};
pub use handler::{StateChange, StateHandler, callback};
pub use input::{Bindings, Borrowed, Handle, Input, Inputs, IntoInput, input};
pub use loops::Lists;
pub use notify::{Delivery, Notification};
#[cfg(feature = "slack")]
pub use notify::{NotificationError, Notifier, SlackNotifier, slack_notifier};
pub use parameter::{Parameter, ParameterName};
pub use run::Run;
#[cfg(feature = "slack")]
pub use secret::{
    Secret, SecretError, SecretPlace, SecretStore, Secrets, StoreError, StoreKey, StoredSecret,
};
pub use services::Services;
pub use state::{State, StateKind, StateSet};
pub use task::{Call, IntoCall, RetryDelay, RunName, Task, TaskSpec, Text};
pub use tuples::Split;

/// Everything that a program with tasks and flows needs: `use tribune::prelude::*;`.
pub mod prelude {
    pub use crate::StateKind::*;
    pub use crate::{
        Call, Flow, Handle, RunError, State, StateChange, StateHandler, StateKind, TaskError,
        callback, flow, input, task, trigger,
    };
    #[cfg(feature = "slack")]
    pub use crate::{SlackNotifier, slack_notifier};
}

/// Turns a function into a task.
///
/// The function stays as it is written. Beside it comes a struct of its inputs with the same name, which
/// implements [`Task`]: flows refer to the task by it.
///
/// ```
/// use tribune::prelude::*;
///
/// #[task(name = "Add 1 task", tags = ["arithmetic"])]
/// fn add(x: i64) -> i64 {
///     x + 1
/// }
///
/// assert_eq!(add(1), 2);
/// ```
///
/// # Options
///
/// | option | value | |
/// |---|---|---|
/// | `name` | text | the name in messages, logs and results; by default that of the function |
/// | `slug` | text | what identifies the task in its flow; by default the name and a number |
/// | `tags` | `["a", "b"]` | tags, which handlers can see |
/// | `max_retries` | number | how many times the task is run again after a failure |
/// | `retry_delay` | `"10s"`, a `Duration` or a [`RetryDelay`] | how long to wait before that |
/// | `retry_on` | function or closure on the [`TaskError`] | after which errors it is run again; by default after all |
/// | `timeout` | `"1m 30s"` or a `Duration` | how long one attempt may take |
/// | `trigger` | the name of a [`trigger`] | which states upstream let the task run |
/// | `skip_on_upstream_skip` | `bool` | whether the task is skipped when an upstream is; by default it is |
/// | `cache_for` | `"1h"` or a `Duration` | how long later runs in the process may use the result |
/// | `cache_validator` | the name of a validator of [`cache`] | what has to be the same for that |
/// | `cache_key` | text | under which name results are kept; by default that of the task |
/// | `task_run_name` | text with arguments in braces | what one run is called: `"load {table}"` |
/// | `state_handlers` | list of [handlers](handler) | who hears of every change of state |
/// | `on_failure` | function | called with the change and the new state, for every failure |
/// | `crate` | path | where this crate is, if not at `::tribune` |
///
/// In a list of handlers, `handler(option = value)` is the handler with that method called:
/// `slack_notifier(only_states = [Failed])` is `slack_notifier.only_states(&[StateKind::Failed])`.
///
/// # Inputs and outputs
///
/// A parameter by value needs `Clone`; its last reader gets the value itself. A borrowed one (`&T`, `&str`,
/// `&[T]`, `&Path`) is shared and needs nothing. The output is a `T`, or a `Result<T, E>` where `E` becomes
/// a `Box<dyn Error + Send + Sync>`; both must be `Send`, `Sync` and `'static`.
pub use tribune_macros::task;

/// Declares a flow: which tasks are run, and what they take from each other.
///
/// ```
/// use tribune::prelude::*;
///
/// #[task]
/// fn extract(limit: usize) -> Vec<usize> {
///     (0..limit).collect()
/// }
///
/// #[task]
/// fn split(rows: &[usize]) -> (usize, usize) {
///     (rows.len() / 2, rows.len() - rows.len() / 2)
/// }
///
/// #[task]
/// fn report(low: usize, high: usize) -> String {
///     format!("{low} + {high}")
/// }
///
/// let flow = flow!(name = "halves", |#[default(5)] limit: usize| {
///     let rows = extract(limit);
///     let (low, high) = split(rows);
///     report(low, high).max_retries(1).retry_delay("1s").after(rows)
/// });
/// assert_eq!(flow.run().wait()?.output().unwrap(), "2 + 3");
/// # Ok::<(), RunError>(())
/// ```
///
/// # Grammar
///
/// * `flow!("name", BODY)` or `flow!(option = value, .., BODY)`, where BODY is a block, or a closure whose
///   parameters are those of the flow; `#[default(..)]` makes one optional.
/// * Options: `name`, `state_handlers`, `on_failure`, `reference_tasks` (a list of bindings whose states
///   decide the flow's; by default the tasks without a downstream do) and `crate`.
/// * Statements: `let name = call;`, `let (a, b) = call;`, `call;`. The value of the block is the output.
/// * A call of a lower-case path is a task call; its arguments are all by name or all by position. They are
///   other calls, bindings, arrays of bindings for a `Vec`, or any other expression, which is evaluated
///   once, where the flow is declared. Write `{ helper() }` to call a plain function there.
/// * `for x in LIST { .. }` runs its body once for each element, and its value is the list of the body's;
///   `for (x, y) in (XS, YS)` goes over two in step. Bindings from outside are shared.
/// * `if CALL { .. } else { .. }`, `if let`, and `match` with any pattern and guard decide by a value;
///   the arms see what their pattern binds, and the value is that of the arm that is taken.
/// * Methods on a call are the [options of the call](Call): all those of [`#[task]`](macro@task), and `.after(binding)`.
/// * `open(path).clean_up(close)`, or `.clean_up(|file| close(file, message))`, runs a task after the last
///   one that depends on the call in its block, also after a failure: see [`FlowBuilder::clean_up`].
///
/// The result is a [`Flow`]. A mistake that only shows when the flow is complete is reported when it is run,
/// or by [`Flow::check`].
pub use tribune_macros::flow;

/// Attributes that share their name with a macro, which only one of the two can have in the prelude.
pub mod attr {
    /// Declares a flow as a function: the twin of [`flow!`](macro@crate::flow), with the same grammar.
    ///
    /// The parameters are those of the flow, and the return type is that of its output. The function that
    /// comes of it takes nothing and gives the [`Flow`](crate::Flow); its name is the flow's, if no other is
    /// given.
    ///
    /// ```
    /// use tribune::attr::flow;
    /// use tribune::prelude::*;
    ///
    /// #[task]
    /// fn extract(limit: usize) -> Vec<usize> {
    ///     (0..limit).collect()
    /// }
    ///
    /// #[task]
    /// fn total(rows: &[usize]) -> usize {
    ///     rows.iter().sum()
    /// }
    ///
    /// /// Adds up what there is.
    /// #[flow]
    /// fn nightly(#[default(4)] limit: usize) -> usize {
    ///     let rows = extract(limit);
    ///     total(rows)
    /// }
    ///
    /// assert_eq!(nightly().run().wait()?.output(), Some(&6));
    /// assert_eq!(nightly().run().parameter(nightly::limit, 3).wait()?.output(), Some(&3));
    /// # Ok::<(), RunError>(())
    /// ```
    ///
    /// Beside the function stand the names of its parameters, `nightly::limit`, with which rustc checks
    /// what a run is given; a text, `"limit"`, names one too.
    ///
    /// Options stand in the attribute: `#[flow("nightly totals", state_handlers = [slack_notifier])]`.
    ///
    /// In a module that imports this attribute `flow!` is written `tribune::flow!`.
    pub use tribune_macros::flow_function as flow;
}

/// The README, whose code has to compile too.
#[cfg(all(doctest, feature = "slack"))]
#[doc = include_str!("../../README.md")]
mod readme {}
