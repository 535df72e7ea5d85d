//! What an attempt reads, before its body does.

use std::any::Any;

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
    pub(crate) fn adapted_now<P>(plains: &P, adapt: Adapt) -> Option<Result<Self, TaskError>>
    where
        P: Iterator<Item = Option<Plain>> + Clone,
    {
        if plains.clone().any(|plain| plain.is_none()) {
            return None;
        }
        let mut readings = plains
            .clone()
            .flatten()
            .map(|plain| Ok(Reading::whole(Value::Plain(plain))));
        Some(adapt(&mut readings).map(Self::whole))
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
                let read = |slot: Result<Self, _>| slot.and_then(Self::read);
                adapt(&mut upstreams.into_iter().map(read)).map(Reading::whole)
            }
            Self::Taken => Err(TaskError::new("an argument is taken once")),
        }
    }
}
