#![deny(warnings)]

use tribune::prelude::*;

#[task]
fn r#match(r#type: i64, r#fn: &str) -> i64 {
    r#type + i64::try_from(r#fn.len()).unwrap_or_default()
}

fn main() {
    let flow = flow!("raw", |r#struct: i64| {
        let r#loop = r#match(r#type = 1, r#fn = "a");
        let r#if = r#match(r#loop, "a");
        r#match(r#type = r#if, r#fn = "b").after(r#loop);
        r#match(r#struct, "c")
    });
    let plan = format!("{flow:?}");
    assert!(plan.contains("match") && !plan.contains("r#"), "{plan}");
}
