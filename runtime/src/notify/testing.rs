//! What the tests of several modules use.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use uuid::Uuid;

use super::Alert;
use crate::state::StateKind;

/// Collects what is logged, as lines of a level and a text.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<String>>);

impl Log {
    /// What `action` logs from this thread.
    pub(crate) fn of(action: impl FnOnce()) -> String {
        let log = Self::default();
        tracing::subscriber::with_default(log.clone(), action);
        log.0.lock().unwrap().clone()
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("tribune")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Line<'a>(&'a mut String);

        impl Visit for Line<'_> {
            fn record_debug(&mut self, _: &Field, value: &dyn fmt::Debug) {
                write!(self.0, " {value:?}").unwrap();
            }
        }

        let mut log = self.0.lock().unwrap();
        write!(log, "{}", event.metadata().level()).unwrap();
        event.record(&mut Line(&mut log));
        log.push('\n');
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An alert about a task of this name, with this text as its error or message.
pub(crate) fn alert(name: &str, kind: StateKind, text: &str) -> Alert {
    let event = json!({
        "name": name, "is_flow": false, "index": null, "kind": kind.name(), "attempt": 1,
        "at": {"secs_since_epoch": 1_700_000_000, "nanos_since_epoch": 0},
        "duration": null, "text": text, "is_error": kind.is_failed(),
    });
    let run = Uuid::nil();
    let origin = json!({"run": run, "flow": "nightly", "host": "mill"});
    let alert = json!({"origin": origin, "total": 1, "events": [event]});
    serde_json::from_value(alert).unwrap()
}
