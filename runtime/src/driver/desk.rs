//! Where a served flow waits: for its next run, for the end of one, or to be cancelled.

use std::any::Any;
#[cfg(feature = "ctrl-c")]
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::cancellation::{Cancel, Cancellation};
use crate::error::RunError;
use crate::schedule::{Policy, ScheduledRun, Step};

/// The wall clock is looked at this often: it may be put forward, or the computer may sleep.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// The time by the wall clock.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Takes what runs leave: their results, which are `R`s.
pub(crate) struct Desk<R> {
    inbox: Mutex<Inbox<R>>,
    changed: Condvar,
    /// What stops the runs. It is the desk's own: others may go on with the one they gave.
    cancellation: Cancellation,
}

struct Inbox<R> {
    cancelled: bool,
    ended: Vec<Ended<R>>,
}

struct Ended<R> {
    at: Timestamp,
    result: Result<R, Box<dyn Any + Send>>,
}

impl<R> Default for Desk<R> {
    fn default() -> Self {
        Self {
            inbox: Mutex::new(Inbox {
                cancelled: false,
                ended: Vec::new(),
            }),
            changed: Condvar::new(),
            cancellation: Cancellation::new(),
        }
    }
}

impl<R: Send + 'static> Desk<R> {
    pub(crate) fn cancel_with(self: &Arc<Self>, cancellation: &Cancellation) {
        let desk: Arc<dyn Cancel> = self.clone();
        cancellation.add(&desk);
    }

    /// Stops at the first Ctrl-C that comes before the answer is dropped.
    #[cfg(feature = "ctrl-c")]
    pub(crate) fn cancel_on_ctrl_c(self: &Arc<Self>) -> io::Result<super::OnCtrlC> {
        super::OnCtrlC::cancel(self.clone(), &super::runtime::own()?)
    }

    /// What the runs are to be cancelled with.
    pub(crate) fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    /// Cancels the runs, and lets no more start.
    pub(crate) fn stop(&self) {
        self.lock().cancelled = true;
        self.cancellation.cancel();
        self.changed.notify_all();
    }

    /// Does what `policy` says, until it says that it is over, a run gives an error, or all is cancelled.
    ///
    /// Every run has a thread; `start` and `ended` are called on this one.
    pub(crate) fn serve<W>(
        self: &Arc<Self>,
        flow: &str,
        policy: &mut Policy,
        mut start: impl FnMut(ScheduledRun) -> W,
        mut ended: impl FnMut(R) -> Result<(), RunError>,
    ) -> Result<(), RunError>
    where
        W: FnOnce() -> R + Send + 'static,
    {
        let mut running = 0;
        let mut outcome = Ok(());
        loop {
            for run in self.take_ended() {
                running -= 1;
                policy.run_ended(run.at);
                let result = run.result.unwrap_or_else(|panic| resume_unwind(panic));
                outcome = outcome.and(ended(result));
            }
            if self.lock().cancelled || outcome.is_err() {
                if running == 0 {
                    return outcome;
                }
                self.wait_for_run();
                continue;
            }
            let step = policy.next(now(), running);
            report(flow, policy.take_skipped());
            match step {
                Step::Start(run) => match self.spawn(start(run)) {
                    Ok(()) => running += 1,
                    Err(error) => outcome = Err(error),
                },
                Step::WaitUntil(at) => self.wait(at),
                Step::WaitForRun => self.wait_for_run(),
                Step::Finish => return Ok(()),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inbox<R>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_ended(&self) -> Vec<Ended<R>> {
        std::mem::take(&mut self.lock().ended)
    }

    fn spawn(self: &Arc<Self>, run: impl FnOnce() -> R + Send + 'static) -> Result<(), RunError> {
        let desk = self.clone();
        let work = move || {
            // A panic belongs to the thread that serves, which would wait for this run for ever.
            let result = catch_unwind(AssertUnwindSafe(run));
            desk.lock().ended.push(Ended { at: now(), result });
            desk.changed.notify_all();
        };
        let thread = std::thread::Builder::new().name("tribune-run".to_owned());
        thread.spawn(work).map(drop).map_err(RunError::Thread)
    }

    /// Waits until `at`, or for an end, or to be cancelled; it may come back early.
    fn wait(&self, at: Timestamp) {
        let time = at
            .duration_since(now())
            .try_into()
            .unwrap_or(Duration::ZERO);
        let is_quiet = |inbox: &mut Inbox<R>| inbox.ended.is_empty() && !inbox.cancelled;
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), time.min(LONGEST_WAIT), is_quiet);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn wait_for_run(&self) {
        let waited = self
            .changed
            .wait_while(self.lock(), |inbox| inbox.ended.is_empty());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

fn report(flow: &str, skipped: u64) {
    if skipped > 0 {
        tracing::warn!(flow, skipped, "scheduled runs were missed");
    }
}

impl<R: Send + 'static> Cancel for Desk<R> {
    fn cancel(&self) {
        self.stop();
    }
}
