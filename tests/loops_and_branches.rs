//! `for`, `if` and `match` in flows.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};

use tribune::branch::Arm;
use tribune::prelude::*;
use tribune::signal::{self, Signal};
use tribune::{FlowRun, TaskRun};

#[task]
fn range(n: i64) -> Vec<i64> {
    (0..n).collect()
}

#[task]
fn double(x: i64) -> i64 {
    2 * x
}

#[task]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[task]
fn sum(list: &[i64]) -> i64 {
    list.iter().sum()
}

#[task]
fn is_even(x: i64) -> bool {
    x % 2 == 0
}

#[task]
fn inverse(x: i64) -> Result<i64, String> {
    60_i64
        .checked_div(x)
        .ok_or_else(|| "division by zero".to_owned())
}

#[task]
fn unless_one(x: i64) -> Result<i64, Signal> {
    if x == 1 {
        Err(signal::skip("not this one"))
    } else {
        Ok(x)
    }
}

#[task]
fn word(x: i64) -> String {
    format!("word {x}")
}

#[task]
fn half(x: i64) -> Option<i64> {
    (x % 2 == 0).then_some(x / 2)
}

/// The states of the runs of a task for the elements of a loop.
fn children(run: TaskRun<'_>) -> Vec<String> {
    run.children()
        .map(|child| child.state().to_string())
        .collect()
}

fn state<T>(run: &FlowRun<T>, task: &str) -> String {
    run.task(task).unwrap().state().to_string()
}

const SUCCESS: &str = r#"Success("Task run succeeded.")"#;

#[test]
fn a_loop_runs_its_tasks_for_each_element() {
    let flow = flow!("map", |n: i64| {
        let xs = range(n);
        let ys = for x in xs {
            let twice = double(x);
            add(twice, n)
        };
        (ys, sum(&ys))
    });
    let run = flow.run().parameter("n", 3).wait().unwrap();
    assert_eq!(run.output(), Some(&(vec![3, 5, 7], 15)));
    assert_eq!(
        state(&run, "double"),
        r#"Mapped("Ready to proceed with mapping.")"#
    );
    assert_eq!(children(run.task("double").unwrap()), [SUCCESS; 3]);
    assert_eq!(children(run.task("add").unwrap()), [SUCCESS; 3]);
    assert_eq!(run.task_runs().count(), 4, "a loop is no task of its own");

    let run = flow.run().parameter("n", 0).wait().unwrap();
    assert_eq!(run.output(), Some(&(vec![], 0)));
    assert!(run.state().is(Success));
    assert_eq!(run.task("add").unwrap().children().len(), 0);
}

#[test]
fn lists_in_step_end_with_the_shortest() {
    let flow = flow!("in step", {
        let xs = range(3);
        let ys = for x in &xs {
            add(x, 10)
        };
        for (x, y, z) in (xs, ys, vec![100, 200]) {
            add(add(x, y), z)
        }
    });
    assert_eq!(flow.run().wait().unwrap().output(), Some(&vec![110, 212]));
}

#[task]
fn pairs() -> Vec<(i64, (String, bool))> {
    vec![(1, ("a".to_owned(), true)), (2, ("bc".to_owned(), false))]
}

#[task]
fn describe(x: i64, text: &str, flag: bool) -> String {
    format!("{x} {text} {flag}")
}

#[test]
fn elements_are_taken_apart() {
    let flow = flow!("apart", {
        let xs = range(2);
        let alone = for (x, (text, flag)) in pairs() {
            describe(x, text, flag)
        };
        let in_step = for ((_, (text, flag)), y) in (pairs(), xs) {
            describe(y, &text, flag)
        };
        (alone, in_step)
    });
    let (alone, in_step) = flow.run().wait().unwrap().output().unwrap().clone();
    assert_eq!(alone, ["1 a true", "2 bc false"]);
    assert_eq!(in_step, ["0 a true", "1 bc false"]);
}

#[test]
fn loops_are_nested() {
    let flow = flow!("nested", {
        let xs = range(3);
        let rows = for x in xs {
            let row = range(x);
            let row = for y in row {
                add(x, y)
            };
            sum(&row)
        };
        let table = for x in xs {
            for y in vec![10, 20] {
                add(x, y)
            }
        };
        (rows, table)
    });
    let expected = (
        vec![0, 1, 5],
        vec![vec![10, 20], vec![11, 21], vec![12, 22]],
    );
    assert_eq!(flow.run().wait().unwrap().output(), Some(&expected));
}

#[test]
fn an_element_fails_alone() {
    let flow = flow!("failing", {
        let inverses = for x in vec![2, 0, 3] {
            let inverse = inverse(x);
            double(inverse)
        };
        sum(inverses)
    });
    let run = flow.run().wait().unwrap();
    assert!(run.state().is(Failed));
    assert_eq!(run.output(), None);
    let failed = r#"Failed("Error during execution of task: division by zero")"#;
    assert_eq!(
        children(run.task("inverse").unwrap()),
        [SUCCESS, failed, SUCCESS]
    );
    let doubles = children(run.task("double").unwrap());
    assert_eq!(
        (&*doubles[0], &*doubles[2]),
        (SUCCESS, SUCCESS),
        "one does not wait for another"
    );
    assert!(doubles[1].starts_with("TriggerFailed"));
    assert!(run.task("sum").unwrap().state().is(TriggerFailed));
}

#[test]
fn an_element_is_skipped_alone() {
    let flow = flow!("skipping", {
        for x in range(3) {
            double(unless_one(x));
        }
    });
    let run = flow.run().wait().unwrap();
    let skipped = r#"Skipped("not this one")"#;
    assert_eq!(
        children(run.task("unless_one").unwrap()),
        [SUCCESS, skipped, SUCCESS]
    );
    assert!(children(run.task("double").unwrap())[1].starts_with("Skipped"));
    assert!(run.state().is(Success));
}

#[task(trigger = all_finished, skip_on_upstream_skip = false)]
fn count(list: Vec<Option<i64>>) -> usize {
    list.into_iter().flatten().count()
}

#[test]
fn a_list_may_lack_values() {
    let flow = flow!("some", {
        let inverses = for x in vec![2, 0, 3] {
            inverse(x)
        };
        let some = for x in vec![0, 1, 1, 2] {
            unless_one(x)
        };
        (count(inverses), count(some))
    });
    assert_eq!(flow.run().wait().unwrap().output(), Some(&(2, 2)));
}

/// Fails at first for each of its arguments.
#[task(max_retries = 2, retry_delay = "0s")]
fn second_time(x: i64) -> Result<i64, String> {
    static SEEN: LazyLock<Mutex<HashSet<i64>>> = LazyLock::new(Mutex::default);
    if SEEN.lock().unwrap().insert(x) && x % 2 == 1 {
        return Err("not yet".to_owned());
    }
    Ok(x)
}

#[test]
fn each_element_is_retried_by_itself() {
    let flow = flow!("retries", {
        let xs = range(4);
        let ys = for x in xs {
            second_time(x)
        };
        sum(&ys)
    });
    let run = flow.run().wait().unwrap();
    assert_eq!(run.output(), Some(&6));
    let attempts = run
        .task("second_time")
        .unwrap()
        .children()
        .map(|child| child.attempts());
    assert_eq!(attempts.collect::<Vec<_>>(), [1, 2, 1, 2]);
}

#[test]
fn the_value_of_a_loop_can_be_what_is_not_its_own() {
    let flow = flow!("shared", |n: i64| {
        let xs = range(3);
        let same = for x in xs {
            x
        };
        let outer = for _ in xs {
            n
        };
        (same, outer)
    });
    let run = flow.run().parameter("n", 7).wait().unwrap();
    assert_eq!(run.output(), Some(&(vec![0, 1, 2], vec![7, 7, 7])));
}

#[test]
fn only_the_arm_that_is_taken_runs() {
    let flow = flow!("branch", |n: i64| {
        if is_even(n) {
            let h = add(n, 1);
            double(h);
        } else {
            word(n);
        }
    });
    let run = flow.run().parameter("n", 4).wait().unwrap();
    assert_eq!(state(&run, "double"), SUCCESS);
    assert_eq!(state(&run, "word"), r#"Skipped("`else` was not taken")"#);
    assert!(run.state().is(Success));

    let run = flow.run().parameter("n", 5).wait().unwrap();
    assert_eq!(
        state(&run, "add"),
        r#"Skipped("`if is_even(n)` was not taken")"#
    );
    assert_eq!(
        state(&run, "double"),
        r#"Skipped("`if is_even(n)` was not taken")"#
    );
    assert_eq!(state(&run, "word"), SUCCESS);
}

#[test]
fn a_chain_of_ifs() {
    let flow = flow!("chain", |n: i64, m: i64| {
        if is_even(n) {
            word(n)
        } else if is_even(m).name("other") {
            word(m)
        } else {
            word(0)
        }
    });
    let run = |n, m| {
        flow.run()
            .parameter("n", n)
            .parameter("m", m)
            .wait()
            .unwrap()
    };
    assert_eq!(run(2, 2).output().unwrap(), "word 2");
    assert_eq!(run(3, 4).output().unwrap(), "word 4");
    assert_eq!(run(3, 5).output().unwrap(), "word 0");
    assert_eq!(
        state(&run(2, 4), "other"),
        r#"Skipped("`else` was not taken")"#
    );
}

#[derive(Clone, Debug)]
enum Kind {
    Empty,
    Rows(i64),
    Named { name: String, size: i64 },
}

#[task]
fn classify(n: i64) -> Kind {
    match n {
        0 => Kind::Empty,
        n if n < 0 => Kind::Named {
            name: "x".repeat(3),
            size: -n,
        },
        n => Kind::Rows(n),
    }
}

#[task]
fn note() -> i64 {
    -1
}

const MILLION: i64 = 1_000_000;

#[test]
fn patterns_bind_and_guards_see_values() {
    let least = 1000;
    let flow = flow!("match", |n: i64| {
        match classify(n) {
            Kind::Empty => note(),
            Kind::Rows(MILLION) => double(n),
            Kind::Rows(rows @ 1..=9) => add(rows, 100),
            Kind::Rows(rows) if rows > least => {
                let more = add(rows, 1);
                double(more)
            }
            Kind::Named { name, size } if name.len() == 3 => add(size, 5),
            Kind::Rows(_) | Kind::Named { .. } => n,
        }
    });
    let output = |n: i64| {
        *flow
            .run()
            .parameter("n", n)
            .wait()
            .unwrap()
            .output()
            .unwrap()
    };
    assert_eq!(
        [0, MILLION, 7, 2000, -4, 50].map(output),
        [-1, 2 * MILLION, 107, 4002, 9, 50]
    );

    let run = flow.run().parameter("n", 50).wait().unwrap();
    let messages: Vec<_> = run
        .task_runs()
        .filter_map(|task| task.state().message())
        .collect();
    assert_eq!(
        messages,
        [
            "Task run succeeded.",
            "`Kind::Empty` was not taken",
            "`Kind::Rows(MILLION)` was not taken",
            "`Kind::Rows(rows @ 1..=9)` was not taken",
            "`Kind::Rows(rows) if rows > least` was not taken",
            "`Kind::Rows(rows) if rows > least` was not taken",
            "`Kind::Named { name, size } if name.len() == 3` was not taken",
        ]
    );
}

/// Cannot be cloned.
struct Connection {
    host: String,
    port: Option<u16>,
}

#[task]
fn connect(host: &str) -> Connection {
    Connection {
        host: host.to_owned(),
        port: host.strip_prefix("port ").and_then(|n| n.parse().ok()),
    }
}

#[task]
fn show(host: &str, port: u16) -> String {
    format!("{host}:{port}")
}

#[test]
fn a_match_on_a_reference_needs_no_clone() {
    let flow = flow!("borrowed", |host: String| {
        let connection = connect(host);
        let shown = match &connection {
            Connection {
                host,
                port: Some(port),
            } if *port > 9 => show(host, port),
            Connection {
                host,
                port: None | Some(0),
            } => show(host, 80),
            Connection { port: Some(_), .. } => host,
        };
        if let Connection {
            port: Some(port), ..
        } = &connection
        {
            show("only", port).name("only");
        }
        shown
    });
    let run = |host: &str| flow.run().parameter("host", host).wait().unwrap();
    assert_eq!(run("port 11").output().unwrap(), "port 11:11");
    assert_eq!(run("a").output().unwrap(), "a:80");
    assert_eq!(run("port 5").output().unwrap(), "port 5");
    assert_eq!(state(&run("port 5"), "only"), SUCCESS);
    let skipped =
        r#"Skipped("`if let Connection { port: Some(port), .. } = &connection` was not taken")"#;
    assert_eq!(state(&run("a"), "only"), skipped);
}

#[task]
fn names() -> Vec<&'static str> {
    vec!["a", "bc"]
}

#[test]
fn a_match_on_several_values() {
    let flow = flow!("tuple", |n: i64, flag: bool| {
        match (half(n), flag) {
            (Some(h), true) => h,
            (Some(_), false) => n,
            (None, _) => note(),
        }
    });
    let output = |n: i64, flag: bool| {
        let run = flow.run().parameter("n", n).parameter("flag", flag);
        *run.wait().unwrap().output().unwrap()
    };
    assert_eq!(
        [output(8, true), output(8, false), output(7, true)],
        [4, 8, -1]
    );

    let flow = flow!("in a loop", {
        let xs = range(3);
        for (name, x) in (names(), xs) {
            match (name, x) {
                ("a", _) => double(10),
                (_, 1) => x,
                (_other, _) => note(),
            }
        }
    });
    assert_eq!(flow.run().wait().unwrap().output(), Some(&vec![20, 1]));
}

#[test]
fn a_branch_in_a_loop_is_taken_for_each_element() {
    let flow = flow!("branch in a loop", |n: i64| {
        for x in range(n) {
            match half(x) {
                Some(h) if h > 0 => double(h),
                Some(_) => n,
                None => add(x, 100),
            }
        }
    });
    let run = flow.run().parameter("n", 5).wait().unwrap();
    assert_eq!(run.output(), Some(&vec![5, 101, 2, 103, 4]));
    let skipped = r#"Skipped("`Some(h) if h > 0` was not taken")"#;
    let doubles = children(run.task("double").unwrap());
    assert_eq!(doubles, [skipped, skipped, SUCCESS, skipped, SUCCESS]);
    assert!(run.state().is(Success));
}

#[test]
fn a_loop_in_a_branch_runs_only_if_it_is_taken() {
    let flow = flow!("loop in a branch", |n: i64| {
        let xs = range(n);
        let ys = if is_even(n) {
            for x in xs {
                double(x)
            }
        } else {
            xs
        };
        sum(ys)
    });
    let run = flow.run().parameter("n", 4).wait().unwrap();
    assert_eq!(run.output(), Some(&12));
    assert_eq!(children(run.task("double").unwrap()), [SUCCESS; 4]);

    let run = flow.run().parameter("n", 3).wait().unwrap();
    assert_eq!(run.output(), Some(&3));
    assert_eq!(
        state(&run, "double"),
        r#"Skipped("`if is_even(n)` was not taken")"#
    );
}

#[test]
fn what_stands_in_an_arm_not_taken_is_skipped_all_the_way() {
    let flow = flow!("all the way", |n: i64| {
        let x = if is_even(n) {
            let xs = range(n);
            let ys = for x in xs {
                if is_even(x) { double(x) } else { x }
            };
            match half(n) {
                Some(_) => sum(ys),
                None => n,
            }
        } else {
            n
        };
        add(x, 1)
    });
    let run = flow.run().parameter("n", 3).wait().unwrap();
    assert_eq!(run.output(), Some(&4));
    for task in ["range", "double", "half", "sum"] {
        assert!(
            run.task(task).unwrap().state().is(Skipped),
            "{task} in {run:?}"
        );
    }
    assert!(run.state().is(Success));
    let run = flow.run().parameter("n", 4).wait().unwrap();
    assert_eq!(run.output(), Some(&9));
}

#[test]
fn a_condition_that_fails_fails_the_arms() {
    let flow = flow!("failing condition", {
        let x = match inverse(0) {
            1.. => note(),
            _ => double(3),
        };
        add(x, 1)
    });
    let run = flow.run().wait().unwrap();
    assert!(run.state().is(Failed));
    for task in ["note", "double", "add"] {
        assert!(
            run.task(task).unwrap().state().is(TriggerFailed),
            "{task} in {run:?}"
        );
    }
}

#[test]
fn an_arm_that_fails_fails_the_value() {
    let flow = flow!("failing arm", |n: i64| {
        let x = if is_even(n) { inverse(0) } else { n };
        double(x)
    });
    let run = flow.run().parameter("n", 2).wait().unwrap();
    assert!(run.state().is(Failed));
    assert!(run.task("double").unwrap().state().is(TriggerFailed));
    let run = flow.run().parameter("n", 3).wait().unwrap();
    assert_eq!(run.output(), Some(&6));
}

#[test]
fn a_guard_that_panics_fails_the_arms() {
    let flow = flow!("panic", |n: i64| {
        match half(n) {
            Some(h) if 6 / h > 1 => double(h),
            _ => note(),
        }
    });
    let run = flow.run().parameter("n", 0).wait().unwrap();
    assert!(run.state().is(Failed));
    assert!(run.task("double").unwrap().state().is(TriggerFailed));
    assert!(run.task("note").unwrap().state().is(TriggerFailed));
}

#[test]
fn names_are_bound_in_their_block() {
    let flow = flow!("scopes", |n: i64| {
        let x = add(n, 1);
        let list = for x in range(2) {
            let x = add(x, 10);
            let n = double(x);
            add(x, n)
        };
        let y = match half(n) {
            Some(x) => {
                let n = double(x);
                n
            }
            None => x,
        };
        (x, y, n, list)
    });
    let run = flow.run().parameter("n", 6).wait().unwrap();
    assert_eq!(run.output(), Some(&(7, 6, 6, vec![30, 33])));
    let run = flow.run().parameter("n", 7).wait().unwrap();
    assert_eq!(run.output(), Some(&(8, 8, 7, vec![30, 33])));
}

#[test]
fn a_loop_is_the_plan_that_is_declared_by_hand() {
    let flow = flow!("same", |n: i64| {
        let xs = range(n);
        let ys = for (x, y) in (xs, vec![1, 2]) {
            double(add(x, y))
        };
        sum(ys)
    });
    let mut by_hand = Flow::builder("same");
    let n = by_hand.parameter::<i64>("n");
    let xs = by_hand.add(range { n: input(n) });
    let ys = by_hand.each((xs, vec![1, 2]), |flow, (x, y)| {
        let sum = flow.add(add {
            x: input(x),
            y: input(y),
        });
        flow.add(double { x: input(sum) })
    });
    let sum = by_hand.add(sum { list: input(ys) });
    let by_hand = by_hand.build(sum).unwrap();
    assert_eq!(format!("{flow:?}"), format!("{by_hand:?}"));
}

#[test]
fn what_is_not_chosen_may_fail_outside_of_an_arm_too() {
    let mut flow = Flow::builder("no arms");
    let good = flow.add(inverse { x: input(3) });
    let bad = flow.add(inverse { x: input(0) });
    let branch = flow.branch("match 1", 1_i64, |_| Arm::new(0).take(()));
    let chosen = flow.choose(branch, [good, bad]);
    let run = flow.build(chosen).unwrap().run().wait().unwrap();
    assert_eq!(run.output(), Some(&20));
}

#[test]
fn a_branch_is_the_plan_that_is_declared_by_hand() {
    let flow = flow!("same", |n: i64| {
        let k = classify(n);
        match &k {
            Kind::Rows(rows) if *rows > 3 => double(rows),
            Kind::Named { .. } => n,
            _ => note(),
        }
    });
    let mut by_hand = Flow::builder("same");
    let n = by_hand.parameter::<i64>("n");
    let k = by_hand.add(classify { n: input(n) });
    let (rows_arm, named, rest) = (Arm::new(0), Arm::new(1), Arm::new(2));
    let branch = by_hand.branch_ref("match &k", k, move |value| match value {
        Kind::Rows(rows) if *rows > 3 => rows_arm.take((*rows,)),
        Kind::Named { .. } => named.take(()),
        _ => rest.take(()),
    });
    let (rows,) = by_hand.enter(branch, rows_arm, "Kind::Rows(rows) if *rows > 3");
    let first = by_hand.add(double { x: input(rows) });
    by_hand.leave();
    let () = by_hand.enter(branch, named, "Kind::Named { .. }");
    by_hand.leave();
    let () = by_hand.enter(branch, rest, "_");
    let third = by_hand.add(note {});
    by_hand.leave();
    let chosen = by_hand.choose(branch, [first, n, third]);
    let by_hand = by_hand.build(chosen).unwrap();
    assert_eq!(format!("{flow:?}"), format!("{by_hand:?}"));
}
