//! The state handlers of a scenario, between the two that record.

use std::error::Error;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use tribune::handler::Answer;
use tribune::signal::{self, Signal};
use tribune::{
    FlowBuilder, Services, SetupError, State, StateChange, StateHandler, StateKind, TaskError,
    TaskSpec, callback, slack_notifier,
};

use crate::errors::CaseError;
use crate::scenario::{HandlerKind, HandlerSpec, StateSpec, When};
use crate::settings::Settings;
use crate::states;
use crate::trace::{Gave, Heard, Trace, Who};

type BoxError = Box<dyn Error + Send + Sync>;

/// The handlers of one task, or of the flow.
pub(crate) struct Listeners<'a> {
    pub(crate) specs: &'a [HandlerSpec],
    pub(crate) on_failure: bool,
    pub(crate) ear: Ear,
    pub(crate) settings: &'a Arc<Settings>,
}

/// What records the changes of one task, or of the flow.
#[derive(Clone)]
pub(crate) struct Ear {
    /// The id of the task; none for the flow.
    pub(crate) id: Option<String>,
    pub(crate) trace: Arc<Trace>,
}

impl Ear {
    fn who(&self, change: &StateChange) -> Who {
        Who {
            id: self.id.clone(),
            index: change.map_index(),
        }
    }

    fn open(&self) -> Listed {
        let ear = self.clone();
        Listed::new(move |change: &StateChange, new: State| {
            ear.trace.open(ear.who(change), change);
            new
        })
    }

    fn close(&self) -> Listed {
        let ear = self.clone();
        Listed::new(move |change: &StateChange, new: State| {
            ear.trace.close(&ear.who(change), &new);
            new
        })
    }

    fn heard(&self, change: &StateChange, handler: usize, saw: StateKind, gave: Option<Gave>) {
        let heard = Heard {
            handler: json!(handler),
            saw,
            gave,
            fired: None,
        };
        self.trace.heard(&self.who(change), heard);
    }

    fn fired(&self, change: &StateChange, handler: Json, saw: StateKind, fired: Option<bool>) {
        let gave = Some(Gave::State(saw));
        self.trace.heard(
            &self.who(change),
            Heard {
                handler,
                saw,
                gave,
                fired,
            },
        );
    }
}

/// Any handler, as one type.
struct Listed(Box<dyn StateHandler>);

impl Listed {
    fn new(handler: impl Fn(&StateChange, State) -> State + Send + Sync + 'static) -> Self {
        Self::fallible(move |change, new| Ok(handler(change, new)))
    }

    fn fallible(
        handler: impl Fn(&StateChange, State) -> Result<State, BoxError> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(Function(handler)))
    }
}

impl StateHandler for Listed {
    fn handle<'a>(&'a self, change: &'a StateChange, new: State) -> Answer<'a> {
        self.0.handle(change, new)
    }

    fn prepare(&self, services: &Services) -> Result<(), SetupError> {
        self.0.prepare(services)
    }
}

struct Function<F>(F);

impl<F> StateHandler for Function<F>
where
    F: Fn(&StateChange, State) -> Result<State, BoxError> + Send + Sync + 'static,
{
    fn handle<'a>(&'a self, change: &'a StateChange, new: State) -> Answer<'a> {
        (self.0)(change, new).into()
    }
}

impl Listeners<'_> {
    pub(crate) fn listen_to_task(self, spec: TaskSpec) -> Result<TaskSpec, String> {
        let mut spec = spec.state_handler(self.ear.open());
        for handler in self.handlers()? {
            spec = spec.state_handler(handler);
        }
        if self.on_failure {
            let ear = self.ear.clone();
            spec = spec.on_failure(move |change, state| ear.failed(change, state));
        }
        Ok(spec.state_handler(self.ear.close()))
    }

    pub(crate) fn listen_to_flow(self, flow: &mut FlowBuilder) -> Result<(), String> {
        flow.state_handler(self.ear.open());
        for handler in self.handlers()? {
            flow.state_handler(handler);
        }
        if self.on_failure {
            let ear = self.ear.clone();
            flow.on_failure(move |change, state| ear.failed(change, state));
        }
        flow.state_handler(self.ear.close());
        Ok(())
    }

    fn handlers(&self) -> Result<Vec<Listed>, String> {
        let handlers = self
            .specs
            .iter()
            .enumerate()
            .map(|(at, spec)| self.handler(at, spec));
        Ok(handlers
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect())
    }

    /// The handler with this number in the list; one of the library stands between two that record.
    fn handler(&self, at: usize, spec: &HandlerSpec) -> Result<Vec<Listed>, String> {
        let ear = self.ear.clone();
        Ok(match &spec.kind {
            HandlerKind::Slack {
                only,
                ignore,
                secret,
            } => {
                let slack = slack(only, ignore, secret.as_deref())?;
                vec![ear.before(at), Listed(Box::new(slack)), ear.after()]
            }
            HandlerKind::Callback { check } => {
                let check = states::predicate(check)?;
                let before = self.ear.clone();
                let fire = callback(check, move |change, state| {
                    before.fired(change, json!(at), state.kind(), Some(true));
                });
                let silent = Listed::new(move |change: &StateChange, new: State| {
                    if !check(&new) {
                        ear.fired(change, json!(at), new.kind(), Some(false));
                    }
                    new
                });
                vec![Listed(Box::new(fire)), silent]
            }
            kind => vec![self.plain(at, &spec.when, kind)],
        })
    }

    /// A handler that is nothing but a function.
    fn plain(&self, at: usize, when: &When, kind: &HandlerKind) -> Listed {
        let (ear, settings) = (self.ear.clone(), self.settings.clone());
        let (when, kind) = (when.clone(), kind.clone());
        Listed::fallible(move |change, new| {
            let saw = new.kind();
            if !states::matches(&when, change, saw) {
                ear.heard(change, at, saw, Some(Gave::State(saw)));
                return Ok(new);
            }
            let answer = answer(&kind, change, new, &settings)?;
            if matches!(kind, HandlerKind::Rewrite { .. }) {
                ear.trace.rewritten(&ear.who(change));
            }
            ear.heard(change, at, saw, Some(answer.gave));
            answer.result
        })
    }
}

/// What a plain handler does, and how it is written down.
struct Answered {
    result: Result<State, BoxError>,
    gave: Gave,
}

fn answer(
    kind: &HandlerKind,
    change: &StateChange,
    new: State,
    settings: &Settings,
) -> Result<Answered, BoxError> {
    // What is scheduled in a run remembers how often the task was started.
    let attempts = |state: State| match state.kind().is_scheduled() && state.attempts().is_none() {
        true => state.with_attempts(change.attempt()),
        false => state,
    };
    let state = |spec: &StateSpec| states::build(spec, change.at(), settings).map(attempts);
    Ok(match kind {
        HandlerKind::Rewrite { to, keep_result } => {
            let mut state = state(to)?;
            if *keep_result {
                state = state.with_result_of(&new);
            }
            Answered {
                gave: Gave::State(state.kind()),
                result: Ok(state),
            }
        }
        HandlerKind::Raise(spec) => {
            let error = CaseError::new(&spec.kind, &spec.message);
            let gave = Gave::Raised(TaskError::new(error.clone()));
            Answered {
                result: Err(error.into()),
                gave,
            }
        }
        HandlerKind::Signal(spec) => {
            let signal: Signal = spec.signal(settings);
            let asked = signal.state().clone().with_attempts(change.attempt());
            let gave = Gave::Signal(spec.signal.name(), asked);
            Answered {
                result: Err(signal.into()),
                gave,
            }
        }
        HandlerKind::EndRun { with } => {
            let state = state(with)?;
            let gave = Gave::EndRun(state.clone());
            Answered {
                result: Err(signal::end_run(state).into()),
                gave,
            }
        }
        HandlerKind::Record { returns } => {
            let gave = match returns.as_deref() {
                Some("nothing") => Gave::Nothing,
                _ => Gave::State(new.kind()),
            };
            Answered {
                result: Ok(new),
                gave,
            }
        }
        HandlerKind::Slack { .. } | HandlerKind::Callback { .. } => {
            unreachable!("these are handlers of the library")
        }
    })
}

impl Ear {
    fn before(&self, at: usize) -> Listed {
        let ear = self.clone();
        Listed::new(move |change: &StateChange, new: State| {
            ear.heard(change, at, new.kind(), None);
            new
        })
    }

    fn after(&self) -> Listed {
        let ear = self.clone();
        Listed::new(move |change: &StateChange, new: State| {
            ear.trace.came_back(&ear.who(change), new.kind());
            new
        })
    }

    fn failed(&self, change: &StateChange, state: &State) {
        self.fired(change, json!("on_failure"), state.kind(), None);
    }
}

/// The notifier as Prefect has it: in line, for every failure (D1, D2), and in its shape.
fn slack(
    only: &[String],
    ignore: &[String],
    secret: Option<&str>,
) -> Result<impl StateHandler, String> {
    let mut notifier = slack_notifier.required().each_attempt().classic();
    if !only.is_empty() {
        notifier = notifier.only_states(&states::kinds(only)?);
    }
    if !ignore.is_empty() {
        notifier = notifier.ignore_states(&states::kinds(ignore)?);
    }
    if let Some(secret) = secret {
        // A notifier is a constant: the name of its secret is there for ever.
        notifier = notifier.webhook_secret(secret.to_owned().leak());
    }
    Ok(notifier)
}
