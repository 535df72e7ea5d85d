//! Lists of states in the filters of handlers.

use proc_macro2::Ident;
use syn::{Expr, Lit};

use super::OptionValue;
use crate::diagnostics::Errors;
use crate::values::{literal, source};

/// Parses `[Failed, TimedOut]`; a list of which nothing is left counts as not written.
pub(super) fn parse(key: &Ident, value: Expr, errors: &mut Errors) -> Option<OptionValue> {
    let Expr::Array(list) = value else {
        refuse_value(key, &value, errors);
        return None;
    };
    if list.elems.is_empty() {
        let effect = if key == "only_states" {
            "lets nothing through"
        } else {
            "has no effect"
        };
        errors.help_at(
            list.bracket_token.span.join(),
            format!("`{key} = []` {effect}"),
            "list a state, or remove the option",
        );
        return None;
    }
    let mut states: Vec<Expr> = Vec::new();
    for state in list.elems {
        if !is_state(&state, errors) {
            continue;
        }
        match name(&state) {
            Some(name) if states.iter().any(|other| self::name(other) == Some(name)) => {
                errors.at(&state, format!("`{name}` is listed twice"));
            }
            _ => states.push(state),
        }
    }
    (!states.is_empty()).then_some(OptionValue::States(list.bracket_token, states))
}

fn refuse_value(key: &Ident, value: &Expr, errors: &mut Errors) {
    let text = match literal(value) {
        Some(Lit::Str(state)) => state.value(),
        _ => source(value),
    };
    errors.help(
        value,
        format!("`{key}` takes a list of states"),
        format!("write `{key} = [{text}]`"),
    );
}

fn is_state(state: &Expr, errors: &mut Errors) -> bool {
    match (state, literal(state)) {
        (Expr::Path(_), _) => return true,
        (_, Some(Lit::Str(text))) => {
            errors.at(
                state,
                format!("a state is written without quotes: `{}`", text.value()),
            );
        }
        _ => errors.at(state, "expected the name of a state, such as `Failed`"),
    }
    false
}

/// The name of a state that is written bare.
pub(super) fn name(state: &Expr) -> Option<&Ident> {
    match state {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    }
}
