//! Flows as a user runs them: inputs, errors, timeouts, retries, parameters, cancellation.

#![expect(
    clippy::needless_pass_by_value,
    reason = "how a task takes its inputs is what is tested"
)]

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tribune::prelude::*;
use tribune::{BuildError, Cancellation};

#[task]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[task]
fn fail(text: &str) -> Result<i64, String> {
    Err(text.to_owned())
}

/// A value that counts how often it is cloned.
struct Counted(Arc<AtomicU32>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Ordering::SeqCst);
        Self(self.0.clone())
    }
}

#[task]
fn count() -> Counted {
    Counted(Arc::default())
}

#[task]
fn take(counted: Counted) -> u32 {
    counted.0.load(Ordering::SeqCst)
}

#[test]
fn the_last_reader_gets_the_value_itself() {
    let flow = flow!("moved", {
        let counted = count();
        take(counted)
    });
    let run = flow.run().wait().unwrap();
    assert_eq!(run.output(), Some(&0), "no clone was made");
    assert!(
        run.task("count").unwrap().output::<Counted>().is_none(),
        "its value is gone"
    );

    let flow = flow!("shared", {
        let counted = count();
        let first = take(counted);
        take(counted).after(first)
    });
    assert_eq!(
        flow.run().threads(1).wait().unwrap().output(),
        Some(&1),
        "one clone for two readers"
    );
}

/// Cannot be cloned: it can only be borrowed.
struct Connection(&'static str);

#[task]
fn connect() -> Connection {
    Connection("db")
}

#[task]
fn query(connection: &Connection, table: &str) -> String {
    format!("{}.{table}", connection.0)
}

#[task]
fn lengths(words: &[String], path: &Path) -> usize {
    words.iter().map(String::len).sum::<usize>() + path.components().count()
}

#[test]
fn borrowed_inputs_are_shared() {
    let flow = flow!("borrowed", {
        let connection = connect();
        let users = query(connection, "users");
        let orders = query(&connection, "orders");
        lengths([users, orders], PathBuf::from("a/b"))
    });
    let run = flow.run().wait().unwrap();
    assert_eq!(run.output(), Some(&(8 + 9 + 2)));
    assert_eq!(
        run.task("connect")
            .unwrap()
            .output::<Connection>()
            .unwrap()
            .0,
        "db"
    );
}

#[derive(Debug)]
struct Broken {
    code: u32,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken with code {}", self.code)
    }
}

impl Error for Broken {}

type Fallible<T> = Result<T, Broken>;

/// The compiler sees that this is a `Result`, though it is not called so.
#[task]
fn aliased() -> Fallible<i64> {
    Err(Broken { code: 7 })
}

#[task]
fn panics() {
    panic!("out of {}", "cheese");
}

#[task]
async fn panics_later() {
    tokio::task::yield_now().await;
    panic!("no more cheese");
}

#[test]
fn errors_and_panics_keep_their_text_and_their_type() {
    let flow = flow!("failures", {
        aliased();
        panics();
        panics_later();
    });
    let run = flow.run().wait().unwrap();
    assert!(run.state().is(Failed));

    let error = run
        .task("aliased")
        .unwrap()
        .state()
        .error()
        .unwrap()
        .clone();
    assert_eq!(error.to_string(), "broken with code 7");
    assert_eq!(error.downcast_ref::<Broken>().unwrap().code, 7);
    let panics = run.task("panics").unwrap().state();
    assert_eq!(
        panics.to_string(),
        r#"Failed("Error during execution of task: out of cheese")"#
    );
    assert!(panics.error().unwrap().is_panic());
    let later = run.task("panics_later").unwrap().state();
    assert_eq!(later.error().unwrap().to_string(), "no more cheese");
}

#[task]
fn panics_at(x: i64) {
    panic!("not {x}");
}

#[test]
fn a_panic_leaves_no_input_to_the_next_task() {
    let flow = flow!("after a panic", {
        panics_at(1);
        add(2, 3)
    });
    let run = flow.run().threads(1).wait().unwrap();
    assert_eq!(run.output(), Some(&5));
}

#[task(trigger = all_finished)]
fn describe(value: Option<i64>, result: Result<i64, TaskError>) -> String {
    format!("{value:?} {result:?}")
}

#[task(trigger = any_failed)]
fn clean_up() -> &'static str {
    "clean"
}

#[test]
fn triggers_let_tasks_run_after_failures() {
    let flow = flow!("triggers", {
        let failed = fail("no luck");
        let never = add(failed, 1);
        let text = describe(never, failed);
        let clean = clean_up().after(failed);
        (text, clean)
    });
    let run = flow.run().wait().unwrap();
    let (text, clean) = run.output().unwrap();
    assert_eq!(text, r#"None Err(Error("no luck"))"#);
    assert_eq!(*clean, "clean");
    assert!(run.task("add").unwrap().state().is(TriggerFailed));
    assert!(run.state().is(Success), "the terminal tasks succeeded");
}

#[task(trigger = all_finished)]
fn needs(value: i64) -> i64 {
    value
}

#[test]
fn a_flow_that_may_lack_a_value_is_refused() {
    let flow = flow!("lacking", { needs(fail("x")) });
    let expected = BuildError::NeedsValue {
        task: "needs".to_owned(),
        parameter: "value".to_owned(),
        upstream: "fail".to_owned(),
    };
    assert_eq!(flow.check(), Err(expected.clone()));
    let error = flow.run().wait().unwrap_err();
    assert_eq!(error.to_string(), expected.to_string());
    assert!(
        error
            .to_string()
            .contains("must be an `Option<_>` or a `Result<_, TaskError>`")
    );
}

#[test]
fn mistakes_of_a_declaration_are_named() {
    let flow = flow!("retries", { add(1, 2).max_retries(1) });
    assert_eq!(
        flow.check(),
        Err(BuildError::NoRetryDelay {
            task: "add".to_owned()
        })
    );
    let flow = flow!("slugs", {
        add(1, 2).slug("sum");
        add(3, 4).slug("sum");
    });
    assert_eq!(flow.check(), Err(BuildError::SlugTwice("sum".to_owned())));
    let name = String::new();
    let flow = flow!(name, {
        add(1, 2);
    });
    assert_eq!(flow.check(), Err(BuildError::EmptyName));
    let mut other = Flow::builder("other");
    other.add(add {
        x: input(1),
        y: input(1),
    });
    let foreign = other.add(add {
        x: input(1),
        y: input(1),
    });
    let mut flow = Flow::builder("foreign");
    flow.add(add {
        x: input(foreign),
        y: input(1),
    });
    assert_eq!(flow.build(()).unwrap_err(), BuildError::ForeignTask);
    let mut flow = Flow::builder("element");
    let element = flow.enter_each(vec![1_i64, 2]);
    flow.leave_each_without_value();
    flow.add(add {
        x: input(element),
        y: input(1),
    });
    let task = "add".to_owned();
    assert_eq!(
        flow.build(()).unwrap_err(),
        BuildError::ElementLeavesLoop { task }
    );
}

#[task(timeout = "5ms")]
async fn endless() {
    std::future::pending::<()>().await;
}

/// Released when the test is over, long after the timeout.
static BLOCKED: LazyLock<Mutex<Option<mpsc::Sender<()>>>> = LazyLock::new(Mutex::default);

#[task(timeout = "5ms")]
fn blocked() {
    let (sender, receiver) = mpsc::channel();
    *BLOCKED.lock().unwrap() = Some(sender);
    let _ = receiver.recv();
}

#[test]
fn tasks_that_take_too_long_time_out() {
    let flow = flow!("slow", {
        endless();
        blocked();
    });
    let run = flow.run().wait().unwrap();
    for name in ["endless", "blocked"] {
        let state = run.task(name).unwrap().state();
        assert_eq!(
            state.to_string(),
            r#"TimedOut("Task timed out during execution.")"#
        );
        assert!(state.error().unwrap().is_timeout());
    }
    BLOCKED.lock().unwrap().take();
}

static ATTEMPTS: AtomicU32 = AtomicU32::new(0);

#[task(max_retries = 3, retry_delay = "1ms")]
fn flaky(input: String) -> Result<String, String> {
    match ATTEMPTS.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => Err("not yet".to_owned()),
        _ => Ok(input),
    }
}

#[test]
fn a_retry_gets_the_same_inputs_again() {
    let flow = flow!("flaky", { flaky("text") });
    let run = flow.run().wait().unwrap();
    assert_eq!(run.output().unwrap(), "text");
    assert_eq!(run.task("flaky").unwrap().attempts(), 3);
}

#[task]
fn greet(name: &str, times: usize) -> String {
    name.repeat(times)
}

#[test]
fn parameters_are_checked_before_anything_runs() {
    let flow = flow!("greetings", |name: String, #[default(2)] times: usize| {
        greet(name, times)
    });
    let run = flow.run().parameter("name", "ab").wait().unwrap();
    assert_eq!(run.output().unwrap(), "abab");
    let run = flow
        .run()
        .parameter("name", "ab")
        .parameter("times", 3)
        .wait()
        .unwrap();
    assert_eq!(run.output().unwrap(), "ababab");

    let message = |run: tribune::Run<String>| run.wait().unwrap_err().to_string();
    assert_eq!(
        message(flow.run()),
        "the run did not receive the required parameter `name`"
    );
    assert_eq!(
        message(flow.run().parameter("nam", "x").parameter("tims", 1)),
        "the run received the unexpected parameters `nam`, `tims`"
    );
    assert_eq!(
        message(
            flow.run()
                .parameter("name", "x")
                .parameter("times", "three")
        ),
        "parameter `times` cannot take its value: invalid type: string \"three\", expected usize"
    );
}

#[task]
fn nested() -> ((i64, String), bool) {
    ((5, "five".to_owned()), true)
}

#[task]
fn repeat(text: &str, times: i64) -> String {
    text.repeat(times.unsigned_abs().try_into().unwrap())
}

#[test]
fn outputs_are_taken_apart_and_put_together() {
    let flow = flow!("parts", {
        let ((number, text), flag) = nested();
        let many = repeat(text, number);
        (many, flag, number)
    });
    let run = flow.run().wait().unwrap();
    assert_eq!(run.output(), Some(&("five".repeat(5), true, 5)));
}

#[task]
fn here() -> ThreadId {
    thread::current().id()
}

#[test]
fn a_flow_of_plain_tasks_in_a_row_stays_on_its_thread() {
    let flow = flow!("row", {
        let first = here();
        let second = here().after(first);
        (first, second)
    });
    let run = flow.run().wait().unwrap();
    let here = thread::current().id();
    assert_eq!(run.output(), Some(&(here, here)));
}

static MEETING: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));

#[task]
fn meet() {
    MEETING.wait();
}

#[test]
fn independent_plain_tasks_run_at_the_same_time() {
    let flow = flow!("meeting", {
        meet();
        meet();
    });
    assert!(flow.run().threads(2).wait().unwrap().state().is(Success));
}

/// Tells when it is dropped.
struct OnDrop(Arc<AtomicBool>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[task]
async fn hold(dropped: Arc<AtomicBool>, cancellation: Option<Cancellation>) {
    let _guard = OnDrop(dropped);
    if let Some(cancellation) = cancellation {
        cancellation.cancel();
    }
    std::future::pending::<()>().await;
}

#[test]
fn a_cancelled_run_drops_its_async_tasks_and_tells_its_handlers() {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let hear = {
        let heard = heard.clone();
        move |change: &StateChange, new: State| {
            heard
                .lock()
                .unwrap()
                .push(format!("{} {}", change.name(), new.kind()));
            new
        }
    };
    let (dropped, cancellation) = (Arc::new(AtomicBool::new(false)), Cancellation::new());
    let flow = flow!(name = "held", state_handlers = [hear.clone()], {
        let held = hold(dropped.clone(), Some(cancellation.clone())).state_handlers([hear.clone()]);
        add(1, 2).after(held);
    });
    let run = flow.run().cancel_with(&cancellation).wait().unwrap();
    assert_eq!(
        run.state().to_string(),
        r#"Cancelled("The flow run was cancelled.")"#
    );
    assert!(run.task("add").unwrap().state().is(Cancelled));
    drop(run);
    assert_eq!(
        *heard.lock().unwrap(),
        [
            "held Running",
            "hold Running",
            "hold Cancelled",
            "held Cancelled"
        ]
    );
    while !dropped.load(Ordering::SeqCst) {
        thread::yield_now();
    }
}

#[tokio::test]
async fn dropping_the_future_of_a_run_stops_it() {
    let dropped = Arc::new(AtomicBool::new(false));
    let flow = flow!("dropped", {
        hold(dropped.clone(), None);
    });
    let mut run = Box::pin(flow.run().into_future());
    let once = std::future::poll_fn(|context| {
        assert!(run.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    });
    once.await;
    drop(run);
    while Arc::strong_count(&dropped) > 2 {
        tokio::task::yield_now().await;
    }
}

/// The signal goes to this process, as it does when somebody presses the keys.
#[task]
async fn press_ctrl_c() {
    let status = std::process::Command::new("kill")
        .args(["-INT", &std::process::id().to_string()])
        .status();
    assert!(status.unwrap().success());
    std::future::pending::<()>().await;
}

#[cfg(unix)]
#[test]
fn ctrl_c_cancels_a_run_that_listens() {
    let flow = flow!("interrupted", {
        press_ctrl_c();
    });
    let run = flow.run().cancel_on_ctrl_c().wait().unwrap();
    assert!(run.state().is(Cancelled));
}

#[test]
fn tasks_are_found_by_name_and_by_slug() {
    let flow = flow!("names", {
        add(1, 1);
        add(2, 2);
        add(3, 3).tags(["b", "a"]);
        add(4, 4).slug("four");
    });
    let run = flow.run().wait().unwrap();
    let slugs: Vec<_> = run.task_runs().map(|task| task.slug()).collect();
    assert_eq!(slugs, ["add-1", "add-2", "add-a-b-1", "four"]);
    assert_eq!(run.task("add-2").unwrap().output(), Some(&4_i64));
    assert_eq!(run.task("four").unwrap().output(), Some(&8_i64));
    assert!(run.task("nobody").is_none());
}

/// A worker takes many short tasks at once: a long one among them must hold up neither those behind it nor
/// what follows those before it.
#[test]
fn a_long_task_holds_up_nobody() {
    const OTHERS: usize = 500;
    static FOLLOWED: Mutex<usize> = Mutex::new(0);
    static MORE: Condvar = Condvar::new();

    #[task]
    fn quick(number: usize) -> usize {
        number
    }

    #[task]
    fn follow(number: usize) {
        assert!(number < OTHERS);
        *FOLLOWED.lock().unwrap() += 1;
        MORE.notify_all();
    }

    #[task]
    fn long() -> Result<(), String> {
        let followed = FOLLOWED.lock().unwrap();
        let minute = Duration::from_secs(60);
        let (followed, _) = MORE
            .wait_timeout_while(followed, minute, |followed| *followed < OTHERS)
            .unwrap();
        match *followed {
            OTHERS => Ok(()),
            followed => Err(format!("only {followed} of the others were run")),
        }
    }

    let mut flow = Flow::builder("one is long");
    for number in 0..OTHERS {
        if number == 100 {
            flow.add(long {});
        }
        let quick = flow.add(quick {
            number: input(number),
        });
        flow.add(follow {
            number: input(quick),
        });
    }
    let run = flow.build(()).unwrap().run().threads(2).wait().unwrap();
    assert!(run.state().is(Success), "{run:?}");
}
