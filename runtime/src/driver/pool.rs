//! Threads that the runs of a process share: started when they are needed, and kept for a while.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

type Work = Box<dyn FnOnce() + Send>;

/// A thread that has had nothing to do for so long ends.
const KEPT: Duration = Duration::from_secs(10);

static POOL: Mutex<Pool> = Mutex::new(Pool {
    work: Vec::new(),
    idle: 0,
});

static COME: Condvar = Condvar::new();

struct Pool {
    /// What no thread has taken yet: never more than there are idle threads.
    work: Vec<Work>,
    idle: usize,
}

/// Does `work` on a thread that is not the caller's.
pub(super) fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let mut pool = lock();
    if pool.work.len() < pool.idle {
        pool.work.push(Box::new(work));
        drop(pool);
        COME.notify_one();
        return Ok(());
    }
    drop(pool);
    let thread = std::thread::Builder::new().name("tribune-worker".to_owned());
    thread
        .spawn(|| {
            work();
            stay();
        })
        .map(drop)
}

/// The rest of a thread's life.
fn stay() {
    let mut pool = lock();
    loop {
        pool.idle += 1;
        let nothing = |pool: &mut Pool| pool.work.is_empty();
        let (mut guard, _) = COME
            .wait_timeout_while(pool, KEPT, nothing)
            .unwrap_or_else(PoisonError::into_inner);
        guard.idle -= 1;
        let Some(work) = guard.work.pop() else {
            return;
        };
        drop(guard);
        work();
        pool = lock();
    }
}

fn lock() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}
