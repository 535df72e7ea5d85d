//! Ctrl-C as a way to stop a run.

use std::io;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::cancellation::Cancel;

/// Listens for Ctrl-C until it is dropped.
pub(crate) struct OnCtrlC(AbortHandle);

impl OnCtrlC {
    /// Stops `run` at the first Ctrl-C from now on: the signal is taken over before this returns.
    pub(super) fn cancel(run: Arc<dyn Cancel>, runtime: &Handle) -> io::Result<Self> {
        let _context = runtime.enter();
        #[cfg(unix)]
        let mut ctrl_c = {
            use tokio::signal::unix::{SignalKind, signal};
            signal(SignalKind::interrupt())?
        };
        #[cfg(windows)]
        let mut ctrl_c = tokio::signal::windows::ctrl_c()?;
        let listen = async move {
            if ctrl_c.recv().await.is_some() {
                run.cancel();
            }
        };
        Ok(Self(runtime.spawn(listen).abort_handle()))
    }
}

impl Drop for OnCtrlC {
    fn drop(&mut self) {
        self.0.abort();
    }
}
