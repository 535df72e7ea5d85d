//! The usual message about an alert.

use std::time::{Duration, SystemTime};

use super::{LONGEST_TEXT, Message};
use crate::notify::alert::{Alert, Event};
use crate::notify::excerpt::excerpt;

/// How many counts a digest shows.
const COUNTS: usize = 20;
/// How much of each error a digest shows.
const QUOTE: usize = 300;

impl Message {
    /// What is said about an alert unless the program says something else.
    pub(in crate::notify::slack) fn about(alert: &Alert) -> Self {
        let message = match alert.events() {
            [event] if alert.total() == 1 => one(event),
            events if alert.lists_all() => several(alert, events),
            _ => many(alert),
        };
        let message = message.field("Flow", alert.flow_name());
        let message = message.field("Run", alert.run_id().to_string());
        let message = match alert.events() {
            [event] if alert.total() == 1 => facts(message, event),
            _ => message,
        };
        let message = message.note(alert.host()).date(alert.events()[0].at());
        match alert.is_repeated() {
            true => message.note("This may be a repetition: the answer to it was lost."),
            false => message,
        }
    }
}

fn one(event: &Event) -> Message {
    let what = if event.is_flow() { "Flow" } else { "Task" };
    let name = event.full_name();
    let message = Message::new(format!("{what} {name} is {}", event.kind())).state(event.kind());
    match event.text() {
        Some(text) if event.is_error() => message.code(text),
        Some(text) => message.text(text),
        None => message,
    }
}

fn facts(mut message: Message, event: &Event) -> Message {
    if event.attempt() > 1 || event.kind().is_failed() {
        message = message.field("Attempt", event.attempt().to_string());
    }
    if let Some(duration) = event.duration() {
        message = message.field("Duration", shown(duration));
    }
    message
}

fn headline(alert: &Alert) -> Message {
    let total = alert.total();
    let line = format!("{total} changes in {}", alert.flow_name());
    let line = match alert.failed() {
        0 => line,
        failed => format!("{line}, {failed} of them failures"),
    };
    Message::new(line).state(alert.kind())
}

/// A digest that lists its changes one by one.
fn several(alert: &Alert, events: &[Event]) -> Message {
    let line = |event: &Event| {
        let (sign, name, kind) = (super::emoji(event.kind()), event.full_name(), event.kind());
        let attempt = match event.attempt() {
            1 => String::new(),
            attempt => format!(" (attempt {attempt})"),
        };
        let why = event.text().filter(|_| event.is_error());
        let why = why.map_or(String::new(), |text| format!(": {}", excerpt(text, 120)));
        format!("{sign} {}: {kind}{attempt}{why}", excerpt(&name, 60))
    };
    let lines: Vec<String> = events.iter().map(line).collect();
    headline(alert).text(lines.join("\n"))
}

/// A digest that counts its changes, with the first errors.
fn many(alert: &Alert) -> Message {
    let groups = alert.counted();
    let line = |group: &crate::notify::alert::Group| {
        let sign = super::emoji(group.kind);
        let name = match group.name.as_str() {
            "" => "others".into(),
            name => excerpt(name, 60),
        };
        format!("{sign} {} x {name}: {}", group.count, group.kind)
    };
    let mut lines: Vec<String> = groups.iter().take(COUNTS).map(line).collect();
    if let Some(rest) = groups.get(COUNTS..).filter(|rest| !rest.is_empty()) {
        let rest: u64 = rest.iter().map(|group| group.count).sum();
        lines.push(format!("... and {rest} more changes"));
    }
    let message = headline(alert).text(lines.join("\n"));
    let failures = alert.first_failures();
    if failures.is_empty() {
        return message;
    }
    let quote = |event: &&Event| {
        let text = event.text().unwrap_or("no error is known");
        format!(
            "{}: {}",
            excerpt(&event.full_name(), 60),
            excerpt(text, QUOTE)
        )
    };
    let mut quotes: Vec<String> = failures.iter().map(quote).collect();
    let more = alert.failed().saturating_sub(failures.len() as u64);
    if more > 0 {
        quotes.push(format!("... and {more} more"));
    }
    message.code(excerpt(&quotes.join("\n"), LONGEST_TEXT))
}

impl Message {
    /// Adds when it was, which every reader sees in a zone of their own.
    fn date(mut self, at: SystemTime) -> Self {
        let Ok(since) = at.duration_since(SystemTime::UNIX_EPOCH) else {
            return self;
        };
        let (unix, utc) = (since.as_secs(), httpdate::fmt_http_date(at));
        self.notes.push(format!(
            "<!date^{unix}^{{date_short_pretty}} at {{time_secs}}|{utc}>"
        ));
        self
    }
}

/// A duration as people say it.
fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{:.1} s", duration.as_secs_f64()),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}
