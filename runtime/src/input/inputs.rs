//! The arguments of an attempt, as its body takes and borrows them.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{Reading, Slot};
use crate::error::TaskError;
use crate::value::{Plain, Value};

/// The arguments of one attempt of a task, in the order of the function's parameters.
#[derive(Default)]
pub struct Inputs(Vec<Slot>);

impl Inputs {
    pub(crate) fn push(&mut self, slot: Slot) {
        self.0.push(slot);
    }

    #[inline]
    pub(crate) fn push_plain(&mut self, plain: Plain) {
        self.0.push(Slot::whole(Value::Plain(plain)));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Slot> {
        self.0.drain(..)
    }

    /// Adapts what has to be adapted, which may run code of the user.
    ///
    /// # Errors
    ///
    /// Why one of the inputs has no value.
    pub(crate) fn adapt(&mut self) -> Result<(), TaskError> {
        for slot in &mut self.0 {
            if let Slot::Adapted(_) = slot {
                *slot = Slot::Value(std::mem::replace(slot, Slot::Taken).read()?);
            }
        }
        Ok(())
    }

    /// Takes argument number `at` as it is.
    pub(crate) fn reading(&mut self, at: usize) -> Option<Reading> {
        match std::mem::replace(self.0.get_mut(at)?, Slot::Taken) {
            Slot::Value(reading) => Some(reading),
            Slot::Adapted(_) | Slot::Taken => None,
        }
    }

    /// Takes argument number `at`, once.
    ///
    /// # Panics
    ///
    /// If it was taken before, or is no `T`: generated code does neither.
    pub fn take<T: Clone + Send + Sync + 'static>(&mut self, at: usize) -> T {
        // What is copied may stay where it is.
        if let Some(Slot::Value(reading)) = self.0.get(at)
            && let Some(value) = reading.plain::<T>()
        {
            return value.clone();
        }
        let reading = self.reading(at).expect("an argument is taken once");
        reading.take()
    }

    /// Borrows argument number `at` as the function's parameter wants it.
    ///
    /// # Panics
    ///
    /// If it was taken, or is of another type: generated code does neither.
    pub fn borrow<T: Borrowed<Stored: 'static> + ?Sized>(&self, at: usize) -> &T {
        let Some(Slot::Value(reading)) = self.0.get(at) else {
            panic!("a borrowed argument is never taken");
        };
        T::borrow(reading.get().expect("an input has the type of its handle"))
    }
}

impl Extend<Slot> for Inputs {
    fn extend<I: IntoIterator<Item = Slot>>(&mut self, slots: I) {
        self.0.extend(slots);
    }
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inputs({})", self.0.len())
    }
}

/// What a task may borrow, and the type in which it is stored: `str` is stored as a `String`.
pub trait Borrowed {
    /// The stored type.
    type Stored;

    /// Borrows the stored value.
    fn borrow(stored: &Self::Stored) -> &Self;
}

impl<T> Borrowed for T {
    type Stored = T;

    fn borrow(stored: &T) -> &T {
        stored
    }
}

impl Borrowed for str {
    type Stored = String;

    fn borrow(stored: &String) -> &Self {
        stored
    }
}

impl<T> Borrowed for [T] {
    type Stored = Vec<T>;

    fn borrow(stored: &Vec<T>) -> &Self {
        stored
    }
}

impl Borrowed for Path {
    type Stored = PathBuf;

    fn borrow(stored: &PathBuf) -> &Self {
        stored
    }
}
