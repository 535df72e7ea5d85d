//! The options of `#[task]` and of calls that keep results, choose retries and name runs.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tribune::cache::Cache;
use tribune::prelude::*;
use tribune::{FlowRun, State, StateChange, TaskError, context};

fn twice<T>(flow: &Flow<T>) -> [FlowRun<T>; 2] {
    let cache = Cache::new();
    [(); 2].map(|()| flow.run().cache(&cache).wait().unwrap())
}

#[test]
fn a_result_is_kept_for_the_same_inputs() {
    static CALLS: AtomicU32 = AtomicU32::new(0);

    #[task(cache_for = "1h", cache_validator = all_inputs)]
    fn load(table: &str, limit: u32) -> String {
        CALLS.fetch_add(1, Ordering::Relaxed);
        format!("{limit} rows of {table}")
    }

    let flow = flow!("nightly", |table: String| { load(table, 10) });
    let cache = Cache::new();
    let run = |table: &str| {
        let run = flow.run().cache(&cache).parameter("table", table);
        run.wait().unwrap().output().cloned().unwrap()
    };
    assert_eq!(run("orders"), "10 rows of orders");
    assert_eq!(run("users"), "10 rows of users");
    assert_eq!(run("orders"), "10 rows of orders");
    assert_eq!(CALLS.load(Ordering::Relaxed), 2);
}

#[test]
fn some_inputs_may_be_compared_at_a_call() {
    struct Connection;

    #[task]
    fn count(connection: Arc<Connection>, table: &str) -> usize {
        drop(connection);
        table.len()
    }

    let connection = Arc::new(Connection);
    let flow = flow!("count", {
        count(connection, "orders".to_owned())
            .cache_for("1m")
            .cache_validator(partial_inputs_only(["table"]))
    });
    let [first, second] = twice(&flow);
    assert!(first.task("count").unwrap().state().is(Cached));
    assert_eq!(second.task("count").unwrap().attempts(), 1);
    assert_eq!(second.output(), Some(&6));
}

#[test]
fn inputs_that_cannot_be_compared_are_refused() {
    struct Connection(usize);

    #[task(cache_for = "1h", cache_validator = all_inputs)]
    fn count(connection: &Connection) -> usize {
        connection.0
    }

    #[task(cache_for = "1h", cache_validator = partial_inputs_only(["tabel"]))]
    fn load(table: &str) -> usize {
        table.len()
    }

    let flow = flow!("count", { count(Connection(3)) });
    assert_eq!(
        flow.run().wait().unwrap_err().to_string(),
        "the cache of task `count` compares its parameter `connection`, whose type is not \
         `Serialize`: derive it, or name the others with `partial_inputs_only`"
    );
    let flow = flow!("load", { load("orders".to_owned()) });
    assert_eq!(
        flow.run().wait().unwrap_err().to_string(),
        "the cache of task `load` compares its parameter `tabel`, which it does not have"
    );
}

#[test]
fn tasks_may_share_what_they_keep() {
    #[task(cache_for = "1h", cache_key = "answer")]
    fn compute() -> u32 {
        42
    }

    #[task(cache_for = "1h", cache_key = "answer")]
    fn look_up() -> u32 {
        unreachable!("the result of another task is kept")
    }

    let cache = Cache::new();
    let run = flow!("compute", { compute() }).run().cache(&cache).wait();
    assert_eq!(run.unwrap().output(), Some(&42));
    let run = flow!("look up", { look_up() }).run().cache(&cache).wait();
    assert_eq!(run.unwrap().output(), Some(&42));
}

#[test]
fn only_some_errors_are_retried() {
    fn is_transient(error: &TaskError) -> bool {
        error.to_string().starts_with("timed out")
    }

    #[task(max_retries = 3, retry_delay = "1h", retry_on = is_transient)]
    fn load() -> Result<u32, String> {
        match context().attempt() {
            1 => Err("timed out after 3 s".to_owned()),
            _ => Err("no such table".to_owned()),
        }
    }

    let flow = flow!("load", { load() });
    let run = flow.run().simulated(std::time::SystemTime::UNIX_EPOCH);
    let run = run.wait().unwrap();
    assert_eq!(run.task("load").unwrap().attempts(), 2);
}

#[test]
fn a_run_is_named_by_its_inputs() {
    static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

    fn listen(change: &StateChange, new: State) -> State {
        let change = format!("{}: {}", change.run_name(), new.kind());
        HEARD.lock().unwrap().push(change);
        new
    }

    #[task(task_run_name = "load {table} from {day:>4}", state_handlers = [listen])]
    fn load(table: &str, day: u32) -> String {
        assert!(!table.is_empty() && day == 7);
        context().task_run_name().into_owned()
    }

    #[task]
    fn tables() -> Vec<String> {
        vec!["orders".to_owned(), "users".to_owned()]
    }

    let flow = flow!("nightly", {
        for table in tables() {
            load(table, 7)
        }
    });
    let run = flow.run().threads(1).wait().unwrap();
    let names = ["load orders from    7", "load users from    7"];
    assert_eq!(run.output().unwrap(), &names);
    let children = run.task("load").unwrap().children();
    let told: Vec<_> = children
        .map(|child| child.run_name().into_owned())
        .collect();
    assert_eq!(told, names);
    let heard = std::mem::take(&mut *HEARD.lock().unwrap());
    assert_eq!(
        heard,
        [
            "load: Mapped",
            "load orders from    7: Running",
            "load orders from    7: Success",
            "load users from    7: Running",
            "load users from    7: Success",
        ]
    );
}

#[test]
fn a_run_without_a_name_of_its_own_has_that_of_its_task() {
    #[task]
    fn load(table: &str) -> String {
        assert!(!table.is_empty());
        context().task_run_name().into_owned()
    }

    let flow = flow!("nightly", {
        let first = load("orders".to_owned());
        let second = load("users".to_owned()).task_run_name("load of users");
        (first, second)
    });
    let run = flow.run().wait().unwrap();
    let names = ("load".to_owned(), "load of users".to_owned());
    assert_eq!(run.output(), Some(&names));
}
