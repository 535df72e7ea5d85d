//! Loops and branches among names that generated code must not depend on.
#![no_implicit_prelude]
#![deny(warnings, clippy::all)]
#![forbid(unsafe_code)]
#![allow(non_camel_case_types, dead_code)]

extern crate std as real_std;
extern crate tribune as real_tribune;

use ::real_std::clone::Clone;
use ::real_std::option::Option::{self, None, Some};
use ::real_tribune::{flow, task};

mod std {}
mod core {}
mod tribune {}
struct Arm;
struct Branch;
struct bool;
struct Clone_;
trait ToOwned {}
trait Send {}

#[derive(Clone)]
enum Kind {
    Empty,
    Rows { r#match: i64, branch: ::real_std::string::String },
}

#[task]
fn arm0() -> ::real_std::vec::Vec<i64> {
    ::real_std::vec![1, 2]
}

#[task]
fn branch(step0: i64, r#type: &str) -> Kind {
    let branch = ::real_std::borrow::ToOwned::to_owned(r#type);
    Kind::Rows { r#match: step0, branch }
}

#[task]
fn half(x: i64) -> Option<i64> {
    Some(x)
}

#[task]
fn flag(r#match: i64) -> ::real_std::primitive::bool {
    r#match > 1
}

#[task]
fn take(arm1: i64, value0: &str) -> i64 {
    let _ = value0;
    arm1
}

macro_rules! looped {
    ($flow:literal, $element:ident in $list:expr, $pattern:pat if $guard:expr => $arm:expr, $body:block) => {
        flow!($flow, {
            let list = $list;
            let values = for $element in list {
                match half($element) {
                    $pattern if $guard => $arm,
                    Some(x) => flagged(x),
                    None => flagged(1),
                }
            };
            for $element in values $body
            values
        })
    };
}

#[task]
fn flagged(x: i64) -> i64 {
    x
}

fn main() {
    let first = 1;
    let flow = flow!("hostile", {
        let arm0 = arm0();
        let list = for value0 in arm0 {
            let branch = branch(value0, "x");
            let arm1 = match &branch {
                Kind::Rows { r#match, branch } if *r#match > first && branch != "a" => take(r#match, branch),
                Kind::Rows { r#match: 7 | 8, .. } => value0,
                Kind::Rows { r#match: _unused, branch: _ } => value0,
                Kind::Empty => {
                    let branch = flagged(3);
                    branch
                }
            };
            if flag(arm1) {
                let flow = flagged(arm1);
                flow
            } else if let Some(step0) = half(arm1) {
                take(step0, "y")
            } else {
                arm1
            }
        };
        list
    });
    ::real_std::mem::drop(flow);
    let flow = looped!("made", element in arm0(), Some(x) if x > 1 => flagged(x), { flagged(element); });
    ::real_std::mem::drop(flow);
}
