use super::*;
use crate::notify::testing::alert;
use crate::state::StateKind::Failed;

/// A folder that is gone after the test, with the path of a spool in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tribune-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("notifications.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Another process: it shares nothing but the file.
fn process(file: &Path) -> Arc<Spool> {
    Arc::new(Spool {
        file: file.to_owned(),
        owner: Owner::new(file).unwrap(),
        accepting: Mutex::new(connect(file).unwrap()),
        sending: Mutex::new(connect(file).unwrap()),
        parcels: AtomicI64::new(0),
        settled: AtomicU64::new(0),
    })
}

fn keep(spool: &Arc<Spool>, name: &str, max_age: Duration) -> Ticket {
    let note = Note {
        channel: "{}",
        destination: "OPS",
        alert: &alert(name, Failed, "why"),
        accepted: SystemTime::now(),
        policy: Policy {
            max_age,
            ..Policy::DEFAULT
        },
    };
    spool.keep(&note).unwrap()
}

const HOUR: Duration = Duration::from_secs(3600);

fn names(left: &[Left]) -> Vec<&str> {
    left.iter()
        .map(|left| left.alert.events()[0].name())
        .collect()
}

#[test]
fn what_a_dead_process_leaves_is_taken_once_and_in_order() {
    let folder = Folder::new("dead");
    fs::create_dir_all(&folder.0).unwrap();
    let first = process(&folder.file());
    let kept = ["a", "b", "c"].map(|name| keep(&first, name, HOUR));
    let (second, third) = (process(&folder.file()), process(&folder.file()));
    assert!(second.claim().is_empty(), "the first one is alive");
    drop(kept);
    drop(first);
    let left = second.claim();
    assert_eq!(names(&left), ["a", "b", "c"]);
    assert!(third.claim().is_empty(), "the second one sends them");
    let age = SystemTime::now().duration_since(left[0].accepted).unwrap();
    assert!(age < HOUR && left[0].policy.max_age == HOUR);
    for left in left {
        left.ticket.done();
    }
    assert!(waiting(&folder.file()).is_empty());
}

#[test]
fn what_was_tried_may_be_a_repetition() {
    let folder = Folder::new("tried");
    fs::create_dir_all(&folder.0).unwrap();
    let first = process(&folder.file());
    keep(&first, "a", HOUR).tried();
    keep(&first, "b", HOUR).release();
    drop(first);
    let left = process(&folder.file()).claim();
    let repeated: Vec<bool> = left.iter().map(|left| left.alert.is_repeated()).collect();
    assert_eq!(repeated, [true, false]);
}

#[test]
fn a_merged_message_is_settled_with_the_other() {
    let folder = Folder::new("merged");
    fs::create_dir_all(&folder.0).unwrap();
    let spool = process(&folder.file());
    let [a, b] = ["a", "b"].map(|name| keep(&spool, name, HOUR));
    b.merge_into(&a);
    assert_eq!(waiting(&folder.file())["OPS"], 2);
    a.done();
    assert!(waiting(&folder.file()).is_empty());
}

#[test]
fn what_is_released_is_there_for_the_next_run_and_what_is_old_is_not() {
    let folder = Folder::new("released");
    fs::create_dir_all(&folder.0).unwrap();
    let spool = process(&folder.file());
    keep(&spool, "a", HOUR).release();
    keep(&spool, "b", Duration::ZERO).release();
    std::thread::yield_now();
    let now = millis(SystemTime::now());
    while millis(SystemTime::now()) == now {
        std::thread::yield_now();
    }
    assert_eq!(names(&spool.claim()), ["a"]);
}

#[test]
fn many_settled_messages_leave_a_small_file() {
    let folder = Folder::new("tidy");
    fs::create_dir_all(&folder.0).unwrap();
    let spool = process(&folder.file());
    for _ in 0..3 * TIDY {
        keep(&spool, "a", HOUR).done();
    }
    let wal = folder.0.join("notifications.db-wal");
    assert!(fs::metadata(wal).unwrap().len() < 8 << 20);
    assert!(waiting(&folder.file()).is_empty());
}

#[cfg(unix)]
#[test]
fn only_its_user_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("mode");
    let spool = Spool::open(&folder.file()).unwrap();
    assert!(Arc::ptr_eq(&spool, &Spool::open(&folder.file()).unwrap()));
    let _ = keep(&spool, "a", HOUR);
    for file in ["notifications.db", "notifications.db-wal"] {
        let mode = fs::metadata(folder.0.join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{file}");
    }
}

#[test]
fn a_file_that_cannot_be_is_named() {
    let folder = Folder::new("none");
    fs::create_dir_all(folder.file()).unwrap();
    let problem = Spool::open(&folder.file()).unwrap_err();
    assert!(problem.contains("notifications.db: "), "{problem}");
}
