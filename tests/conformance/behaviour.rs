//! What the bodies of a scenario's tasks do.

use std::collections::BTreeMap;
use std::thread;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use tribune::signal::Signal;
use tribune::{Context, State, StateKind, TaskError};

use crate::errors::CaseError;
use crate::scenario::{ErrorSpec, SignalSpec};
use crate::settings::Settings;
use crate::values;

/// What a body does when it is called.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(crate) enum Behaviour {
    Return {
        #[serde(default)]
        value: Json,
    },
    Input {
        key: String,
    },
    Inputs,
    Add,
    Sum,
    SumList {
        key: String,
    },
    Concat,
    Divide,
    Range {
        key: String,
    },
    List,
    Raise(ErrorSpec),
    Signal(SignalSpec),
    Attempts {
        steps: Vec<Self>,
    },
    ByMapIndex {
        cases: Cases,
        default: Option<Box<Self>>,
    },
    When {
        key: String,
        #[serde(default)]
        equals: Json,
        then: Option<Box<Self>>,
        #[serde(rename = "else")]
        otherwise: Option<Box<Self>>,
    },
    Loop {
        times: u32,
        #[serde(default)]
        start: Json,
        #[serde(default)]
        step: Json,
        message: Option<String>,
        then: Option<Box<Self>>,
    },
    Sleep {
        seconds: f64,
        then: Option<Box<Self>>,
    },
    Pause {
        message: Option<String>,
        then: Option<Box<Self>>,
    },
    Context {
        key: String,
    },
    Require {
        key: String,
        kind: String,
        #[serde(default)]
        message: String,
    },
    Secret {
        name: String,
    },
}

/// What each child of a mapped task does, by its index.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Cases {
    List(Vec<Option<Behaviour>>),
    Map(BTreeMap<String, Behaviour>),
}

impl Cases {
    fn get(&self, index: u32) -> Option<&Behaviour> {
        match self {
            Self::List(list) => list.get(usize::try_from(index).ok()?)?.as_ref(),
            Self::Map(map) => map.get(&index.to_string()),
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum SignalName {
    Fail,
    Skip,
    Success,
    Retry,
    Pause,
    Loop,
    TriggerFail,
    ValidationFail,
}

impl SignalName {
    pub(crate) const fn kind(self) -> StateKind {
        match self {
            Self::Fail => StateKind::Failed,
            Self::Skip => StateKind::Skipped,
            Self::Success => StateKind::Success,
            Self::Retry => StateKind::Retrying,
            Self::Pause => StateKind::Paused,
            Self::Loop => StateKind::Looped,
            Self::TriggerFail => StateKind::TriggerFailed,
            Self::ValidationFail => StateKind::ValidationFailed,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fail => "FAIL",
            Self::Skip => "SKIP",
            Self::Success => "SUCCESS",
            Self::Retry => "RETRY",
            Self::Pause => "PAUSE",
            Self::Loop => "LOOP",
            Self::TriggerFail => "TRIGGERFAIL",
            Self::ValidationFail => "VALIDATIONFAIL",
        }
    }
}

impl SignalSpec {
    pub(crate) fn signal(&self, settings: &Settings) -> Signal {
        let mut state = State::new(self.signal.kind());
        if let Some(message) = &self.message {
            state = state.with_message(message.clone());
        }
        if let Some(result) = &self.result {
            state = state.with_result(result.clone());
        }
        let signal = Signal::from(state);
        match self.start_in {
            Some(seconds) => signal.after(settings.time(seconds)),
            None => signal,
        }
    }
}

/// What a body can use: its inputs, and what it can ask about its run.
pub(crate) struct Call<'a> {
    pub(crate) inputs: &'a BTreeMap<String, Json>,
    pub(crate) context: &'a Context,
    pub(crate) settings: &'a Settings,
}

type Outcome = Result<Json, TaskError>;

impl Behaviour {
    pub(crate) fn perform(&self, call: &Call<'_>) -> Outcome {
        match self {
            Self::Return { value } => Ok(value.clone()),
            Self::Raise(error) => fail(CaseError::new(&error.kind, &error.message)),
            Self::Signal(signal) => Err(TaskError::new(signal.signal(call.settings))),
            Self::Attempts { steps } => call.attempts(steps),
            Self::ByMapIndex { cases, default } => call.by_map_index(cases, default.as_deref()),
            Self::When {
                key,
                equals,
                then,
                otherwise,
            } => {
                let holds = values::equal(call.input(key), equals);
                call.perform(if holds { then } else { otherwise }.as_deref())
            }
            Self::Loop {
                times,
                start,
                step,
                message,
                then,
            } => call.iterate(*times, start, step, message.as_ref(), then.as_deref()),
            Self::Sleep { seconds, then } => {
                thread::sleep(Settings::working_time(*seconds));
                call.perform(then.as_deref())
            }
            Self::Pause { message, then } => match call.context.is_resumed() {
                true => call.perform(then.as_deref()),
                false => Err(TaskError::new(pause(message.as_ref()))),
            },
            Self::Context { key } => Ok(call.context_value(key)),
            Self::Require { key, kind, message } => match call.context_value(key) {
                Json::Null => fail(CaseError::new(kind, message)),
                value => Ok(value),
            },
            Self::Secret { name } => call.secret(name),
            computation => computation.compute(call).map_err(TaskError::new),
        }
    }

    /// The operations that look at nothing but the inputs.
    fn compute(&self, call: &Call<'_>) -> Result<Json, CaseError> {
        match self {
            Self::Input { key } => Ok(call.input(key).clone()),
            Self::Inputs => Ok(json!(call.inputs)),
            Self::Add => values::add(call.input("x"), call.input("y")),
            Self::Sum => values::sum(call.inputs.values()),
            Self::SumList { key } => values::sum(&values::items(call.input(key))?),
            Self::Concat => Ok(call
                .inputs
                .values()
                .map(values::text)
                .collect::<String>()
                .into()),
            Self::Divide => values::divide(call.input("x"), call.input("y")),
            Self::Range { key } => {
                let n = values::whole(call.input(key)).ok_or_else(|| wrong(call.input(key)))?;
                Ok((0..n).map(Json::from).collect())
            }
            Self::List => Ok(call.numbered("arg_").into_iter().cloned().collect()),
            other => unreachable!("{other:?} is performed, not computed"),
        }
    }
}

fn fail(error: CaseError) -> Outcome {
    Err(TaskError::new(error))
}

fn wrong(value: &Json) -> CaseError {
    CaseError::new("TypeError", format!("{value} is of the wrong type"))
}

fn pause(message: Option<&String>) -> Signal {
    let message = message.cloned();
    let message =
        message.unwrap_or_else(|| "Pause signal raised during task execution.".to_owned());
    Signal::new(StateKind::Paused).with_message(message)
}

impl Call<'_> {
    fn perform(&self, then: Option<&Behaviour>) -> Outcome {
        then.map_or(Ok(Json::Null), |then| then.perform(self))
    }

    fn input(&self, key: &str) -> &Json {
        self.inputs.get(key).unwrap_or(&Json::Null)
    }

    /// The inputs whose names are a prefix and a number, in the order of the numbers.
    pub(crate) fn numbered(&self, prefix: &str) -> Vec<&Json> {
        let number = |name: &str| name.strip_prefix(prefix)?.parse::<u32>().ok();
        let mut inputs: Vec<_> = self
            .inputs
            .iter()
            .filter_map(|(name, value)| Some((number(name)?, value)))
            .collect();
        inputs.sort_by_key(|(number, _)| *number);
        inputs.into_iter().map(|(_, value)| value).collect()
    }

    fn attempts(&self, steps: &[Behaviour]) -> Outcome {
        let number = usize::try_from(self.context.attempt()).unwrap_or(usize::MAX);
        let step = steps.get(number - 1).or(steps.last());
        step.map_or(Ok(Json::Null), |step| step.perform(self))
    }

    fn by_map_index(&self, cases: &Cases, default: Option<&Behaviour>) -> Outcome {
        let case = self.context.map_index().and_then(|index| cases.get(index));
        case.or(default)
            .map_or(Ok(Json::Null), |case| case.perform(self))
    }

    fn iterate(
        &self,
        times: u32,
        start: &Json,
        step: &Json,
        message: Option<&String>,
        then: Option<&Behaviour>,
    ) -> Outcome {
        let value = self
            .context
            .carried::<Json>()
            .unwrap_or_else(|| start.clone());
        if self.context.iteration() > times {
            return then.map_or(Ok(value), |then| then.perform(self));
        }
        let state = State::new(StateKind::Looped);
        let next = values::add(&value, step).map_err(TaskError::new)?;
        let state = state.with_result(next);
        let state = match message {
            Some(message) => state.with_message(message.clone()),
            None => state,
        };
        Err(TaskError::new(Signal::from(state)))
    }

    /// Secrets are texts (D15); one that is JSON stands for what it says.
    fn secret(&self, name: &str) -> Outcome {
        let secret = self.context.services().secrets().get(name);
        let secret = secret.map_err(TaskError::new)?;
        let text = secret.expose();
        Ok(serde_json::from_str(text).unwrap_or_else(|_| Json::from(text)))
    }

    fn context_value(&self, key: &str) -> Json {
        let context = self.context;
        match key {
            "flow_name" => json!(context.flow_name()),
            "task_name" => json!(context.task_name()),
            "task_full_name" => json!(context.task_full_name()),
            "task_slug" => json!(context.task_slug()),
            "task_tags" => {
                let mut tags = context.tags().to_vec();
                tags.sort_unstable();
                json!(tags)
            }
            "task_run_count" => json!(context.attempt()),
            "map_index" => json!(context.map_index()),
            "task_loop_count" => match context.iteration() {
                1 => Json::Null,
                iteration => json!(iteration),
            },
            "task_loop_result" => json!(context.carried::<Json>()),
            "resume" if context.is_resumed() => json!(true),
            "parameters" => self.parameters(),
            other => context.value(other).cloned().unwrap_or_default(),
        }
    }

    fn parameters(&self) -> Json {
        let names = self.settings.parameters.iter();
        let values = names.filter_map(|name| {
            let value: Json = self.context.parameter(name)?;
            Some((name.clone(), value))
        });
        values.collect()
    }
}
