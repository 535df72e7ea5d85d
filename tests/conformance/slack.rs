//! Messages to Slack: the same ones for each task and the flow, in the order of its changes.
//!
//! Messages about different tasks may come in another order (D3), as may those about the children of a
//! mapped one. The author and the footer are ours (D14).

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::compare::{Verdict, differ, list, value};
use crate::graph::Graph;
use crate::pattern;
use crate::values;

/// Compares what was posted.
pub(crate) fn messages(expected: &Json, happened: &Json, graph: &Graph, flow: &str) -> Verdict {
    let (expected, happened) = (by_object(expected), by_object(happened));
    let none = Vec::new();
    for name in expected.keys().chain(happened.keys()) {
        let wanted = expected.get(name).unwrap_or(&none);
        let given = happened.get(name).unwrap_or(&none);
        if wanted.len() != given.len() {
            return Err(format!(
                "slack: expected {:?} about `{name}`, happened {:?}",
                titles(wanted),
                titles(given)
            ));
        }
        match is_one_run(name, graph, flow) {
            true => in_order(wanted, given)?,
            false => in_any_order(wanted, given)?,
        }
    }
    Ok(())
}

fn by_object(bodies: &Json) -> BTreeMap<String, Vec<&Json>> {
    let mut objects = BTreeMap::<_, Vec<_>>::new();
    for body in list(bodies) {
        let attachment = &body["attachments"][0];
        let text = values::text(&attachment["text"]);
        let name = text
            .split(" is now in a ")
            .next()
            .map(shown)
            .unwrap_or_default();
        objects.entry(name).or_default().push(attachment);
    }
    objects
}

/// Whether the messages with this name are about one task that is not mapped, or about the flow.
fn is_one_run(name: &str, graph: &Graph, flow: &str) -> bool {
    let mut tasks = graph
        .nodes
        .iter()
        .filter(|node| node.name() == name && !node.is_parameter());
    match (tasks.next(), tasks.next()) {
        (None, _) => true,
        (Some(task), None) => !task.is_mapped() && name != flow,
        _ => false,
    }
}

fn titles(attachments: &[&Json]) -> Vec<String> {
    attachments
        .iter()
        .map(|attachment| values::text(&attachment["title"]))
        .collect()
}

fn in_order(expected: &[&Json], happened: &[&Json]) -> Verdict {
    expected
        .iter()
        .zip(happened)
        .try_for_each(|(expected, happened)| attachment(expected, happened))
}

fn in_any_order(expected: &[&Json], happened: &[&Json]) -> Verdict {
    let mut left = happened.to_vec();
    for expected in expected {
        let at = left
            .iter()
            .position(|happened| attachment(expected, happened).is_ok());
        match at {
            Some(at) => drop(left.swap_remove(at)),
            None => return Err(format!("slack: expected {expected}, which was not sent")),
        }
    }
    Ok(())
}

fn attachment(expected: &Json, happened: &Json) -> Verdict {
    for key in ["fallback", "color", "title", "title_link"] {
        value(&format!("slack.{key}"), &expected[key], &happened[key])?;
    }
    text("slack.text", &expected["text"], &happened["text"])?;
    let fields = (list(&expected["fields"]), list(&happened["fields"]));
    if fields.0.len() != fields.1.len() {
        return Err(differ(
            "slack.fields",
            &expected["fields"],
            &happened["fields"],
        ));
    }
    fields
        .0
        .iter()
        .zip(fields.1)
        .try_for_each(|(expected, happened)| {
            value("slack.fields.title", &expected["title"], &happened["title"])?;
            value("slack.fields.short", &expected["short"], &happened["short"])?;
            text("slack.fields.value", &expected["value"], &happened["value"])
        })
}

fn text(at: &str, expected: &Json, happened: &Json) -> Verdict {
    let shown = happened.as_str().map(shown);
    let same = pattern::matches(expected, happened.as_str())
        || pattern::matches(expected, shown.as_deref());
    if same {
        Ok(())
    } else {
        Err(differ(at, expected, happened))
    }
}

/// A text of Slack's mark-up as people see it: texts of other people stay texts there.
fn shown(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        // A backtick in a code block would end it.
        .replace('\u{2cb}', "`")
}
