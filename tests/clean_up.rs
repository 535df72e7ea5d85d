//! Resources: clean-up after the last task that depends on one.

use std::sync::Mutex;

use tribune::BuildError;
use tribune::prelude::*;
use tribune::signal::{self, Signal};

/// What was called, in order.
static CALLS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The tests write down what is called in one place, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

fn note(call: impl Into<String>) {
    CALLS.lock().unwrap().push(call.into());
}

fn calls<T>(flow: &Flow<T>) -> (tribune::FlowRun<T>, Vec<String>) {
    let _turn = TURN
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    CALLS.lock().unwrap().clear();
    let run = flow.run().threads(1).wait().unwrap();
    (run, std::mem::take(&mut *CALLS.lock().unwrap()))
}

#[task]
fn open(name: &str) -> String {
    note(format!("open {name}"));
    name.to_owned()
}

#[task]
fn close(resource: &str) {
    note(format!("close {resource}"));
}

#[task]
fn close_with(resource: &str, message: &str) {
    note(format!("close {resource}: {message}"));
}

#[task]
fn query(resource: &str) -> Result<usize, String> {
    note(format!("query {resource}"));
    match resource.len() {
        0 => Err("nothing is open".to_owned()),
        length => Ok(length),
    }
}

#[task]
fn vacuum() {
    note("vacuum");
}

#[task]
fn report(rows: usize) -> usize {
    note("report");
    rows
}

#[test]
fn a_resource_is_cleaned_up_after_its_last_user() {
    let flow = flow!("query", {
        let db = open("db").clean_up(close);
        vacuum().after(db);
        query(db)
    });
    let (run, calls) = calls(&flow);
    assert_eq!(run.output(), Some(&2));
    assert!(run.state().is(Success));
    assert_eq!(calls.first().unwrap(), "open db");
    assert_eq!(calls.last().unwrap(), "close db");
    assert_eq!(calls.len(), 4);
}

#[test]
fn a_resource_is_cleaned_up_after_a_failure_too() {
    let flow = flow!("query", {
        let db = open("").clean_up(|db| close_with(db, "done"));
        report(query(db))
    });
    let (run, calls) = calls(&flow);
    assert!(run.state().is(Failed), "the clean-up does not decide");
    assert_eq!(calls, ["open ", "query ", "close : done"]);
}

#[test]
fn resources_are_cleaned_up_in_the_opposite_order() {
    #[task]
    fn begin(db: &str) -> String {
        note(format!("begin on {db}"));
        "transaction".to_owned()
    }

    let flow = flow!("query", {
        let db = open("db").clean_up(close);
        let transaction = begin(db).clean_up(close);
        query(transaction)
    });
    let (_, calls) = calls(&flow);
    let expected = [
        "open db",
        "begin on db",
        "query transaction",
        "close transaction",
        "close db",
    ];
    assert_eq!(calls, expected);
}

#[test]
fn each_element_of_a_loop_has_its_own_resource() {
    let flow = flow!("queries", |names: Vec<String>| {
        for name in names {
            let db = open(name).clean_up(close);
            query(db)
        }
    });
    let _turn = TURN.lock().unwrap();
    CALLS.lock().unwrap().clear();
    let run = flow.run().threads(1).parameter("names", ["a", "bc"]);
    let run = run.wait().unwrap();
    assert_eq!(run.output().unwrap(), &[1, 2]);
    let mut calls = std::mem::take(&mut *CALLS.lock().unwrap());
    calls.sort_unstable();
    let expected = [
        "close a", "close bc", "open a", "open bc", "query a", "query bc",
    ];
    assert_eq!(calls, expected);
}

#[test]
fn users_in_loops_and_arms_are_waited_for() {
    #[task]
    fn names(db: &str) -> Vec<String> {
        assert_eq!(db, "db");
        vec!["a".to_owned(), "b".to_owned()]
    }

    #[task]
    fn read(db: &str, name: &str) -> usize {
        note(format!("read {name} of {db}"));
        name.len()
    }

    #[task]
    fn sum(list: &[usize]) -> usize {
        list.iter().sum()
    }

    let flow = flow!("tables", {
        let db = open("db").clean_up(close);
        for name in names(db) {
            read(db, name);
        }
        if is_long(db) {
            note_long(db);
        }
        sum(for name in names(db) {
            read(db, name)
        })
    });
    let (run, calls) = calls(&flow);
    assert_eq!(run.output(), Some(&2));
    assert_eq!(calls.last().unwrap(), "close db");
    assert!(calls.contains(&"long db".to_owned()));
    assert_eq!(calls.len(), 7);
}

#[task]
fn is_long(db: &str) -> bool {
    db.len() > 1
}

#[task]
fn note_long(db: &str) {
    note(format!("long {db}"));
}

#[test]
fn without_a_resource_there_is_nothing_to_clean_up() {
    #[task]
    fn find(name: &str) -> Result<String, Signal> {
        match name {
            "" => Err(signal::skip("there is none")),
            _ => Err(signal::fail("it is locked")),
        }
    }

    let state = |flow: &Flow<()>| {
        let (run, calls) = calls(flow);
        assert!(calls.is_empty());
        run.task("close").unwrap().state().to_string()
    };
    let skipped = flow!("none", {
        find("").clean_up(close);
    });
    assert_eq!(
        state(&skipped),
        r#"Skipped("Resource manager setup skipped")"#
    );
    let failed = flow!("locked", {
        find("db").clean_up(close);
    });
    assert_eq!(
        state(&failed),
        r#"Skipped("Resource manager setup failed")"#
    );
}

#[test]
fn a_retry_of_a_user_finds_the_same_resource() {
    #[task(max_retries = 1, retry_delay = "1ms")]
    fn flaky(db: &str) -> Result<usize, String> {
        note(format!("try {db}"));
        match tribune::context().attempt() {
            1 => Err("not yet".to_owned()),
            _ => Ok(db.len()),
        }
    }

    let flow = flow!("query", {
        let db = open("db").clean_up(close);
        flaky(db)
    });
    let (run, calls) = calls(&flow);
    assert_eq!(run.output(), Some(&2));
    assert_eq!(calls, ["open db", "try db", "try db", "close db"]);
}

#[test]
fn a_mistake_in_a_resource_is_reported() {
    let flow = flow!("mistaken", {
        open("db").max_retries(1).clean_up(close);
    });
    let task = "open".to_owned();
    assert_eq!(flow.check(), Err(BuildError::NoRetryDelay { task }));
}
