//! Clean-ups: calls that may name the output after which they clean up.

use super::{Kind, Scope, check_arguments, check_option};
use crate::diagnostics::Errors;
use crate::flow::ast::{Arguments, Call, CleanUp, Value};

/// Checks a clean-up; one with a mistake is left out.
pub(super) fn check(clean_up: &mut CleanUp, scope: &Scope, errors: &mut Errors) -> bool {
    let CleanUp::Call(name, call) = clean_up else {
        return true;
    };
    let mut inner = scope.inner();
    inner.now.insert(name.to_string(), Kind::Handle);
    check_arguments(&mut call.arguments, &inner, errors);
    call.options
        .retain_mut(|option| check_option(option, &inner, errors));
    scope.leave_clean_up(inner, &name.to_string());
    is_one_call(call, errors)
}

/// Other tasks would have to be added where the resource is, and not where it is cleaned up.
fn is_one_call(call: &Call, errors: &mut Errors) -> bool {
    let nested =
        |value: &&Value| matches!(value, Value::Call(_) | Value::For(_) | Value::Branch(_));
    let nested = match &call.arguments {
        Arguments::Named(named) => named.iter().map(|(_, _, value)| value).find(nested),
        Arguments::Positional(values) => values.iter().find(nested),
        Arguments::Mistake(_) => None,
    };
    let message = "a clean-up is one call of a task";
    if nested.is_some() {
        errors.help(
            &call.path,
            message,
            "bind what else it takes before the resource",
        );
    } else if call.clean_up.is_some() {
        errors.help(
            &call.path,
            message,
            "there is nothing to clean up after a clean-up",
        );
    }
    nested.is_none() && call.clean_up.is_none()
}
