//! The arguments that the name of a run shows: those whose names stand in braces.

use syn::LitStr;
use syn::ext::IdentExt;

use crate::diagnostics::{Errors, listed, nearest};
use crate::task::ast::Parameter;

/// The numbers of the parameters that the text names, or nothing if it names anything else.
pub(super) fn shown(
    text: Option<&LitStr>,
    parameters: &[Parameter],
    errors: &mut Errors,
) -> Option<Vec<usize>> {
    let Some(text) = text else {
        return Some(Vec::new());
    };
    let names: Vec<String> = parameters
        .iter()
        .map(|parameter| parameter.name.unraw().to_string())
        .collect();
    let mut shown = Vec::new();
    for place in places(&text.value()) {
        let name = place.split(':').next().unwrap_or_default().trim();
        match names.iter().position(|other| other == name) {
            Some(at) => shown.push(at),
            None => {
                refuse(text, name, &names, errors);
                return None;
            }
        }
    }
    shown.sort_unstable();
    shown.dedup();
    Some(shown)
}

fn refuse(text: &LitStr, name: &str, names: &[String], errors: &mut Errors) {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let is_name = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    let message = match is_name {
        true => format!("there is no argument `{name}`"),
        false => "a task run name shows arguments by their names".to_owned(),
    };
    let help = match nearest(name, &names).filter(|_| is_name) {
        Some(near) => format!("there is an argument with a similar name: `{near}`"),
        None if names.is_empty() => {
            "the task has no arguments; a brace is written twice".to_owned()
        }
        None => format!("the arguments are {}", listed(&names)),
    };
    errors.help(text, message, help);
}

/// What stands in braces; two of them in a row are one that is meant as it is.
fn places(text: &str) -> Vec<String> {
    let mut places = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if character != '{' {
            continue;
        }
        if rest.next_if_eq(&'{').is_none() {
            places.push(rest.by_ref().take_while(|&c| c != '}').collect());
        }
    }
    places
}
