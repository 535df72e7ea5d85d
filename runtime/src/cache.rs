//! Caching: a task with `cache_for` keeps its result for later runs in the same process.
//!
//! Whether a kept result may be used is decided by a [`Validator`]. Each element of a loop finds its own.
//!
//! # Examples
//!
//! ```
//! use tribune::cache::Cache;
//! use tribune::prelude::*;
//!
//! #[task(cache_for = "1h", cache_validator = all_inputs)]
//! fn load(table: &str) -> String {
//!     format!("rows of {table}")
//! }
//!
//! let flow = flow!("nightly", |table: String| {
//!     load(table)
//! });
//! let cache = Cache::new();
//! let run = |table| flow.run().cache(&cache).parameter("table", table).wait();
//! run("orders")?;
//! run("users")?;
//! assert!(run("orders")?.task("load").unwrap().state().is(Cached));
//! # Ok::<(), RunError>(())
//! ```
//!
//! Inputs are compared as JSON. One whose type is not `Serialize` cannot be, and a validator that would
//! have to is refused when the flow is built.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use crate::state::{State, StateKind};
use crate::task::Outcome;
use crate::timestamp::Timestamp;
use crate::value::Value;

/// Never uses what is kept.
#[expect(
    non_upper_case_globals,
    reason = "a validator is written like the function it stands for"
)]
pub const never_use: Validator = Validator(Rule::NeverUse);

/// Uses what is kept until it expires. The default.
#[expect(
    non_upper_case_globals,
    reason = "a validator is written like the function it stands for"
)]
pub const duration_only: Validator = Validator(Rule::DurationOnly);

/// Uses what is kept until it expires, if all inputs of the task are the same.
#[expect(
    non_upper_case_globals,
    reason = "a validator is written like the function it stands for"
)]
pub const all_inputs: Validator = Validator(Rule::Inputs(None));

/// Uses what is kept until it expires, if all parameters of the flow are the same.
#[expect(
    non_upper_case_globals,
    reason = "a validator is written like the function it stands for"
)]
pub const all_parameters: Validator = Validator(Rule::Parameters(None));

/// Uses what is kept until it expires, if these inputs of the task are the same.
pub fn partial_inputs_only<N: Into<Cow<'static, str>>>(
    names: impl IntoIterator<Item = N>,
) -> Validator {
    Validator(Rule::Inputs(Some(
        names.into_iter().map(Into::into).collect(),
    )))
}

/// Uses what is kept until it expires, if these parameters of the flow are the same.
pub fn partial_parameters_only<N: Into<Cow<'static, str>>>(
    names: impl IntoIterator<Item = N>,
) -> Validator {
    Validator(Rule::Parameters(Some(
        names.into_iter().map(Into::into).collect(),
    )))
}

/// Whether a kept result may be used: one of the constants and functions of this module.
#[derive(Clone, Debug)]
pub struct Validator(Rule);

#[derive(Clone, Debug)]
enum Rule {
    NeverUse,
    DurationOnly,
    /// These, or all.
    Inputs(Option<Vec<Cow<'static, str>>>),
    Parameters(Option<Vec<Cow<'static, str>>>),
}

/// What a task keeps, and for how long.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    /// `None`: nothing is kept.
    pub(crate) keep: Option<Duration>,
    pub(crate) validator: Option<Validator>,
    pub(crate) key: Option<Cow<'static, str>>,
}

/// Inputs or parameters by name, each as a text that is the same for the same value.
pub(crate) type Prints = Vec<(String, Option<String>)>;

/// What a result was made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) inputs: Prints,
    pub(crate) parameters: Prints,
}

/// A result that was kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) state: State,
    pub(crate) index: Option<u32>,
    /// Without a time it is good for ever.
    pub(crate) expires: Option<Timestamp>,
    pub(crate) origin: Origin,
}

impl Policy {
    /// The rule for a task, which by default depends on whether it keeps anything.
    pub(crate) fn validator(&self) -> &Validator {
        match (&self.validator, self.keep) {
            (Some(validator), _) => validator,
            (None, Some(_)) => &duration_only,
            (None, None) => &never_use,
        }
    }
}

impl Validator {
    /// Whether it compares the input of this name.
    pub(crate) fn compares_input(&self, name: &str) -> bool {
        match &self.0 {
            Rule::Inputs(Some(names)) => names.iter().any(|other| other == name),
            Rule::Inputs(None) => true,
            Rule::NeverUse | Rule::DurationOnly | Rule::Parameters(_) => false,
        }
    }

    /// The names of inputs that it gives.
    pub(crate) fn input_names(&self) -> impl Iterator<Item = &str> {
        let names = match &self.0 {
            Rule::Inputs(Some(names)) => &**names,
            _ => &[],
        };
        names.iter().map(|name| &**name)
    }

    /// Whether what was kept may be used in place of a result made of `origin`.
    pub(crate) fn accepts(&self, kept: &Kept, origin: &Origin, now: Timestamp) -> bool {
        let fresh = kept.expires.is_none_or(|expires| expires > now);
        let same = |names: &Option<Vec<Cow<'static, str>>>, a: &Prints, b: &Prints| match names {
            Some(names) => {
                let print = |prints: &Prints, name: &str| entry(prints, name).cloned();
                names.iter().all(|name| {
                    let print = (print(a, name), print(b, name));
                    print.0 == print.1 && print.0.is_none_or(|(_, text)| text.is_some())
                })
            }
            // What has no text cannot be compared, and is never the same.
            None => a == b && a.iter().all(|(_, print)| print.is_some()),
        };
        fresh
            && match &self.0 {
                Rule::NeverUse => false,
                Rule::DurationOnly => true,
                Rule::Inputs(names) => same(names, &kept.origin.inputs, &origin.inputs),
                Rule::Parameters(names) => same(names, &kept.origin.parameters, &origin.parameters),
            }
    }
}

fn entry<'a>(prints: &'a Prints, name: &str) -> Option<&'a (String, Option<String>)> {
    prints.iter().find(|(other, _)| other == name)
}

/// What runs have kept, by the key or the name of the task.
pub(crate) type Store = HashMap<String, Vec<Kept>>;

/// Where results are kept: by default there is one for the whole process.
#[derive(Clone, Debug, Default)]
pub struct Cache(Arc<Mutex<Store>>);

impl Cache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// The cache of the process, which runs use unless they are [given](crate::Run::cache) another.
    pub fn of_process() -> Self {
        static CACHE: LazyLock<Cache> = LazyLock::new(Cache::new);
        CACHE.clone()
    }

    /// What is kept under these keys.
    pub(crate) fn load(&self, keys: impl Iterator<Item = String>) -> Store {
        let store = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.filter_map(|key| store.get_key_value(&key))
            .map(|(key, kept)| (key.clone(), kept.clone()))
            .collect()
    }

    /// Keeps what a run gave.
    pub(crate) fn save(&self, kept: Store, now: Timestamp) {
        let mut store = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, new) in kept {
            let old = store.entry(key).or_default();
            old.retain(|kept| kept.expires.is_none_or(|expires| expires > now));
            for kept in new {
                // A result made of the same is the same: the new one is good for longer.
                old.retain(|other| other.index != kept.index || other.origin != kept.origin);
                old.push(kept);
            }
        }
    }
}

/// A file that holds the result of a task: where it is there, the task is not run.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The name as it appears in messages, and where the file is.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) encode: fn(&Value) -> Option<String>,
    pub(crate) decode: fn(&str) -> Option<Value>,
}

impl Target {
    /// Under which key the content of the file is kept for a run.
    pub(crate) fn key(&self) -> String {
        format!("target {}", self.path.display())
    }

    /// What is written of an outcome: a result, also that of one iteration of a loop.
    pub(crate) fn content(&self, outcome: &Outcome) -> Option<String> {
        let given = |kind: StateKind| matches!(kind, StateKind::Success | StateKind::Looped);
        let value = match outcome {
            Ok(returned) => &returned.0,
            Err(error) => {
                let state = error.signal()?.state();
                state.value().filter(|_| given(state.kind()))?
            }
        };
        (self.encode)(value)
    }

    /// The state of a task whose result is in the file.
    pub(crate) fn found(&self, content: &str) -> Option<Kept> {
        let value = (self.decode)(content)?;
        let message = format!("Result found at task target {}", self.name);
        let state = State::cached(None).with_message(message).with_value(value);
        Some(Kept {
            state,
            index: None,
            expires: None,
            origin: Origin::default(),
        })
    }
}
