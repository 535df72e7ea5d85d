//! JSON values as the language of the recorded runs treats them.

use serde_json::{Number, Value as Json, json};

use crate::errors::CaseError;

/// Whether two values are equal: numbers by value, and true is 1.
pub(crate) fn equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            let same = |(key, a): (&String, &Json)| b.get(key).is_some_and(|b| equal(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b).is_eq() || (is_zero(a) && is_zero(b)),
            _ => a == b,
        },
    }
}

fn is_zero(number: f64) -> bool {
    number.abs() < f64::MIN_POSITIVE
}

fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Bool(bool) => Some(f64::from(u8::from(*bool))),
        Json::Number(number) => number.as_f64(),
        _ => None,
    }
}

/// Whether a condition holds: nothing, zero and what is empty do not.
pub(crate) fn truth(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(bool) => *bool,
        Json::Number(_) => number(value).is_some_and(|number| !is_zero(number)),
        Json::String(text) => !text.is_empty(),
        Json::Array(list) => !list.is_empty(),
        Json::Object(map) => !map.is_empty(),
    }
}

/// The sum of two numbers or texts, or two lists end to end.
pub(crate) fn add(a: &Json, b: &Json) -> Result<Json, CaseError> {
    match (a, b) {
        (Json::String(a), Json::String(b)) => Ok(json!(format!("{a}{b}"))),
        (Json::Array(a), Json::Array(b)) => Ok(a.iter().chain(b).cloned().collect()),
        _ => match (whole(a), whole(b)) {
            (Some(a), Some(b)) => Ok(json!(a + b)),
            _ => Ok(from_float(float(a)? + float(b)?)),
        },
    }
}

pub(crate) fn sum<'a>(values: impl IntoIterator<Item = &'a Json>) -> Result<Json, CaseError> {
    values
        .into_iter()
        .try_fold(json!(0), |sum, value| add(&sum, value))
}

pub(crate) fn divide(a: &Json, b: &Json) -> Result<Json, CaseError> {
    let (a, b) = (float(a)?, float(b)?);
    match is_zero(b) {
        true => Err(CaseError::new("DivisionByZero", "division by zero")),
        false => Ok(from_float(a / b)),
    }
}

pub(crate) fn whole(value: &Json) -> Option<i64> {
    match value {
        Json::Bool(bool) => Some(i64::from(*bool)),
        _ => value.as_i64(),
    }
}

fn float(value: &Json) -> Result<f64, CaseError> {
    number(value).ok_or_else(|| CaseError::new("TypeError", format!("{value} is no number")))
}

fn from_float(number: f64) -> Json {
    Number::from_f64(number).map_or(Json::Null, Json::Number)
}

/// The text of a value: a text is itself, and an error is what it says.
pub(crate) fn text(value: &Json) -> String {
    match (value, &value["$error"]["message"]) {
        (Json::String(text), _) | (_, Json::String(text)) => text.clone(),
        _ => quoted(value),
    }
}

/// The text of a value inside another one.
fn quoted(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::String(text) => format!("'{text}'"),
        Json::Array(list) => {
            let items: Vec<_> = list.iter().map(quoted).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(map) => {
            let items: Vec<_> = map
                .iter()
                .map(|(key, value)| format!("'{key}': {}", quoted(value)))
                .collect();
            format!("{{{}}}", items.join(", "))
        }
        Json::Number(_) => value.to_string(),
    }
}

/// What a loop over a value goes over: the items of a list, the letters of a text, the names in an
/// object.
pub(crate) fn items(value: &Json) -> Result<Vec<Json>, CaseError> {
    match value {
        Json::Array(list) => Ok(list.clone()),
        Json::String(text) => Ok(text.chars().map(|letter| json!(letter)).collect()),
        Json::Object(map) if !map.contains_key("$error") => {
            Ok(map.keys().map(|name| json!(name)).collect())
        }
        _ => Err(CaseError::new("TypeError", format!("{value} is no list"))),
    }
}

/// The items of the items of a value laid end to end, or the value if one of them has none.
pub(crate) fn flatten(value: Json) -> Json {
    let inner = |list: Vec<Json>| list.iter().map(items).collect::<Result<Vec<_>, _>>();
    match items(&value).and_then(inner) {
        Ok(lists) => lists.concat().into(),
        Err(_) => value,
    }
}
