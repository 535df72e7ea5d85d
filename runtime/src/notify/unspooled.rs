//! Without the feature `spool` no message has a ticket.

/// There is none.
pub(super) enum Ticket {}

impl Ticket {
    pub(super) fn merge_into(self, _: &Self) {
        match self {}
    }

    pub(super) fn tried(&mut self) {
        match *self {}
    }

    pub(super) fn done(self) {
        match self {}
    }

    pub(super) fn release(self) {
        match self {}
    }
}
