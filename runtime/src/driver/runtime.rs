//! The tokio runtime of `async` tasks and handlers.

use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::TaskError;
use crate::task::{Body, Outcome};

/// The runtime of programs that have none, made when the first flow needs it and kept.
static OWN: Mutex<Option<Runtime>> = Mutex::new(None);

/// The handle of the program's own runtime.
pub(super) fn own() -> io::Result<Handle> {
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = match own.take() {
        Some(runtime) => runtime,
        None => Builder::new_multi_thread()
            .enable_all()
            .thread_name("tribune-async")
            .build()?,
    };
    Ok(own.insert(runtime).handle().clone())
}

/// Waits for the body of an `async` task. The caller may be in a runtime, which must not be blocked on:
/// so it is waited for on another thread.
pub(crate) fn wait(body: Body) -> Outcome {
    let runtime = own().map_err(TaskError::new)?;
    let outcome = std::thread::scope(|scope| scope.spawn(|| runtime.block_on(body)).join());
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
