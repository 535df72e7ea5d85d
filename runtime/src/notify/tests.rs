use std::fmt::Write;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;

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

fn notification(delivery: Delivery) -> Notification {
    Notification {
        name: "1/x task".to_owned(),
        is_flow: false,
        kind: StateKind::Failed,
        attempt: 1,
        at: SystemTime::UNIX_EPOCH,
        destination: "SLACK_WEBHOOK_URL",
        delivery,
    }
}

#[test]
fn a_notification_reads_as_a_sentence() {
    let reason = || "because".to_owned();
    assert_eq!(
        notification(Delivery::Refused { reason: reason() }).to_string(),
        "the message about task `1/x task` in state Failed was refused by `SLACK_WEBHOOK_URL`: because"
    );
    let undelivered = Notification {
        attempt: 2,
        is_flow: true,
        ..notification(Delivery::Undelivered { reason: reason() })
    };
    assert_eq!(
        undelivered.to_string(),
        "the message about flow `1/x task` in state Failed (attempt 2) \
         did not reach `SLACK_WEBHOOK_URL`: because"
    );
    let delivered = notification(Delivery::Delivered);
    assert!(
        delivered.is_delivered()
            && delivered
                .to_string()
                .ends_with("was delivered to `SLACK_WEBHOOK_URL`")
    );
}
