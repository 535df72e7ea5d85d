//! What a case file says: the scenario, and what Prefect did with it.
//!
//! The types follow FORMAT.md key by key. What is expected stays plain JSON: only the comparer reads it.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

use crate::behaviour::{Behaviour, SignalName};

/// One case: what to build, how to run it, and what came of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) format: u32,
    pub(crate) name: String,
    pub(crate) flow: FlowSpec,
    #[serde(default)]
    pub(crate) config: BTreeMap<String, Json>,
    pub(crate) secrets: Option<BTreeMap<String, Json>>,
    #[serde(default)]
    pub(crate) webhook: Webhook,
    pub(crate) runs: Option<Vec<RunSpec>>,
    pub(crate) expected: Expected,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Expected {
    pub(crate) runs: Vec<Json>,
}

/// How the webhook of a case answers.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Webhook {
    #[serde(default)]
    pub(crate) statuses: Vec<u16>,
    #[serde(default)]
    pub(crate) down: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct FlowSpec {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) body: Vec<Statement>,
    #[serde(default)]
    pub(crate) handlers: Vec<HandlerSpec>,
    #[serde(default)]
    pub(crate) on_failure: bool,
    #[serde(default)]
    pub(crate) reference_tasks: Vec<String>,
    #[serde(default)]
    pub(crate) extra_edges: Vec<ExtraEdge>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ExtraEdge {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) key: Option<String>,
    #[serde(default)]
    pub(crate) mapped: bool,
    #[serde(default)]
    pub(crate) flatten: bool,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "stmt", rename_all = "lowercase")]
pub(crate) enum Statement {
    Task(Box<TaskSpec>),
    Parameter(ParameterSpec),
    Switch(SwitchSpec),
    Ifelse(IfElseSpec),
    Merge(MergeSpec),
    Case(CaseSpec),
    Resource(Box<ResourceSpec>),
    Filter(FilterSpec),
}

#[derive(Debug, Deserialize)]
pub(crate) struct TaskSpec {
    pub(crate) id: String,
    #[serde(rename = "do")]
    pub(crate) behaviour: Behaviour,
    #[serde(default)]
    pub(crate) inputs: BTreeMap<String, Ref>,
    #[serde(default)]
    pub(crate) after: Vec<Ref>,
    #[serde(flatten)]
    pub(crate) options: Options,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Options {
    pub(crate) name: Option<String>,
    pub(crate) max_retries: Option<u32>,
    pub(crate) retry_delay: Option<f64>,
    pub(crate) retry_on: Option<Vec<String>>,
    pub(crate) timeout: Option<f64>,
    pub(crate) trigger: Option<TriggerSpec>,
    pub(crate) skip_on_upstream_skip: Option<bool>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    pub(crate) cache_for: Option<f64>,
    pub(crate) cache_validator: Option<ValidatorSpec>,
    pub(crate) cache_key: Option<String>,
    pub(crate) target: Option<String>,
    #[serde(default)]
    pub(crate) handlers: Vec<HandlerSpec>,
    #[serde(default)]
    pub(crate) on_failure: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ParameterSpec {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    /// A default of null is a default.
    #[serde(default, deserialize_with = "present")]
    pub(crate) default: Option<Json>,
    #[serde(default)]
    pub(crate) required: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SwitchSpec {
    pub(crate) id: String,
    pub(crate) on: String,
    pub(crate) cases: Vec<Branch>,
    #[serde(default)]
    pub(crate) mapped: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Branch {
    pub(crate) value: Json,
    pub(crate) task: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct IfElseSpec {
    pub(crate) id: String,
    pub(crate) on: String,
    pub(crate) then: Option<String>,
    #[serde(rename = "else")]
    pub(crate) otherwise: Option<String>,
    #[serde(default)]
    pub(crate) mapped: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct MergeSpec {
    pub(crate) id: String,
    pub(crate) of: Vec<String>,
    #[serde(default)]
    pub(crate) mapped: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CaseSpec {
    pub(crate) id: String,
    pub(crate) on: String,
    pub(crate) value: Json,
    pub(crate) body: Vec<Statement>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ResourceSpec {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) init: Option<Behaviour>,
    pub(crate) setup: Option<Behaviour>,
    pub(crate) cleanup: Behaviour,
    #[serde(default)]
    pub(crate) body: Vec<Statement>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct FilterSpec {
    pub(crate) id: String,
    pub(crate) of: String,
}

/// What an input is taken from: a task, or a constant.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Ref {
    pub(crate) task: Option<String>,
    #[serde(default, rename = "const")]
    pub(crate) constant: Json,
    #[serde(default)]
    pub(crate) mapped: bool,
    #[serde(default)]
    pub(crate) flatten: bool,
}

impl Ref {
    pub(crate) fn task(id: impl Into<String>, mapped: bool) -> Self {
        Self {
            task: Some(id.into()),
            constant: Json::Null,
            mapped,
            flatten: false,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TriggerSpec {
    AllSuccessful,
    AllFailed,
    AnySuccessful,
    AnyFailed,
    AllFinished,
    AlwaysRun,
    ManualOnly,
    NotAllSkipped,
    SomeSuccessful(Thresholds),
    SomeFailed(Thresholds),
    CustomFalse(Empty),
    CustomError(ErrorSpec),
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Empty {}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Thresholds {
    pub(crate) at_least: Option<f64>,
    pub(crate) at_most: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ErrorSpec {
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) message: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ValidatorSpec {
    NeverUse,
    DurationOnly,
    AllInputs,
    AllParameters,
    PartialInputsOnly(Option<Vec<String>>),
    PartialParametersOnly(Option<Vec<String>>),
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct HandlerSpec {
    #[serde(default)]
    pub(crate) when: When,
    #[serde(flatten)]
    pub(crate) kind: HandlerKind,
}

/// To which changes a handler does something.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct When {
    #[serde(default, rename = "new")]
    pub(crate) states: Option<Vec<String>>,
    pub(crate) old: Option<Vec<String>>,
    pub(crate) map_index: Option<u32>,
    pub(crate) run_count: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "h", rename_all = "lowercase")]
pub(crate) enum HandlerKind {
    Record {
        #[serde(default)]
        returns: Option<String>,
    },
    Rewrite {
        to: StateSpec,
        #[serde(default)]
        keep_result: bool,
    },
    Raise(ErrorSpec),
    Signal(SignalSpec),
    EndRun {
        with: StateSpec,
    },
    Slack {
        #[serde(default)]
        only: Vec<String>,
        #[serde(default)]
        ignore: Vec<String>,
        secret: Option<String>,
    },
    Callback {
        check: String,
    },
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SignalSpec {
    pub(crate) signal: SignalName,
    pub(crate) message: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) result: Option<Json>,
    pub(crate) start_in: Option<f64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct RunSpec {
    #[serde(default)]
    pub(crate) mode: Mode,
    /// In the order of the file, in which messages name them.
    #[serde(default, deserialize_with = "in_order")]
    pub(crate) parameters: Vec<(String, Json)>,
    #[serde(default)]
    pub(crate) context: BTreeMap<String, Json>,
    #[serde(default)]
    pub(crate) task_states: BTreeMap<String, StateSpec>,
    pub(crate) flow_state: Option<StateSpec>,
    #[serde(default)]
    pub(crate) approvals: BTreeMap<String, Vec<Json>>,
    pub(crate) max_passes: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    #[default]
    FlowRun,
    SinglePass,
}

/// A state as a scenario gives it: built, or taken from the end of an earlier run.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct StateSpec {
    #[serde(default)]
    pub(crate) state: String,
    pub(crate) message: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) result: Option<Json>,
    pub(crate) start_in: Option<f64>,
    pub(crate) run_count: Option<u32>,
    pub(crate) loop_count: Option<u32>,
    #[serde(default)]
    pub(crate) map_states: Vec<Self>,
    pub(crate) wraps: Option<Box<Self>>,
    pub(crate) expires_in: Option<f64>,
    pub(crate) from_run: Option<usize>,
}

/// Tells a key with the value null from a key that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// Reads an object without putting its names into another order.
fn in_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Json)>, D::Error> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(String, Json)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_map(Entries)
}
