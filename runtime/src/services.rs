//! What a run lends to its handlers.

use std::time::Duration;

use crate::notify::Notification;
#[cfg(feature = "slack")]
use crate::notify::Outbox;
#[cfg(feature = "slack")]
use crate::secret::Secrets;

/// The secrets of a run, and the way out for its messages.
///
/// It costs nothing until a handler uses it: no file is read and no thread is started before.
#[derive(Debug, Default)]
pub struct Services {
    #[cfg(feature = "slack")]
    secrets: Secrets,
    #[cfg(feature = "slack")]
    outbox: Outbox,
}

#[cfg(feature = "slack")]
impl Services {
    /// What a run with these secrets lends to its handlers.
    pub(crate) fn new(secrets: Secrets, outbox: Outbox) -> Self {
        Self { secrets, outbox }
    }

    /// The secrets that the run can use.
    ///
    /// # Examples
    ///
    /// ```
    /// use tribune::prelude::*;
    ///
    /// fn page(change: &StateChange, new: State) -> Result<State, tribune::SecretError> {
    ///     let token = change.services().secrets().get("PAGER_TOKEN")?;
    ///     // ... call somebody with `token.expose()` ...
    ///     Ok(new)
    /// }
    /// ```
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }
}

impl Services {
    /// Waits until every message is out, or for this long, and tells what became of each.
    ///
    /// It blocks the thread that calls it. Messages that are queued later are not sent any more.
    pub(crate) fn drain(&self, deadline: Duration) -> Vec<Notification> {
        #[cfg(feature = "slack")]
        let notifications = self.outbox.drain(deadline);
        #[cfg(not(feature = "slack"))]
        let (Self {}, _, notifications) = (self, deadline, Vec::new());
        notifications
    }
}
