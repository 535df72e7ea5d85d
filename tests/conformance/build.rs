//! Builds the flow of a scenario with the library's public builder.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Value as Json, json};
use tribune::dynamic::{Arguments, DynamicInput, DynamicTask, Given};
use tribune::signal::{self, Signal};
use tribune::trigger::{self, Trigger};
use tribune::{Flow, FlowBuilder, Handle, State, StateKind, TaskError, TaskSpec, cache, context};

use crate::behaviour::{Behaviour, Call};
use crate::errors::{self, CaseError};
use crate::graph::{Graph, Node, Work};
use crate::handlers::{Ear, Listeners};
use crate::scenario::{FlowSpec, Options, Ref, TriggerSpec, ValidatorSpec};
use crate::settings::Settings;
use crate::trace::Trace;
use crate::values;

/// A flow, and the ids of its tasks in the order in which they were added.
pub(crate) struct Built {
    pub(crate) flow: Flow<()>,
    pub(crate) ids: Vec<String>,
}

/// Builds a flow that tells `trace` what happens.
pub(crate) fn build(
    spec: &FlowSpec,
    graph: &Graph,
    settings: &Arc<Settings>,
    trace: &Arc<Trace>,
) -> Result<Built, String> {
    let mut builder = Builder {
        flow: Flow::builder(spec.name.clone()),
        handles: HashMap::new(),
        settings,
        trace,
    };
    let mut ids = Vec::new();
    for node in graph.order()? {
        builder.add(node)?;
        if !node.is_parameter() {
            ids.push(node.id.clone());
        }
    }
    let given: Vec<_> = spec.reference_tasks.iter().map(String::as_str).collect();
    for id in if given.is_empty() {
        graph.references()
    } else {
        given
    } {
        let handle = builder.handle(id)?;
        builder.flow.reference_task(handle);
    }
    let ear = Ear {
        id: None,
        trace: trace.clone(),
    };
    let on_failure = spec.on_failure;
    let listeners = Listeners {
        specs: &spec.handlers,
        on_failure,
        ear,
        settings,
    };
    listeners.listen_to_flow(&mut builder.flow)?;
    let flow = builder.flow.build(()).map_err(|error| error.to_string())?;
    Ok(Built { flow, ids })
}

struct Builder<'a> {
    flow: FlowBuilder,
    handles: HashMap<String, Handle<Json>>,
    settings: &'a Arc<Settings>,
    trace: &'a Arc<Trace>,
}

impl Builder<'_> {
    fn handle(&self, id: &str) -> Result<Handle<Json>, String> {
        self.handles
            .get(id)
            .copied()
            .ok_or_else(|| format!("there is no task `{id}`"))
    }

    fn add(&mut self, node: &Node) -> Result<(), String> {
        let handle = match &node.work {
            Work::Parameter {
                name,
                default: None,
            } => self.flow.parameter(name.clone()),
            Work::Parameter {
                name,
                default: Some(value),
            } => self.flow.parameter_or(name.clone(), value.clone()),
            _ => {
                let task = self.task(node)?;
                self.flow.add_dynamic(task)
            }
        };
        self.handles.insert(node.id.clone(), handle);
        Ok(())
    }

    fn task(&self, node: &Node) -> Result<DynamicTask, String> {
        let body = Body {
            id: node.id.clone(),
            work: node.work.clone(),
            flat: flat_inputs(node),
            settings: self.settings.clone(),
            trace: self.trace.clone(),
        };
        let mut task = DynamicTask::new(node.name().to_owned(), move |given| body.run(given));
        for (key, from) in &node.inputs {
            task = self.bind(task, key, from)?;
        }
        for (at, from) in node.after.iter().enumerate() {
            task = self.follow(task, at, from)?;
        }
        let mut options = Ok(());
        task = task.options(|spec| match self.options(node, spec.clone()) {
            Ok(spec) => spec,
            Err(reason) => {
                options = Err(reason);
                spec
            }
        });
        if let Some(target) = &node.options.target {
            task = task.target(self.settings.directory()?, target.clone());
        }
        options.map(|()| task)
    }

    fn bind(&self, task: DynamicTask, key: &str, from: &Ref) -> Result<DynamicTask, String> {
        let value: DynamicInput = match &from.task {
            Some(id) => self.handle(id)?.into(),
            None if from.flatten => values::flatten(from.constant.clone()).into(),
            None => from.constant.clone().into(),
        };
        Ok(match from {
            Ref {
                mapped: true,
                flatten: true,
                task: Some(_),
                ..
            } => task.each_flat(key, value),
            Ref { mapped: true, .. } => task.each(key, value),
            Ref { .. } => task.input(key, value),
        })
    }

    fn follow(&self, task: DynamicTask, at: usize, from: &Ref) -> Result<DynamicTask, String> {
        let Some(id) = &from.task else {
            return Ok(task);
        };
        let handle = self.handle(id)?;
        Ok(match from {
            Ref {
                mapped: true,
                flatten: true,
                ..
            } => task.each_flat(format!("{UNSEEN}{at}"), handle),
            Ref { mapped: true, .. } => task.after_each(handle),
            Ref { .. } => task.after(handle),
        })
    }

    fn options(&self, node: &Node, spec: TaskSpec) -> Result<TaskSpec, String> {
        let options = &node.options;
        let mut spec = self.limits(options, spec).tags(options.tags.clone());
        if let Work::Cleanup { has_setup, .. } = node.work {
            spec = spec.trigger(cleanup(has_setup));
        }
        if let Some(trigger) = &options.trigger {
            spec = spec.trigger(trigger.build());
        }
        if let Some(skip) = options.skip_on_upstream_skip {
            spec = spec.skip_on_upstream_skip(skip);
        }
        spec = self.caching(options, spec);
        let ear = Ear {
            id: Some(node.id.clone()),
            trace: self.trace.clone(),
        };
        let (specs, on_failure, settings) =
            (&options.handlers[..], options.on_failure, self.settings);
        Listeners {
            specs,
            on_failure,
            ear,
            settings,
        }
        .listen_to_task(spec)
    }

    /// Retries and timeouts, which have defaults in the configuration.
    fn limits(&self, options: &Options, mut spec: TaskSpec) -> TaskSpec {
        let config = &self.settings.config;
        let max_retries = options.max_retries.unwrap_or(config.max_retries);
        if max_retries > 0 {
            let delay = options
                .retry_delay
                .or(config.retry_delay)
                .unwrap_or_default();
            spec = spec
                .max_retries(max_retries)
                .retry_delay(self.settings.time(delay));
        }
        if let Some(kinds) = options.retry_on.clone() {
            spec = spec.retry_on(move |error| {
                let error = errors::to_json(error);
                kinds.iter().any(|kind| error["error"] == **kind)
            });
        }
        match options.timeout.or(config.timeout) {
            Some(timeout) => spec.timeout(Settings::working_time(timeout)),
            None => spec,
        }
    }

    fn caching(&self, options: &Options, mut spec: TaskSpec) -> TaskSpec {
        if let Some(seconds) = options.cache_for {
            spec = spec.cache_for(self.settings.time(seconds));
        }
        if let Some(validator) = &options.cache_validator {
            spec = spec.cache_validator(validator.build());
        }
        match &options.cache_key {
            Some(key) => spec.cache_key(key.clone()),
            None => spec,
        }
    }
}

/// Inputs that only order: what begins like this is not given to a body.
const UNSEEN: char = '\0';

/// The inputs that are not mapped, but flattened.
fn flat_inputs(node: &Node) -> BTreeSet<String> {
    let flat = node
        .inputs
        .iter()
        .filter(|(_, from)| from.flatten && !from.mapped);
    flat.map(|(key, _)| key.clone()).collect()
}

impl TriggerSpec {
    fn build(&self) -> Trigger {
        let bounded = |mut trigger: Trigger, at_least: Option<f64>, at_most: Option<f64>| {
            if let Some(bound) = at_least {
                trigger = trigger.at_least(bound);
            }
            match at_most {
                Some(bound) => trigger.at_most(bound),
                None => trigger,
            }
        };
        match self {
            Self::AllSuccessful => trigger::all_successful,
            Self::AllFailed => trigger::all_failed,
            Self::AnySuccessful => trigger::any_successful,
            Self::AnyFailed => trigger::any_failed,
            Self::AllFinished | Self::AlwaysRun => trigger::all_finished,
            Self::ManualOnly => trigger::manual_only,
            Self::NotAllSkipped => trigger::not_all_skipped,
            Self::SomeSuccessful(bounds) => {
                bounded(trigger::some_successful, bounds.at_least, bounds.at_most)
            }
            Self::SomeFailed(bounds) => {
                bounded(trigger::some_failed, bounds.at_least, bounds.at_most)
            }
            Self::CustomFalse(_) => trigger::custom(|_| false),
            Self::CustomError(error) => {
                let error = CaseError::new(&error.kind, &error.message);
                trigger::custom(move |_| Err::<bool, _>(error.clone()))
            }
        }
    }
}

impl ValidatorSpec {
    fn build(&self) -> cache::Validator {
        match self {
            Self::NeverUse => cache::never_use,
            Self::DurationOnly => cache::duration_only,
            Self::AllInputs => cache::all_inputs,
            Self::AllParameters => cache::all_parameters,
            Self::PartialInputsOnly(names) => {
                cache::partial_inputs_only(names.clone().unwrap_or_default())
            }
            Self::PartialParametersOnly(names) => {
                cache::partial_parameters_only(names.clone().unwrap_or_default())
            }
        }
    }
}

/// The clean-up of a resource runs whatever the body did, if there is something to clean up.
fn cleanup(has_setup: bool) -> Trigger {
    let skip = |part: &str, state: Option<&&State>| match state.map(|state| state.kind()) {
        Some(kind) if kind.is_skipped() => {
            Err(signal::skip(format!("Resource manager {part} skipped")))
        }
        Some(kind) if !kind.is_successful() => {
            Err(signal::skip(format!("Resource manager {part} failed")))
        }
        _ => Ok(true),
    };
    // The upstreams come in the order of their declaration: first those that are inputs.
    trigger::custom(move |states: &[&State]| {
        skip("init", states.first())?;
        skip("setup", states.get(1).filter(|_| has_setup))
    })
}

/// What a task does when it is called.
struct Body {
    id: String,
    work: Work,
    flat: BTreeSet<String>,
    settings: Arc<Settings>,
    trace: Arc<Trace>,
}

impl Body {
    fn run(&self, given: &Arguments) -> Result<Json, TaskError> {
        let context = context();
        self.trace.call(&self.id, &context);
        let seen = given.iter().filter(|(key, _)| !key.starts_with(UNSEEN));
        let inputs = seen
            .map(|(key, given)| (key.clone(), self.input(key, given)))
            .collect();
        self.work.perform(&inputs, &|behaviour, inputs| {
            behaviour.perform(&Call {
                inputs,
                context: &context,
                settings: &self.settings,
            })
        })
    }

    fn input(&self, key: &str, given: &Given) -> Json {
        match given {
            _ if !self.flat.contains(key) => plain(given),
            Given::List(children) => children.iter().flat_map(laid_out).collect(),
            other => values::flatten(plain(other)),
        }
    }
}

/// What a task was given, with errors as values.
fn plain(given: &Given) -> Json {
    match given {
        Given::Value(value) => value.clone(),
        Given::Error(error) => json!({ "$error": errors::to_json(error) }),
        Given::List(list) => list.iter().map(plain).collect(),
    }
}

/// The elements that a child of a mapped task gives to a list that is flattened.
fn laid_out(child: &Given) -> Vec<Json> {
    let child = plain(child);
    match &child {
        Json::Array(_) | Json::String(_) => values::items(&child).unwrap_or_default(),
        _ => vec![child],
    }
}

type Inputs = BTreeMap<String, Json>;
type Perform<'a> = dyn Fn(&Behaviour, &Inputs) -> Result<Json, TaskError> + 'a;

impl Work {
    fn perform(&self, inputs: &Inputs, perform: &Perform<'_>) -> Result<Json, TaskError> {
        let input = |key| inputs.get(key).unwrap_or(&Json::Null);
        match self {
            Self::Do(behaviour) => perform(behaviour, inputs),
            Self::Compare(value) => compare(input("value"), value).map_err(TaskError::new),
            Self::Truth => Ok(values::truth(input("x")).into()),
            Self::Merge => Ok(merge(inputs)),
            Self::Filter => filter(input("task_results")).map_err(TaskError::new),
            Self::Init { name, behaviour } => {
                if let Some(behaviour) = behaviour {
                    perform(behaviour, &Inputs::new())?;
                }
                Ok(json!({ "$resource": name }))
            }
            Self::Setup(behaviour) => perform(behaviour, &Inputs::new()),
            Self::Cleanup { behaviour, .. } => {
                let inputs = [("resource".to_owned(), input("resource").clone())];
                perform(behaviour, &inputs.into()).map(|_| Json::Null)
            }
            Self::Parameter { .. } => unreachable!("a parameter is no task"),
        }
    }
}

fn compare(given: &Json, value: &Json) -> Result<Json, Signal> {
    if values::equal(given, value) {
        return Ok(Json::Null);
    }
    let (given, value) = (values::text(given), values::text(value));
    let message = format!("Provided value \"{given}\" did not match \"{value}\"");
    Err(Signal::new(StateKind::Skipped).with_message(message))
}

/// The value of the first arm that has one, in the order of the arms (D6).
fn merge(inputs: &Inputs) -> Json {
    let number = |key: &String| key.strip_prefix("task_")?.parse::<u32>().ok();
    let arms = inputs.iter().filter(|(_, value)| !value.is_null());
    let first = arms.min_by_key(|(key, _)| number(key));
    first.map(|(_, value)| value.clone()).unwrap_or_default()
}

/// The items that are neither nothing nor errors.
fn filter(list: &Json) -> Result<Json, CaseError> {
    let keeps = |item: &Json| !item.is_null() && item.get("$error").is_none();
    let items = values::items(list)?;
    Ok(items.into_iter().filter(keeps).collect())
}
