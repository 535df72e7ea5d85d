//! What becomes of one message in the spool.

use std::sync::Arc;

use rusqlite::params;

use super::{Spool, lock};

/// The claim of this process on a message in the spool.
pub(in crate::notify) struct Ticket {
    spool: Arc<Spool>,
    parcel: i64,
    tried: bool,
}

impl Ticket {
    pub(super) fn new(spool: Arc<Spool>, parcel: i64) -> Self {
        Self {
            spool,
            parcel,
            tried: false,
        }
    }

    /// The message is a part of another one now.
    pub(in crate::notify) fn merge_into(self, other: &Self) {
        let connection = lock(&self.spool.accepting);
        let merged = connection
            .prepare_cached("UPDATE messages SET parcel = ? WHERE owner = ? AND parcel = ?")
            .and_then(|mut merge| {
                merge.execute(params![other.parcel, self.spool.owner.name(), self.parcel])
            });
        if let Err(error) = merged {
            tracing::error!("a message may be sent twice: {error}");
        }
    }

    /// The message is about to be sent.
    pub(in crate::notify) fn tried(&mut self) {
        if !std::mem::replace(&mut self.tried, true) {
            let change = "UPDATE messages SET tried = 1 WHERE owner = ? AND parcel = ?";
            self.spool.change(&self.spool.sending, change, self.parcel);
        }
    }

    /// The message is settled.
    pub(in crate::notify) fn done(self) {
        let change = "DELETE FROM messages WHERE owner = ? AND parcel = ?";
        self.spool.change(&self.spool.sending, change, self.parcel);
        self.spool.tidy();
    }

    /// The message is left behind for a later run.
    pub(in crate::notify) fn release(self) {
        let change =
            "UPDATE messages SET owner = NULL, parcel = NULL WHERE owner = ? AND parcel = ?";
        self.spool.change(&self.spool.sending, change, self.parcel);
    }
}
