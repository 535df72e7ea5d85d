//! What an attempt reads, before its body does.

use std::any::Any;
use std::vec;

use super::{Adapt, Step, Upstream};
use crate::error::TaskError;
use crate::value::{Plain, Value};

/// A value as one reader sees it: whole, or what some steps lead to.
pub(crate) struct Reading {
    value: Value,
    last: Option<Box<Way>>,
}

/// The way from a value to what is read of it, from its end.
struct Way {
    before: Option<Box<Self>>,
    step: Step,
}

impl Way {
    fn from<'a>(&self, value: &'a dyn Any) -> Option<&'a dyn Any> {
        let value = match &self.before {
            Some(before) => before.from(value)?,
            None => value,
        };
        match self.step {
            Step::Part(get) => Some(get(value)),
            Step::Item(get, at) => get(value, at),
        }
    }
}

impl Reading {
    pub(crate) const fn whole(value: Value) -> Self {
        Self { value, last: None }
    }

    /// Goes one step further from where the reading is.
    pub(crate) fn step(&mut self, step: Step) {
        let before = self.last.take();
        self.last = Some(Box::new(Way { before, step }));
        // What is copied anyway need not keep alive what it is part of.
        if let Some(plain) = self.any().and_then(Plain::of) {
            *self = Self::whole(Value::Plain(plain));
        }
    }

    /// What is read; `None` if a list is shorter than it was.
    pub(crate) fn any(&self) -> Option<&dyn Any> {
        let whole: &dyn Any = self.value.as_any();
        match &self.last {
            None => Some(whole),
            Some(way) => way.from(whole),
        }
    }

    /// The value, if it is a `T`.
    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        match self.last {
            None => self.value.get(),
            Some(_) => self.any()?.downcast_ref(),
        }
    }

    /// The value itself, if nobody else holds it and it is no part of another.
    pub(crate) fn give<T: Send + Sync + 'static>(self) -> Option<T> {
        match self.last {
            None => self.value.give(),
            Some(_) => None,
        }
    }

    /// The value itself, cloned where others still hold it.
    ///
    /// # Panics
    ///
    /// If the value is no `T`, which the types of handles and the engine rule out.
    pub(crate) fn take<T: Clone + Send + Sync + 'static>(self) -> T {
        match self.last {
            None => self.value.into_inner(),
            Some(_) => self.get().cloned(),
        }
        .expect("an input has the type of its handle")
    }
}

/// The input of an attempt, before its body reads it.
pub(crate) enum Slot {
    Value(Reading),
    Adapted(Box<Adapted>),
    /// The body has taken it.
    Taken,
}

/// What several upstreams gave, and what makes one value of it.
pub(crate) struct Adapted {
    upstreams: Vec<Result<Slot, TaskError>>,
    adapt: Adapt,
}

impl Slot {
    pub(crate) const fn whole(value: Value) -> Self {
        Self::Value(Reading::whole(value))
    }

    /// The input that `adapt` makes of plain values: at once, because that runs no code of the user.
    ///
    /// It answers nothing if one of the values is not plain.
    pub(crate) fn adapted_now(
        values: impl Iterator<Item = Option<Plain>>,
        adapt: Adapt,
    ) -> Option<Result<Self, TaskError>> {
        let mut plains = Vec::with_capacity(values.size_hint().1.unwrap_or(0));
        for value in values {
            plains.push(value?);
        }
        let mut upstreams = Upstreams {
            plains: &plains,
            slots: Vec::new().into_iter(),
        };
        Some(adapt(&mut upstreams).map(Self::whole))
    }

    /// The input that `adapt` makes of `upstreams` when it is read.
    pub(crate) fn adapted(upstreams: Vec<Result<Self, TaskError>>, adapt: Adapt) -> Self {
        Self::Adapted(Box::new(Adapted { upstreams, adapt }))
    }

    /// Adapts what has to be adapted, which may run code of the user: `Clone` of a value.
    pub(crate) fn read(self) -> Upstream {
        match self {
            Self::Value(reading) => Ok(reading),
            Self::Adapted(adapted) => {
                let Adapted { upstreams, adapt } = *adapted;
                let mut upstreams = Upstreams {
                    plains: &[],
                    slots: upstreams.into_iter(),
                };
                adapt(&mut upstreams).map(Reading::whole)
            }
            Self::Taken => Err(TaskError::new("an argument is taken once")),
        }
    }
}

/// What the upstreams of one input gave, in their order.
pub(crate) struct Upstreams<'a> {
    /// Their values, if all of them are plain.
    plains: &'a [Plain],
    slots: vec::IntoIter<Result<Slot, TaskError>>,
}

impl<'a> Upstreams<'a> {
    /// Takes those out that are plain, which come first.
    pub(crate) fn take_plains(&mut self) -> &'a [Plain] {
        std::mem::take(&mut self.plains)
    }
}

impl Iterator for Upstreams<'_> {
    type Item = Upstream;

    fn next(&mut self) -> Option<Upstream> {
        match self.plains.split_off_first() {
            Some(plain) => Some(Ok(Reading::whole(Value::Plain(*plain)))),
            None => Some(self.slots.next()?.and_then(Slot::read)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.plains.len() + self.slots.len();
        (len, Some(len))
    }
}
