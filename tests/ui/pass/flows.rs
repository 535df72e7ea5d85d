//! Everything that a flow can say.
#![deny(warnings)]

use tribune::prelude::*;

mod tasks {
    use tribune::prelude::*;

    #[task]
    pub(crate) fn load(source: &str, limit: usize) -> Vec<i64> {
        vec![i64::try_from(source.len() + limit).unwrap_or_default()]
    }

    #[task]
    pub(super) fn split(rows: Vec<i64>) -> (Vec<i64>, (i64, String)) {
        (rows, (1, String::new()))
    }
}

#[task]
fn sum(numbers: Vec<i64>) -> i64 {
    numbers.iter().sum()
}

#[task]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[task]
fn report(x: &i64, pair: (i64, i64), name: String) -> String {
    format!("{x}{pair:?}{name}")
}

fn helper() -> i64 {
    3
}

const NAMES: [&str; 2] = ["a", "b"];

fn main() {
    let outside = 7;
    let name = String::from("moved");
    let flow: Flow<(i64, String)> = flow!(
        name = NAMES[0],
        state_handlers = [slack_notifier(only_states = [Failed])],
        on_failure = |_, _| {},
        reference_tasks = [total],
        |source: String, #[default(100)] limit: usize, #[default("x")] label: String| {
            let rows = tasks::load(source = source, limit = limit).name("load").max_retries(2).retry_delay("10s");
            let (train, (count, _)) = tasks::split(rows).after(rows, [add(1, 2), add(3, 4)]);
            let doubled = { 2 * helper() };
            let total = sum(train);
            let again = total;
            sum([total, again, count, add(x = total, y = outside)]).timeout("500ms");
            add(1, 1).trigger(all_finished);
            sum(numbers = vec![1, doubled]).state_handlers([slack_notifier]);
            let _ = sum({ Vec::new() });
            let _unused = add(x = helper_constant!(), y = -1);
            let unused = add(&total, &add(1, 1));
            let text = report(x = count, pair = (total, add(1, 1)), name = label);
            report(&total, (1, 2), name);
            (total, text)
        }
    );
    assert!(format!("{flow:?}").contains("load"), "{flow:?}");
    #[allow(deprecated)]
    let empty: Flow = flow! { "empty", {} };
    let unit: Flow = flow!["unit", || {
        add(1, 2);
    }];
    drop((empty, unit));
}

#[macro_export]
macro_rules! helper_constant {
    () => {
        4
    };
}
