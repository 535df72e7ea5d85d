//! What a message tells, before it has any form: [`Alert`].

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::notification::{Delivery, Notification};
use super::slack::Message;
use crate::handler::StateChange;
use crate::secret::Secrets;
use crate::state::{State, StateKind};

mod event;
mod merge;

pub use event::Event;
use event::{LONGEST_NAME, kept, kind_by_name};
use merge::LISTED;

/// How many people a digest calls.
const MENTIONS: usize = 8;

/// What a message tells: one change of state, or the several changes of a digest.
///
/// It is plain data, and as large for a million changes as for a hundred: a [`Channel`](super::Channel)
/// makes of it what its receivers can read. Secrets that the run knows are gone from its texts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alert {
    origin: Origin,
    total: u64,
    events: Vec<Event>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    failures: Vec<Event>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Group>,
    /// Who is to be called, in the mark-up of the channel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<Cow<'static, str>>,
    /// Where the run can be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// What the program wrote in place of the usual message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<Box<Message>>,
    #[serde(default)]
    repeated: bool,
}

/// The run that an alert is about.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Origin {
    run: Uuid,
    flow: String,
    host: String,
}

/// Changes of one task, or of the flow, into states of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The name of the task or flow; empty for all that are not counted apart.
    pub name: String,
    /// The kind of the states.
    #[serde(with = "kind_by_name")]
    pub kind: StateKind,
    /// How many changes.
    pub count: u64,
}

impl Alert {
    /// Tells of one change into `new`, without the secrets that are known.
    pub(super) fn about(change: &StateChange, new: &State, secrets: &Secrets) -> Self {
        let event = Event::of(change, new, secrets);
        Self {
            origin: Origin {
                run: change.run_id(),
                flow: kept(change.flow_name(), LONGEST_NAME, secrets),
                host: host().to_owned(),
            },
            total: 1,
            events: vec![event],
            failures: Vec::new(),
            groups: Vec::new(),
            mentions: Vec::new(),
            link: None,
            message: None,
            repeated: false,
        }
    }

    /// Calls somebody, once.
    pub(super) fn mention(&mut self, who: impl Into<Cow<'static, str>>) {
        let who = who.into();
        if self.mentions.len() < MENTIONS && !self.mentions.contains(&who) {
            self.mentions.push(who);
        }
    }

    pub(super) fn mentions(&self) -> &[Cow<'static, str>] {
        &self.mentions
    }

    pub(super) fn set_link(&mut self, link: String) {
        self.link = Some(link);
    }

    pub(super) fn set_message(&mut self, message: Message) {
        self.message = Some(Box::new(message));
    }

    /// What the program wrote in place of the usual message.
    pub(super) fn message(&self) -> Option<&Message> {
        self.message.as_deref()
    }

    /// Marks it as what may have been sent before.
    pub(super) fn repeat(&mut self) {
        self.repeated = true;
    }

    /// The entry about it in the account of its run.
    pub(super) fn notification(&self, destination: Cow<'static, str>) -> Notification {
        let first = &self.events[0];
        Notification {
            run: self.origin.run,
            name: first.name.clone(),
            is_flow: first.is_flow,
            kind: first.kind,
            attempt: first.attempt,
            at: first.at,
            changes: self.total,
            destination,
            delivery: Delivery::Undelivered {
                reason: String::new(),
            },
        }
    }

    /// The id of the flow run.
    pub fn run_id(&self) -> Uuid {
        self.origin.run
    }

    /// The name of the flow.
    pub fn flow_name(&self) -> &str {
        &self.origin.flow
    }

    /// The name of the machine that the flow runs on.
    pub fn host(&self) -> &str {
        &self.origin.host
    }

    /// Where the run can be looked at, if that is configured.
    pub fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    /// How many changes it tells of.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The changes one by one: all of them, or the first ten.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The first failures that are not among the [events](Self::events).
    pub fn failures(&self) -> &[Event] {
        &self.failures
    }

    /// Tells whether it may have been delivered before.
    pub fn is_repeated(&self) -> bool {
        self.repeated
    }

    /// One line that says it all: `task 1/x task is Failed`, `812 changes in nightly`.
    pub fn title(&self) -> String {
        match &self.events[..] {
            [event] if self.total == 1 => {
                let what = if event.is_flow { "flow" } else { "task" };
                format!("{what} {} is {}", event.full_name(), event.kind)
            }
            _ => format!("{} changes in {}", self.total, self.origin.flow),
        }
    }

    /// The rest as text: what happened, why, and in which run.
    pub fn body(&self) -> String {
        let mut body = String::new();
        match &self.events[..] {
            [event] if self.total == 1 => {
                if let Some(text) = &event.text {
                    body.push_str(text);
                    body.push('\n');
                }
                if event.attempt > 1 {
                    let _ = writeln!(body, "Attempt: {}", event.attempt);
                }
            }
            events if self.total <= LISTED as u64 => {
                for event in events {
                    body.push_str(&event.line());
                }
            }
            _ => {
                for Group { name, kind, count } in &self.groups {
                    let name = if name.is_empty() { "others" } else { name };
                    let _ = writeln!(body, "{count} x {name}: {kind}");
                }
                let failures = self.first_failures();
                let quoted = failures.len() as u64;
                for event in failures {
                    body.push_str(&event.line());
                }
                let left = self.failed() - quoted;
                if left > 0 {
                    let _ = writeln!(body, "... and {left} more failures");
                }
            }
        }
        let Origin { run, flow, host } = &self.origin;
        let _ = write!(body, "Flow: {flow}\nRun: {run}\nHost: {host}");
        if self.repeated {
            body.push_str("\nThis may be a repetition: its first answer was lost.");
        }
        body
    }
}

/// The name of this machine.
fn host() -> &'static str {
    use std::sync::OnceLock;

    static HOST: OnceLock<String> = OnceLock::new();

    HOST.get_or_init(|| {
        let name = hostname::get()
            .ok()
            .and_then(|name| name.into_string().ok());
        name.unwrap_or_else(|| "unknown".to_owned())
    })
}
