//! The arguments of an attempt, as its body takes and borrows them.

use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};

use super::{Reading, Slot};
use crate::error::TaskError;
use crate::value::{Plain, Value};

/// The arguments of one attempt of a task, in the order of the function's parameters.
#[derive(Default)]
pub struct Inputs {
    /// The arguments, if all of them are plain: most are, and nothing is left to drop when they were used.
    plains: Vec<Plain>,
    /// The arguments, if one of them is not.
    slots: Vec<Slot>,
}

impl Inputs {
    /// Adds an argument to those that need not be plain.
    pub(crate) fn push(&mut self, slot: Slot) {
        self.slots.push(slot);
    }

    /// Adds an argument to those that are all plain.
    #[inline]
    pub(crate) fn push_plain(&mut self, plain: Plain) {
        self.plains.push(plain);
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.plains.clear();
        self.slots.clear();
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Slot> {
        let whole = |plain| Slot::whole(Value::Plain(plain));
        self.plains.drain(..).map(whole).chain(self.slots.drain(..))
    }

    /// Adapts what has to be adapted, which may run code of the user.
    ///
    /// # Errors
    ///
    /// Why one of the inputs has no value.
    #[inline]
    pub(crate) fn adapt(&mut self) -> Result<(), TaskError> {
        for slot in &mut self.slots {
            if let Slot::Adapted(_) = slot {
                *slot = Slot::Value(std::mem::replace(slot, Slot::Taken).read()?);
            }
        }
        Ok(())
    }

    /// Takes argument number `at` as it is.
    pub(crate) fn reading(&mut self, at: usize) -> Option<Reading> {
        if let Some(plain) = self.plains.get(at) {
            return Some(Reading::whole(Value::Plain(*plain)));
        }
        match std::mem::replace(self.slots.get_mut(at)?, Slot::Taken) {
            Slot::Value(reading) => Some(reading),
            Slot::Adapted(_) | Slot::Taken => None,
        }
    }

    /// Takes argument number `at`, once.
    ///
    /// # Panics
    ///
    /// If it was taken before, or is no `T`: generated code does neither.
    #[inline]
    pub fn take<T: Clone + Send + Sync + 'static>(&mut self, at: usize) -> T {
        if let Some(value) = self.plains.get(at).and_then(Plain::get::<T>) {
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
        let stored = match (self.plains.get(at), self.slots.get(at)) {
            (Some(plain), _) => plain.get(),
            (None, Some(Slot::Value(reading))) => reading.get(),
            _ => panic!("a borrowed argument is never taken"),
        };
        T::borrow(stored.expect("an input has the type of its handle"))
    }
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inputs({})", self.plains.len() + self.slots.len())
    }
}

/// The inputs of several attempts, one after the other.
#[derive(Default)]
pub(crate) struct InputQueue {
    plains: VecDeque<Plain>,
    slots: VecDeque<Slot>,
}

/// How much of a queue belongs to one attempt.
#[derive(Clone, Copy)]
pub(crate) struct Share {
    plains: usize,
    slots: usize,
}

impl InputQueue {
    /// Adds the inputs of an attempt.
    pub(crate) fn put(&mut self, inputs: &mut Inputs) -> Share {
        let share = Share {
            plains: inputs.plains.len(),
            slots: inputs.slots.len(),
        };
        self.plains.extend(inputs.plains.drain(..));
        self.slots.extend(inputs.slots.drain(..));
        share
    }

    /// Takes the first share out, which is that of the attempt that was added first.
    pub(crate) fn take(&mut self, share: Share, inputs: &mut Inputs) {
        inputs.plains.extend(self.plains.drain(..share.plains));
        inputs.slots.extend(self.slots.drain(..share.slots));
    }

    /// Takes the last shares out.
    pub(crate) fn split_off(&mut self, shares: impl Iterator<Item = Share>) -> Self {
        let (mut plains, mut slots) = (self.plains.len(), self.slots.len());
        for share in shares {
            plains -= share.plains;
            slots -= share.slots;
        }
        Self {
            plains: self.plains.split_off(plains),
            slots: self.slots.split_off(slots),
        }
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
