//! Workflows of plain Rust functions, checked by the compiler, that tell Slack when something breaks.
//!
//! # One look
//!
//! ```no_run
//! use tribune::prelude::*;
//!
//! #[task(name = "1/x task", state_handlers = [slack_notifier(only_states = [Failed])])]
//! fn div(x: i64) -> i64 {
//!     1 / x
//! }
//!
//! #[task(name = "Add 1 task", state_handlers = [slack_notifier])]
//! fn add(x: i64) -> i64 {
//!     x + 1
//! }
//!
//! fn main() -> Result<(), RunError> {
//!     let flow = flow!("Add Divide Flow", {
//!         let res = div(x = add(-1));
//!     });
//!     let run = flow.run().wait()?; // or `.await?` inside async code
//!     println!("{}", run.state()); // Failed("Some reference tasks failed.")
//!     Ok(())
//! }
//! ```
//!
//! Two functions become **tasks** by an attribute; as functions they stay what they were. The **flow** says
//! that `div` takes what `add` gives: a call in it is a node of a graph, and its value is an edge. When the
//! flow runs, each task goes through **states**: `Pending`, `Running`, and then `Success` or `Failed`, as
//! `div` does, which divides by zero and panics. Every change of state goes to the task's **state handlers**:
//! the channel hears of all that `add` does, and of `div` only that it failed. The program goes on: that a
//! task failed is a result of the run, and no error of it.
//!
//! What is misspelt, missing or of a wrong type in this program is an error of the compiler at the word to
//! change; the [`mistakes`] page has them. The sections below go through the same parts one by one.
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
//! * [`performance`] says what a task costs, beside other schedulers.
//! * [`dynamic`] makes tasks of closures and JSON, for flows that are read from a file.
//! * Runs and their tasks are spans of [`tracing`](https://docs.rs/tracing), and every change of state is an
//!   event. The library prints nothing.
//!
//! # Features
//!
//! * `slack` (default): [`SlackNotifier`], its outbox and [`Secrets`].
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
pub mod performance;
mod plain;
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

#[doc = include_str!("macros/task.md")]
#[doc = include_str!("macros/task-expansion.md")]
pub use tribune_macros::task;

#[doc = include_str!("macros/flow.md")]
#[doc = include_str!("macros/flow-expansion.md")]
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
    /// assert_eq!(nightly::plain(4)?, 6); // without a flow
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// `nightly::plain` is the same body as ordinary Rust: each call is made where it is written, `for`, `if`
    /// and `match` are those of Rust, and the first error is returned. There are no states, handlers, retries,
    /// triggers, caches or threads; an `async` task is waited for. A flow can be left by it, and a test can ask
    /// it what the flow should give.
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
