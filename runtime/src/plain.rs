//! A flow as ordinary Rust: every call is made where it is written, one after the other, on this thread.
//!
//! Here is no engine: no states, handlers, retries, triggers, timeouts or caches. This is what is left of
//! a flow without them, and the first error is its end. `#[flow]` writes it as `name::plain`.

use std::fmt;

use crate::__private::{Scrutinee, Taken};
use crate::branch::{Arm, Decision};
use crate::error::TaskError;
use crate::flow::{FlowBuilder, IntoOutput};
use crate::input::{
    Binding, Bindings, Handle, Input, Inputs, Origin, Part, PartId, Reading, Several, Slot, Source,
    Step,
};
use crate::loops::{Lists, LoopId, LoopItems};
use crate::plan::{Items, Over, ScopeId};
use crate::task::{BodyFn, IntoCall, Returned, Task};
use crate::tuples::Split;
use crate::value::Value;

/// The values so far. A handle of one is a parameter with its number.
pub struct Plain {
    values: Vec<Value>,
    /// The loops that are being run, the innermost last.
    loops: Vec<Loop>,
    /// It knows how values are taken apart.
    parts: FlowBuilder,
    clean_ups: Vec<(BodyFn, Bindings)>,
}

struct Loop {
    lists: Vec<Items>,
    at: usize,
}

impl Default for Plain {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            loops: Vec::new(),
            parts: crate::flow::Flow::<()>::builder("plain"),
            clean_ups: Vec::new(),
        }
    }
}

impl Plain {
    /// A value that is there: an argument, or what a pattern bound.
    pub fn value<T: Send + Sync + 'static>(&mut self, value: T) -> Handle<T> {
        self.push(Value::new(value))
    }

    fn push<T>(&mut self, value: Value) -> Handle<T> {
        let at = u32::try_from(self.values.len()).expect("there are fewer than 2^32 values");
        self.values.push(value);
        Handle::new(Source::whole(Origin::Parameter(at)))
    }

    /// Calls a task.
    ///
    /// # Errors
    ///
    /// The error that the task returned.
    pub fn add<C: IntoCall>(
        &mut self,
        call: C,
    ) -> Result<Handle<<C::Task as Task>::Output>, TaskError> {
        let call = call.into_call();
        let mut bindings = Bindings::default();
        call.task.bind(&mut bindings);
        let value = self.call(&call.options.body, &bindings)?;
        Ok(self.push(value))
    }

    fn call(&self, body: &BodyFn, bindings: &Bindings) -> Result<Value, TaskError> {
        let mut inputs = Inputs::default();
        for binding in bindings.all() {
            inputs.push(self.slot(bindings, *binding));
        }
        inputs.adapt()?;
        let Returned(value) = match body {
            BodyFn::Sync(body) => body(&mut inputs),
            BodyFn::Dynamic(body) => body(&mut inputs),
            BodyFn::Async(body) => crate::driver::wait(body(&mut inputs)),
        }?;
        Ok(value)
    }

    /// Makes a call at the end, whatever came before.
    pub fn clean_up<T, C: IntoCall>(&mut self, _resource: Handle<T>, call: C) {
        let call = call.into_call();
        let mut bindings = Bindings::default();
        call.task.bind(&mut bindings);
        self.clean_ups.push((call.options.body.clone(), bindings));
    }

    /// Makes the calls that were kept for the end, the last one first.
    fn finish(&mut self) {
        while let Some((body, bindings)) = self.clean_ups.pop() {
            // What it is for is over: nobody waits for how it went.
            let _ = self.call(&body, &bindings);
        }
    }

    /// Takes a value apart.
    pub fn split<T: Split>(&mut self, handle: Handle<T>) -> T::Handles {
        T::split(handle, &mut self.parts)
    }

    /// Runs the body once for each element, and gives the list of what it gives.
    ///
    /// # Errors
    ///
    /// The first error.
    pub fn each<L: Lists, T: Clone + Send + Sync + 'static>(
        &mut self,
        lists: L,
        mut body: impl FnMut(&mut Self, L::Elements) -> Result<Handle<T>, TaskError>,
    ) -> Result<Handle<Vec<T>>, TaskError> {
        let mut values = Vec::new();
        self.each_without_value(lists, |plain, elements| {
            let last = body(plain, elements)?;
            values.push(plain.reading(last.source).take::<T>());
            Ok(())
        })?;
        Ok(self.value(values))
    }

    /// Runs the body once for each element.
    ///
    /// # Errors
    ///
    /// The first error.
    pub fn each_without_value<L: Lists>(
        &mut self,
        lists: L,
        mut body: impl FnMut(&mut Self, L::Elements) -> Result<(), TaskError>,
    ) -> Result<(), TaskError> {
        let mut items = LoopItems(Vec::new());
        lists.add_to(&mut items);
        let number = self.loops.len();
        let lengths = items.0.iter().map(|items| self.length(items));
        let length = lengths.min().unwrap_or(0);
        self.loops.push(Loop {
            lists: items.0,
            at: 0,
        });
        for at in 0..length {
            self.loops[number].at = at;
            let elements = L::elements(LoopId(ScopeId::new(number)), &mut 0);
            body(self, elements)?;
        }
        self.loops.truncate(number);
        Ok(())
    }

    fn length(&self, items: &Items) -> usize {
        let list = self.list(items);
        list.any().and_then(items.of_value().len).unwrap_or(0)
    }

    fn list(&self, items: &Items) -> Reading {
        match &items.over {
            Over::Constant(value) => Reading::whole(value.clone()),
            Over::Source(source) => self.reading(*source),
        }
    }

    /// Looks at a value, of which the branch takes a clone.
    ///
    /// # Errors
    ///
    /// Why there is no value.
    pub fn decide<S: Scrutinee<Value: Taken>>(
        &mut self,
        on: S,
        decide: impl Fn(S::Value) -> Decision,
    ) -> Result<Decision, TaskError> {
        let value = self.input::<S::Value>(on.into_input())?;
        Ok(decide(value.take()))
    }

    /// Looks at a value that the branch borrows.
    ///
    /// # Errors
    ///
    /// Why there is no value.
    pub fn decide_ref<S: Scrutinee>(
        &mut self,
        on: S,
        decide: impl Fn(&S::Value) -> Decision,
    ) -> Result<Decision, TaskError> {
        let reading = self.input::<S::Value>(on.into_input())?;
        let value = reading.get();
        let value = value.ok_or_else(|| TaskError::new("there is no value to look at"))?;
        Ok(decide(value))
    }

    /// What the pattern of an arm bound, if it is the arm that is taken.
    pub fn enter<B: Split + Send + Sync + 'static>(
        &mut self,
        decision: &Decision,
        arm: Arm<B>,
    ) -> Option<B::Handles> {
        let bound = decision.bound(arm)?.clone();
        let bound: Handle<B> = self.push(bound);
        Some(self.split(bound))
    }

    /// The output, whose type `T` is that of the flow: if it is another, rustc says so there, and once.
    ///
    /// # Errors
    ///
    /// If it is a part of another output, and so cannot be given away.
    pub fn output<O: IntoOutput, T: Send + Sync + 'static>(
        mut self,
        output: O,
    ) -> Result<T, TaskError> {
        let reading = self.input(output.into_output())?;
        self.finish();
        // Nobody else holds it then.
        self.values.clear();
        let part = "a part of an output cannot be given away: return the whole";
        reading.give().ok_or_else(|| TaskError::new(part))
    }

    fn input<T: Send + Sync + 'static>(&self, input: Input<T>) -> Result<Reading, TaskError> {
        let mut bindings = Bindings::default();
        bindings.shared(input);
        let mut slots = bindings
            .all()
            .iter()
            .map(|binding| self.slot(&bindings, *binding));
        slots.next().unwrap_or(Slot::Taken).read()
    }

    fn slot(&self, bindings: &Bindings, binding: Binding) -> Slot {
        let read = |source: &Source| Ok(Slot::Value(self.reading(*source)));
        match binding {
            Binding::Constant(at) => Slot::whole(bindings.value(at).clone()),
            Binding::Output { .. } => {
                unreachable!("what has a value here is numbered like a parameter")
            }
            Binding::Source(at) => Slot::Value(self.reading(bindings.source(at))),
            Binding::Several(at) => match bindings.several(at) {
                Several::Adapted { sources, adapt, .. } => {
                    Slot::adapted(sources.iter().map(read).collect(), *adapt)
                }
                Several::Spread { source, whole, .. } => Slot::adapted(vec![read(source)], *whole),
                // An arm that is taken gives its value at once.
                Several::Choice { .. } => Slot::Taken,
            },
        }
    }

    fn reading(&self, source: Source) -> Reading {
        let mut reading = match source.origin {
            Origin::Parameter(at) => Reading::whole(self.values[at as usize].clone()),
            Origin::Item { scope, at } => self.element(scope, usize::from(at)),
            Origin::Node(_) | Origin::Gathered(_) => {
                unreachable!("what has a value here is numbered like a parameter")
            }
        };
        self.walk(source.part, &mut reading);
        reading
    }

    fn element(&self, scope: ScopeId, list: usize) -> Reading {
        let Loop { lists, at } = &self.loops[scope.index()];
        let items = &lists[list];
        let mut reading = self.list(items);
        reading.step(Step::Item(items.of_value().get, *at));
        reading
    }

    fn walk(&self, part: Option<PartId>, reading: &mut Reading) {
        let Some(part) = part else { return };
        let Part { of, get } = self.parts.plan.parts[part.index()];
        self.walk(of, reading);
        reading.step(Step::Part(get));
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.finish();
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plain")
            .field("values", &self.values.len())
            .finish_non_exhaustive()
    }
}
