//! Whatever `flow!` declares can be written by hand: both make the same plan.

use std::time::Duration;

use tribune::prelude::*;
use tribune::{Input, Split};

#[task]
fn load(source: &str, limit: usize) -> Vec<i64> {
    vec![i64::try_from(source.len() + limit).unwrap_or_default()]
}

#[task(name = "one", tags = ["first"])]
fn one() -> i64 {
    1
}

#[task]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[task]
fn sum(numbers: Vec<i64>) -> i64 {
    numbers.into_iter().sum()
}

#[task]
fn pair() -> (i64, (String, i64)) {
    (1, (String::new(), 2))
}

#[task]
fn show(text: String, pair: (i64, i64)) -> String {
    text + &format!("{pair:?}")
}

#[task(trigger = all_finished)]
fn clean_up(last: Option<i64>) {
    assert!(last.is_none_or(|last| last > 0));
}

#[track_caller]
fn assert_same<T>(declared: &Flow<T>, by_hand: &Flow<T>) {
    declared.check().expect("the flow is right");
    assert_eq!(format!("{declared:#?}"), format!("{by_hand:#?}"));
}

#[test]
fn nothing() {
    #[expect(deprecated, reason = "a flow without steps is a mistake elsewhere")]
    let declared = flow!("nothing", {});
    let by_hand = Flow::builder("nothing").build(()).unwrap();
    assert_same(&declared, &by_hand);
}

#[test]
fn named_nested_and_positional_arguments() {
    let declared = flow!("arguments", {
        let three = add(x = one(), y = 2);
        add(three, &three);
        add(one(), add(4, { 2 + 3 }))
    });
    let mut flow = Flow::builder("arguments");
    let first = flow.add(one {});
    let three = flow.add(add {
        x: input(first),
        y: input(2),
    });
    flow.add(add {
        x: input(three),
        y: input(three),
    });
    let second = flow.add(one {});
    let nine = flow.add(add {
        x: input(4),
        y: input(5),
    });
    let output = flow.add(add {
        x: input(second),
        y: input(nine),
    });
    assert_same(&declared, &flow.build(output).unwrap());
}

#[test]
fn lists_tuples_and_constants() {
    let six = 6;
    let declared = flow!("lists", {
        let a = one();
        let list = [a, one()];
        let n = six * 7;
        sum(list);
        sum(numbers = [a, add(a, n)]);
        sum(vec![1, n]);
        show(text = "text", pair = (a, a));
        show(String::from("text"), (1, 2));
    });
    let mut flow = Flow::builder("lists");
    let a = flow.add(one {});
    let other = flow.add(one {});
    flow.add(sum {
        numbers: input([a, other]),
    });
    let added = flow.add(add {
        x: input(a),
        y: input(42),
    });
    flow.add(sum {
        numbers: input([a, added]),
    });
    flow.add(sum {
        numbers: input(vec![1, 42]),
    });
    flow.add(show {
        text: input("text"),
        pair: input((a, a)),
    });
    flow.add(show {
        text: input(String::from("text")),
        pair: input((1, 2)),
    });
    assert_same(&declared, &flow.build(()).unwrap());
}

#[test]
fn outputs_taken_apart() {
    let declared = flow!("apart", {
        let (a, (text, b)) = pair();
        let (a, b) = (b, a);
        let (_, rest) = pair();
        let (c, _) = rest;
        show(text, (a, b));
        (a, c)
    });
    let mut flow = Flow::builder("apart");
    let whole = flow.add(pair {});
    let (a, rest) = flow.split(whole);
    let (text, b) = flow.split(rest);
    let whole = flow.add(pair {});
    let (_, rest) = flow.split(whole);
    let (c, _) = flow.split(rest);
    flow.add(show {
        text: input(text),
        pair: input((b, a)),
    });
    assert_same(&declared, &flow.build((b, c)).unwrap());
}

#[test]
fn options_of_calls() {
    let declared = flow!("options", {
        let first = one().name("first").tags(["a", "b"]);
        let second = add(1, 2)
            .after(first)
            .max_retries(3)
            .retry_delay("1m 30s")
            .timeout("500ms");
        clean_up(second)
            .after(one(), [first, second])
            .trigger(any_failed)
            .slug("clean");
        one()
            .trigger(some_successful(at_least = 0.5))
            .skip_on_upstream_skip(false);
    });
    let mut flow = Flow::builder("options");
    let first = flow.add(Call::new(one {}).name("first").tags(["a", "b"]));
    let second = flow.add(
        Call::new(add {
            x: input(1),
            y: input(2),
        })
        .after(first)
        .max_retries(3)
        .retry_delay(Duration::from_secs(90))
        .timeout(Duration::from_millis(500)),
    );
    let third = flow.add(one {});
    flow.add(
        Call::new(clean_up {
            last: input(second),
        })
        .after(third)
        .after(first)
        .after(second)
        .trigger(trigger::any_failed)
        .slug("clean"),
    );
    flow.add(
        Call::new(one {})
            .trigger(trigger::some_successful.at_least(0.5))
            .skip_on_upstream_skip(false),
    );
    assert_same(&declared, &flow.build(()).unwrap());
}

#[test]
fn clean_ups() {
    #[task]
    fn close(resource: i64, code: i64) -> i64 {
        resource + code
    }

    #[task]
    fn keep(x: i64) -> i64 {
        x
    }

    let declared = flow!("resources", {
        let a = one().clean_up(|a| close(a, 7).name("close a"));
        let b = one().clean_up(keep);
        add(a, b)
    });
    let mut flow = Flow::builder("resources");
    let a = flow.add(one {});
    let clean_up = close {
        resource: input(a),
        code: input(7),
    };
    flow.clean_up(a, Call::new(clean_up).name("close a"));
    let b = flow.add(one {});
    flow.clean_up(b, keep { x: input(b) });
    let sum = flow.add(add {
        x: input(a),
        y: input(b),
    });
    assert_same(&declared, &flow.build(sum).unwrap());
}

#[test]
fn parameters_and_options_of_the_flow() {
    let declared = flow!(
        name = "parameters",
        state_handlers = [|_: &StateChange, new: State| new],
        on_failure = |_, _| {},
        reference_tasks = [rows],
        |source: String, #[default(100)] limit: usize, #[default("x")] text: String| {
            let rows = load(source, limit);
            sum(rows);
            show(text, (1, 2))
        }
    );
    let mut flow = Flow::builder("parameters");
    flow.state_handler(|_: &StateChange, new: State| new);
    flow.on_failure(|_, _| {});
    let source = flow.parameter::<String>("source");
    let limit = flow.parameter_or("limit", 100_usize);
    let text = flow.parameter_or("text", String::from("x"));
    let rows = flow.add(load {
        source: input(source),
        limit: input(limit),
    });
    flow.add(sum {
        numbers: input(rows),
    });
    let output = flow.add(show {
        text: input(text),
        pair: input((1, 2)),
    });
    flow.reference_task(rows);
    assert_same(&declared, &flow.build(output).unwrap());
}

/// The struct of a task has the names and types of its parameters.
#[test]
fn the_struct_of_a_task() {
    fn splits<T: Split>() {}

    let source: Input<String> = input("file");
    let load {
        source: _,
        limit: _,
    } = load {
        source,
        limit: input(3),
    };
    splits::<(i64, (String, i64))>();
    assert_eq!(load("abc", 1), [4]);
}
