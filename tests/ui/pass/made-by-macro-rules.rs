#![deny(warnings)]

use tribune::prelude::*;

macro_rules! tasks {
    ($($name:ident($($arg:ident: $type:ty),*) -> $output:ty $body:block $title:literal)*) => {
        $(
            #[task(name = $title, max_retries = 1, retry_delay = "1s")]
            fn $name($($arg: $type),*) -> $output $body
        )*
    };
}

tasks! {
    one() -> i64 { 1 } "first"
    length(text: &str, of: Vec<i64>) -> usize { text.len() + of.len() } "second"
}

macro_rules! declare {
    ($flow:literal, $task:ident, $value:expr) => {
        flow!($flow, {
            let made = $task($value, [one()]);
            made
        })
    };
}

fn main() {
    let flow: Flow<usize> = declare!("made", length, "text");
    assert!(format!("{flow:?}").contains("second"), "{flow:?}");
}
