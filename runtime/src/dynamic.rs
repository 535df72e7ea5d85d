//! Tasks that are made when the program runs: of a closure, with inputs by name and JSON values.
//!
//! They are for flows that are read from a file. What `#[task]` and `flow!` check when the program is
//! compiled is not checked here: an input without a value is null or an error, as the body likes.

use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;

use crate::cache::Target;
use crate::error::TaskError;
use crate::flow::FlowBuilder;
use crate::input::{Bindings, Handle, Reading, Source, Upstream, Upstreams, next};
use crate::plan::{Items, List, Over};
use crate::task::{BodyFn, Names, Returned, TaskSpec, Texts};
use crate::value::Value;

/// A task that is made when the program runs.
///
/// # Examples
///
/// ```
/// use serde_json::json;
/// use tribune::dynamic::{DynamicTask, Given};
/// use tribune::prelude::*;
///
/// let mut flow = Flow::builder("squares");
/// let list = flow.add_dynamic(DynamicTask::new("list", |_| Ok(json!([1, 2, 3]))));
/// let square = DynamicTask::new("square", |given| {
///     let x = given["x"].to_json().as_i64().unwrap_or_default();
///     Ok(json!(x * x))
/// });
/// let squares = flow.add_dynamic(square.each("x", list));
/// let sum = DynamicTask::new("sum", |given| {
///     let list = given["list"].to_json();
///     Ok(json!(list.as_array().map(|list| list.iter().filter_map(|x| x.as_i64()).sum::<i64>())))
/// });
/// let sum = flow.add_dynamic(sum.input("list", squares));
/// let flow = flow.build(sum)?;
/// assert_eq!(flow.run().wait()?.output(), Some(&json!(14)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DynamicTask {
    options: TaskSpec,
    inputs: Vec<(String, From)>,
    lists: Vec<Items>,
    body: Arc<DynamicBody>,
    after: Vec<Source>,
}

type DynamicBody = dyn Fn(&Arguments) -> Result<Json, TaskError> + Send + Sync;

/// The arguments of a dynamic task, by name.
pub type Arguments = BTreeMap<String, Given>;

/// Where an input comes from.
enum From {
    Constant(Json),
    Source(Source),
    /// The element of the list with this number that the task is at.
    List(usize),
}

/// What an input was given.
#[derive(Clone, Debug)]
pub enum Given {
    /// A value; null if the upstream gave none.
    Value(Json),
    /// The error of the upstream.
    Error(TaskError),
    /// What each run of a task in a loop gave.
    List(Vec<Self>),
}

impl Given {
    /// The value, with null in place of every error.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Value(value) => value.clone(),
            Self::Error(_) => Json::Null,
            Self::List(list) => list.iter().map(Self::to_json).collect(),
        }
    }

    fn new(upstream: Upstream) -> Self {
        match upstream {
            Err(error) if error.is_no_value() => Self::Value(Json::Null),
            Err(error) => Self::Error(error),
            Ok(reading) => match (reading.get::<Json>(), reading.get::<Self>()) {
                (Some(value), _) => Self::Value(value.clone()),
                (None, Some(given)) => given.clone(),
                (None, None) => Self::Value(Json::Null),
            },
        }
    }
}

/// What stands in a dynamic input: a JSON value, or a handle of one.
#[derive(Clone, Debug)]
pub enum DynamicInput {
    /// A value.
    Constant(Json),
    /// The output of a task.
    Handle(Handle<Json>),
}

impl std::convert::From<Json> for DynamicInput {
    fn from(value: Json) -> Self {
        Self::Constant(value)
    }
}

impl std::convert::From<Handle<Json>> for DynamicInput {
    fn from(handle: Handle<Json>) -> Self {
        Self::Handle(handle)
    }
}

impl DynamicTask {
    /// A task with this name and body, without inputs.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        body: impl Fn(&Arguments) -> Result<Json, TaskError> + Send + Sync + 'static,
    ) -> Self {
        let nothing = BodyFn::dynamic(|_| unreachable!("the body is set when the task is added"));
        Self {
            options: TaskSpec::of::<Json>(name, nothing),
            inputs: Vec::new(),
            lists: Vec::new(),
            body: Arc::new(body),
            after: Vec::new(),
        }
    }

    /// Sets options of the task.
    #[must_use]
    pub fn options(mut self, set: impl FnOnce(TaskSpec) -> TaskSpec) -> Self {
        self.options = set(self.options);
        self
    }

    /// Adds an input.
    #[must_use]
    pub fn input(mut self, name: impl Into<String>, value: impl Into<DynamicInput>) -> Self {
        let from = match value.into() {
            DynamicInput::Constant(value) => From::Constant(value),
            DynamicInput::Handle(handle) => From::Source(handle.source),
        };
        self.inputs.push((name.into(), from));
        self
    }

    /// Adds an input that is a list: the task is run once for each element.
    ///
    /// Several lists go in step, and the shortest one ends the loop.
    #[must_use]
    pub fn each(self, name: impl Into<String>, list: impl Into<DynamicInput>) -> Self {
        self.list(Some(name.into()), list.into(), false)
    }

    /// Adds an input like [`each`](Self::each), with lists in the list laid end to end.
    #[must_use]
    pub fn each_flat(self, name: impl Into<String>, list: impl Into<DynamicInput>) -> Self {
        self.list(Some(name.into()), list.into(), true)
    }

    /// Runs the task once for each element of a list, which it is not given.
    #[must_use]
    pub fn after_each(self, list: impl Into<DynamicInput>) -> Self {
        self.list(None, list.into(), false)
    }

    /// Sets the name of a file in `directory` that holds the result: where it is there, the task is not run.
    ///
    /// It is written by runs with [`checkpointing`](crate::Run::checkpointing), unless the result is null.
    #[must_use]
    pub fn target(mut self, directory: impl AsRef<Path>, name: impl Into<String>) -> Self {
        let name = name.into();
        self.options.target = Some(Box::new(Target {
            path: directory.as_ref().join(&name),
            name,
            encode: |value| {
                value
                    .get::<Json>()
                    .filter(|json| !json.is_null())
                    .map(Json::to_string)
            },
            decode: |text| serde_json::from_str::<Json>(text).ok().map(Value::new),
        }));
        self
    }

    /// Makes the task wait for another one, without taking its value.
    #[must_use]
    pub fn after(mut self, handle: Handle<Json>) -> Self {
        self.after.push(handle.source);
        self
    }

    fn list(mut self, name: Option<String>, list: DynamicInput, flatten: bool) -> Self {
        if let Some(name) = name {
            self.inputs.push((name, From::List(self.lists.len())));
        }
        let over = match list {
            DynamicInput::Constant(value) => Over::Constant(Value::new(value)),
            DynamicInput::Handle(handle) => Over::Source(handle.source),
        };
        self.lists.push(Items {
            over,
            list: LIST,
            flatten: flatten.then_some(FLAT),
        });
        self
    }
}

impl FlowBuilder {
    /// Adds a dynamic task, and answers the handle of its output: a list, if it goes over one.
    pub fn add_dynamic(&mut self, task: DynamicTask) -> Handle<Json> {
        let DynamicTask {
            options,
            inputs,
            lists,
            body,
            after,
        } = task;
        let is_loop = !lists.is_empty();
        let scope = is_loop.then(|| self.open_loop(lists));
        let (names, from): (Vec<String>, Vec<From>) = inputs.into_iter().unzip();
        let first = self.plan.bindings.all().len();
        for from in from {
            let bindings = &mut self.plan.bindings;
            match (from, scope) {
                (From::Constant(value), _) => bindings.constant(Value::new(value)),
                (From::Source(source), _) => given(source, bindings),
                (From::List(at), Some(scope)) => given(Source::item(scope, at), bindings),
                (From::List(_), None) => bindings.constant(Value::new(Json::Null)),
            }
        }
        let options = TaskSpec {
            parameters: Names::Own(names.clone()),
            ..options
        };
        let call = BodyFn::dynamic(move |inputs| {
            let given = |(at, name): (usize, &String)| {
                let reading = inputs
                    .reading(at)
                    .ok_or_else(|| TaskError::new("an input is gone"));
                (name.clone(), Given::new(reading))
            };
            let arguments = names.iter().enumerate().map(given).collect();
            body(&arguments).map(|value| Returned(Value::new(value)))
        });
        let options = TaskSpec {
            texts: Some(Texts::All(print)),
            ..options.with_body(call)
        };
        let source = self.add_spec(options, first, after);
        match is_loop {
            true => Handle::new(self.close_loop(source, |ups| {
                Ok(Value::new(Given::List(ups.map(Given::new).collect())))
            })),
            false => Handle::new(source),
        }
    }
}

/// Whatever the source gives: a value, an error or nothing.
fn given(source: Source, bindings: &mut Bindings) {
    let adapt = |upstreams: &mut Upstreams<'_>| Ok(Value::new(Given::new(next(upstreams))));
    bindings.adapted(vec![source], adapt, true);
}

/// JSON has a text for every value.
fn print(reading: &Reading) -> Option<String> {
    let given = reading.get::<Given>().map(Given::to_json);
    given
        .as_ref()
        .or_else(|| reading.get::<Json>())
        .map(Json::to_string)
}

const LIST: List = List {
    len: json_len,
    get: json_get,
    copy: |_, _| None,
};

/// Lists in the list are laid end to end, if nothing else is in it.
const FLAT: List = List {
    len: flat_len,
    get: flat_get,
    copy: |_, _| None,
};

fn json_len(value: &dyn Any) -> Option<usize> {
    match value.downcast_ref::<Json>()? {
        Json::Array(list) => Some(list.len()),
        Json::String(text) => Some(text.chars().count()),
        _ => None,
    }
}

fn json_get(value: &dyn Any, at: usize) -> Option<&dyn Any> {
    match value.downcast_ref::<Json>()? {
        Json::Array(list) => list.get(at).map(|item| item as &dyn Any),
        Json::String(text) => text
            .chars()
            .nth(at)
            .map(|character| letter(character) as &dyn Any),
        _ => None,
    }
}

/// The elements of a text are texts of one character each, of which there are not many.
fn letter(character: char) -> &'static Json {
    static LETTERS: Mutex<BTreeMap<char, &'static Json>> = Mutex::new(BTreeMap::new());
    let mut letters = LETTERS.lock().unwrap_or_else(PoisonError::into_inner);
    letters
        .entry(character)
        .or_insert_with(|| Box::leak(Box::new(Json::String(character.to_string()))))
}

/// The number of elements of each list in a list; none if something else is in it.
fn lists_in(value: &dyn Any) -> Option<Vec<(&Json, usize)>> {
    let list = value.downcast_ref::<Json>()?.as_array()?;
    list.iter()
        .map(|inner| Some((inner, json_len(inner)?)))
        .collect()
}

fn flat_len(value: &dyn Any) -> Option<usize> {
    match lists_in(value) {
        Some(lists) => Some(lists.iter().map(|(_, len)| len).sum()),
        None => json_len(value),
    }
}

fn flat_get(value: &dyn Any, mut at: usize) -> Option<&dyn Any> {
    let Some(lists) = lists_in(value) else {
        return json_get(value, at);
    };
    for (list, len) in lists {
        if at < len {
            return json_get(list, at);
        }
        at -= len;
    }
    None
}

impl fmt::Debug for DynamicTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.inputs.iter().map(|(name, _)| name).collect();
        f.debug_struct("DynamicTask")
            .field("options", &self.options)
            .field("inputs", &names)
            .finish_non_exhaustive()
    }
}
