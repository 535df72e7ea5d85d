//! Runs the flow of a case, and writes down what happened in the terms of the format.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::OnceLock;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value as Json, json};
use tribune::cache::Cache;
use tribune::{Cancellation, FlowRun, Paused, Run, RunError, State, StateKind};

use crate::build::{self, Built};
use crate::compare;
use crate::graph::Graph;
use crate::record;
use crate::scenario::{Case, Mode, RunSpec, StateSpec};
use crate::settings::{self, Config, Driver, Settings};
use crate::states;
use crate::trace::Trace;
use crate::webhook::Server;

/// Runs a case. The error is the first difference to what is expected, or why the case cannot be run.
pub(crate) fn run(case: &Case, driver: Driver, threads: usize) -> Result<(), String> {
    if case.format != 1 {
        return Err(format!("format {} is not known", case.format));
    }
    let graph = Graph::of(&case.flow)?;
    let parameters = graph.nodes.iter().filter(|node| node.is_parameter());
    let settings = Arc::new(Settings {
        driver,
        threads,
        config: Config::new(case),
        parameters: parameters.map(|node| node.name().to_owned()).collect(),
        directory: OnceLock::new(),
    });
    let server = Server::start(&case.webhook).map_err(|error| error.to_string())?;
    let trace = Arc::<Trace>::default();
    let built = build::build(&case.flow, &graph, &settings, &trace)?;
    let mut session = Session {
        graph: &graph,
        secrets: secrets(case, &server),
        settings,
        server,
        trace,
        built,
        cache: Cache::new(),
        now: SystemTime::now(),
        ended: Vec::new(),
    };
    let once = [RunSpec::default()];
    let runs = case.runs.as_deref().unwrap_or(&once);
    if runs.len() != case.expected.runs.len() {
        return Err("there are not as many expected runs as runs".to_owned());
    }
    for (at, (spec, expected)) in runs.iter().zip(&case.expected.runs).enumerate() {
        let happened = session.run(spec)?;
        compare::run(expected, &happened, &graph, &case.flow.name)
            .map_err(|difference| format!("run {at}: {difference}"))?;
    }
    Ok(())
}

/// The secrets of a case: without any said, the address of the webhook.
fn secrets(case: &Case, server: &Server) -> BTreeMap<String, String> {
    let url = server.url();
    let text = |value: &Json| match value {
        Json::String(text) => text
            .replace("$WEBHOOK_AS_JSON", &json!(url).to_string())
            .replace("$WEBHOOK", &url),
        other => other.to_string(),
    };
    let default = BTreeMap::from([("SLACK_WEBHOOK_URL".to_owned(), json!("$WEBHOOK"))]);
    let given = case.secrets.as_ref().unwrap_or(&default).iter();
    let mut secrets: BTreeMap<_, _> = given
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    for (name, value) in settings::configured_secrets(case) {
        secrets.insert(name.to_owned(), text(value));
    }
    secrets
}

/// The runs of one case, one after the other.
struct Session<'a> {
    graph: &'a Graph,
    secrets: BTreeMap<String, String>,
    settings: Arc<Settings>,
    server: Server,
    trace: Arc<Trace>,
    built: Built,
    cache: Cache,
    /// When the next run starts, by the simulated clock.
    now: SystemTime,
    /// The states in which the tasks of each run ended.
    ended: Vec<HashMap<String, Ended>>,
}

/// How a task ended, and its children.
#[derive(Clone)]
struct Ended {
    state: State,
    children: Vec<State>,
}

impl Session<'_> {
    fn run(&mut self, spec: &RunSpec) -> Result<Json, String> {
        let approvals = Arc::new(Approvals::new(spec, self.graph, &self.trace));
        let cancellation = Cancellation::new();
        self.trace.limit(spec.max_passes, &cancellation);
        let run = self.prepare(spec)?.cancel_with(&cancellation);
        let run = match spec.mode {
            Mode::SinglePass => run.without_waiting(),
            Mode::FlowRun => {
                let approvals = approvals.clone();
                run.resume(move |paused: &Paused| approvals.ask(paused))
            }
        };
        let finished = run.wait();
        let stuck = self.trace.is_stuck().then_some(spec.max_passes).flatten();
        let outcome = outcome(&finished, stuck, approvals.have_run_out());
        let returned = outcome.get("returned").is_some();
        let finished = finished.ok();
        self.ended.push(
            finished
                .as_ref()
                .map(|run| self.ends(run))
                .unwrap_or_default(),
        );
        // A later run finds nothing in the cache that has not expired by then.
        self.now += Duration::from_millis(1);
        let story = self.trace.take();
        let mut happened = Map::new();
        happened.insert("outcome".to_owned(), outcome);
        happened.extend(record::story(
            &story,
            finished.as_ref(),
            &self.built.ids,
            returned,
        ));
        happened.insert("slack".to_owned(), self.server.take().into());
        Ok(Json::Object(happened))
    }

    fn prepare(&self, spec: &RunSpec) -> Result<Run<()>, String> {
        let settings = &self.settings;
        let mut run = self
            .built
            .flow
            .run()
            .cache(&self.cache)
            .checkpointing(settings.config.checkpointing)
            .threads(settings.threads);
        let now = match settings.driver {
            Driver::Simulated => {
                run = run.simulated(self.now);
                self.now
            }
            Driver::Local => SystemTime::now(),
        };
        for (name, value) in &self.secrets {
            run = run.secret(name, value.clone());
        }
        for (name, value) in &spec.context {
            run = run.context(name, value.clone());
        }
        for (name, value) in &spec.parameters {
            run = run.parameter(name, value.clone());
        }
        match (&spec.flow_state, spec.mode) {
            (Some(state), _) => run = run.flow_state(states::start(state, now, settings)?),
            (None, Mode::SinglePass) => run = run.flow_state(State::new(StateKind::Pending)),
            (None, Mode::FlowRun) => {}
        }
        for (id, state) in &spec.task_states {
            let node = self
                .graph
                .get(id)
                .ok_or_else(|| format!("there is no task `{id}`"))?;
            if node.is_parameter() {
                continue;
            }
            let Ended { state, children } = self.start(id, state, now)?;
            run = run.task_states_of_children(self.slug(id), state, children);
        }
        Ok(run)
    }

    /// The slug that the library gives a task.
    fn slug(&self, id: &str) -> String {
        let label = |id: &str| {
            let node = self.graph.get(id)?;
            let mut tags = node.options.tags.clone();
            tags.sort_unstable();
            Some(
                std::iter::once(node.name().to_owned())
                    .chain(tags)
                    .collect::<Vec<_>>()
                    .join("-"),
            )
        };
        let own = label(id);
        let before = self.built.ids.iter().take_while(|other| *other != id);
        let number = before.filter(|other| label(other) == own).count() + 1;
        format!("{}-{number}", own.unwrap_or_default())
    }

    /// The state that a task starts from.
    fn start(&self, id: &str, spec: &StateSpec, now: SystemTime) -> Result<Ended, String> {
        if let Some(run) = spec.from_run {
            let ended = self.ended.get(run).and_then(|run| run.get(id));
            return ended
                .cloned()
                .ok_or_else(|| format!("task `{id}` did not end in run {run}"));
        }
        let children = spec
            .map_states
            .iter()
            .enumerate()
            .map(|(at, child)| match child.from_run {
                Some(run) => {
                    let ended = self
                        .ended
                        .get(run)
                        .and_then(|run| run.get(id)?.children.get(at));
                    ended
                        .cloned()
                        .ok_or_else(|| format!("task `{id}` had no child {at} in run {run}"))
                }
                None => states::start(child, now, &self.settings),
            });
        let children = children.collect::<Result<_, _>>()?;
        Ok(Ended {
            state: states::start(spec, now, &self.settings)?,
            children,
        })
    }

    fn ends(&self, run: &FlowRun<()>) -> HashMap<String, Ended> {
        let ids = self.built.ids.iter().cloned();
        let ends = run.task_runs().map(|task| Ended {
            state: task.state().clone(),
            children: task.children().map(|child| child.state().clone()).collect(),
        });
        ids.zip(ends).collect()
    }
}

fn outcome(run: &Result<FlowRun<()>, RunError>, stuck: Option<u32>, run_out: bool) -> Json {
    match (run, stuck) {
        (Ok(_), Some(passes)) => json!({ "stuck_after_passes": passes }),
        (Ok(_), None) if run_out => raised("NoApproval", "no answer is left"),
        (Ok(_), None) => json!({ "returned": true }),
        (Err(RunError::UnknownParameters(names)), _) => raised(
            "InvalidParameters",
            &format!(
                "Flow.run received the following unexpected parameters: {}",
                names.join(", ")
            ),
        ),
        (Err(RunError::MissingParameters(names)), _) => raised(
            "InvalidParameters",
            &format!(
                "Flow.run did not receive the following required parameters: {}",
                names.join(", ")
            ),
        ),
        (Err(error), _) => raised("RunError", &error.to_string()),
    }
}

fn raised(kind: &str, message: &str) -> Json {
    json!({ "raised": { "error": kind, "message": message } })
}

/// The answers of a person who is asked about paused tasks.
struct Approvals {
    answers: Mutex<BTreeMap<String, VecDeque<Json>>>,
    /// The ids of the tasks with each name.
    ids: HashMap<String, BTreeSet<String>>,
    trace: Arc<Trace>,
    run_out: Mutex<bool>,
}

impl Approvals {
    fn new(spec: &RunSpec, graph: &Graph, trace: &Arc<Trace>) -> Self {
        let answers = spec.approvals.iter();
        let answers = answers.map(|(id, answers)| (id.clone(), answers.iter().cloned().collect()));
        let mut ids = HashMap::<_, BTreeSet<_>>::new();
        for node in &graph.nodes {
            ids.entry(node.name().to_owned())
                .or_default()
                .insert(node.id.clone());
        }
        Self {
            answers: Mutex::new(answers.collect()),
            ids,
            trace: trace.clone(),
            run_out: Mutex::default(),
        }
    }

    fn have_run_out(&self) -> bool {
        *self.run_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers for a paused task. Who says no is asked again, and who says nothing has left.
    fn ask(&self, paused: &Paused) -> bool {
        let ids = self.ids.get(paused.name());
        let id = ids.and_then(|ids| {
            ids.iter()
                .find(|id| self.trace.is_paused(id, paused.map_index()))
        });
        let Some(id) = id else { return false };
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = answers.entry(id.clone()).or_default();
        while !self.have_run_out() {
            self.trace.prompt(id);
            match answers.pop_front() {
                Some(answer) if is_yes(&answer) => return true,
                Some(_) => {}
                None => *self.run_out.lock().unwrap_or_else(PoisonError::into_inner) = true,
            }
        }
        false
    }
}

fn is_yes(answer: &Json) -> bool {
    *answer == json!(true)
        || answer
            .as_str()
            .is_some_and(|answer| answer.trim().eq_ignore_ascii_case("y"))
}
