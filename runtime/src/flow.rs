//! Declaring a flow: [`FlowBuilder`], which `flow!` writes calls of, and the finished [`Flow`].

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::error::BuildError;
use crate::handler::{Handlers, IntoHandler, StateChange, on_failure};
use crate::input::{Bindings, Handle, Input, IntoInput, Origin, Part, PartId, Source};
use crate::plan::{NodeId, Parameter, Plan};
use crate::run::Run;
use crate::state::State;
use crate::task::{IntoCall, Task};
use crate::tuples::Split;
use crate::value::Value;

/// A declared flow: tasks, what they take from each other, and who hears of it.
///
/// It does nothing until it is [run](Flow::run), and can be run any number of times.
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
///
/// #[task]
/// fn double(x: i64) -> i64 {
///     2 * x
/// }
///
/// let flow = flow!("doubling", |x: i64| {
///     double(double(x))
/// });
/// let run = flow.run().parameter("x", 5).wait()?;
/// assert_eq!(run.output(), Some(&20));
/// # Ok::<(), RunError>(())
/// ```
#[must_use = "a flow does nothing until it is run"]
pub struct Flow<T = ()> {
    definition: Result<Arc<Definition>, BuildError>,
    output: std::marker::PhantomData<fn() -> T>,
}

/// What the runs of a flow share.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) plan: Arc<Plan>,
    pub(crate) handlers: Handlers,
}

impl Flow {
    /// Starts the declaration of a flow by hand.
    ///
    /// # Examples
    ///
    /// ```
    /// use tribune::prelude::*;
    ///
    /// #[task]
    /// fn add(x: i64, y: i64) -> i64 {
    ///     x + y
    /// }
    ///
    /// let mut flow = Flow::builder("by hand");
    /// let three = flow.add(add { x: input(1), y: input(2) });
    /// let six = flow.add(add { x: input(three), y: input(three) });
    /// let flow = flow.build(six)?;
    /// assert_eq!(flow.run().wait()?.output(), Some(&6));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(name: impl Into<Cow<'static, str>>) -> FlowBuilder {
        FlowBuilder::new(name.into())
    }
}

impl<T> Flow<T> {
    /// Prepares a run of the flow; it starts with [`wait`](Run::wait) or `.await`.
    pub fn run(&self) -> Run<T> {
        Run::new(self.definition.clone())
    }

    /// Tells what is wrong with a flow that was declared by `flow!`, without running it.
    ///
    /// # Errors
    ///
    /// The mistake that [`run`](Self::run) would report.
    pub fn check(&self) -> Result<(), BuildError> {
        self.definition.as_ref().map(|_| ()).map_err(Clone::clone)
    }
}

#[cfg(test)]
impl<T> Flow<T> {
    pub(crate) fn plan(&self) -> Arc<Plan> {
        self.definition
            .as_ref()
            .expect("the flow is right")
            .plan
            .clone()
    }
}

/// Prints the whole plan, one line for each task.
impl<T> fmt::Debug for Flow<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.definition {
            Ok(definition) => fmt::Debug::fmt(&definition.plan, f),
            Err(error) => f.debug_tuple("Flow").field(error).finish(),
        }
    }
}

/// What a flow can give as its output: a handle, a tuple of handles, or nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the output of a flow",
    label = "expected a handle, or a tuple of handles"
)]
pub trait IntoOutput {
    /// The type of the output.
    type Value: Send + Sync + 'static;

    /// The output, as an input of the end of the flow.
    fn into_output(self) -> Input<Self::Value>;
}

impl IntoOutput for () {
    type Value = ();

    fn into_output(self) -> Input<()> {
        self.into_input()
    }
}

impl<T: Send + Sync + 'static> IntoOutput for Handle<T> {
    type Value = T;

    fn into_output(self) -> Input<T> {
        self.into_input()
    }
}

/// Declares a flow by hand, task by task: everything that `flow!` can say.
#[derive(Debug)]
#[must_use = "a flow is declared until it is built"]
pub struct FlowBuilder {
    plan: Plan,
    handlers: Handlers,
    mistake: Option<BuildError>,
}

impl FlowBuilder {
    fn new(name: Cow<'static, str>) -> Self {
        let mistake = name.is_empty().then_some(BuildError::EmptyName);
        Self {
            plan: Plan::new(name),
            handlers: Handlers::new(),
            mistake,
        }
    }

    /// Adds a call of a task, and answers the handle of its output.
    pub fn add<C: IntoCall>(&mut self, call: C) -> Handle<<C::Task as Task>::Output> {
        let call = call.into_call();
        let mut bindings = Bindings(std::mem::take(&mut self.plan.bindings));
        let start = bindings.0.len();
        call.task.bind(&mut bindings);
        self.plan.bindings = bindings.0;
        let after = call.after.iter().filter_map(|source| source.node());
        match self.plan.add_node(call.spec.into(), start, after) {
            Ok(node) => Handle::new(Source::whole(Origin::Node(node))),
            Err(mistake) => {
                self.report(mistake);
                Handle::new(Source::whole(Origin::Node(NodeId(0))))
            }
        }
    }

    /// Adds a parameter that every run must give a value.
    pub fn parameter<T>(&mut self, name: impl Into<Cow<'static, str>>) -> Handle<T>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        self.add_parameter(name.into(), None)
    }

    /// Adds a parameter that is `default` where a run gives no value.
    pub fn parameter_or<T>(&mut self, name: impl Into<Cow<'static, str>>, default: T) -> Handle<T>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        self.add_parameter(name.into(), Some(Value::new(default)))
    }

    fn add_parameter<T>(&mut self, name: Cow<'static, str>, default: Option<Value>) -> Handle<T>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        if self.plan.parameters.iter().any(|other| other.name == name) {
            self.report(BuildError::ParameterTwice(name.to_string()));
        }
        let decode = |json| serde_json::from_value::<T>(json).map(Value::new);
        self.plan.parameters.push(Parameter {
            name,
            default,
            decode,
        });
        let at = u32::try_from(self.plan.parameters.len() - 1).expect("parameters are few");
        Handle::new(Source::whole(Origin::Parameter(at)))
    }

    /// Takes the output of a task apart: a handle for each element of the tuple.
    pub fn split<T: Split>(&mut self, handle: Handle<T>) -> T::Handles {
        T::split(handle, self)
    }

    pub(crate) fn part<T>(&mut self, of: Source, get: fn(&dyn Any) -> &dyn Any) -> Handle<T> {
        let part = PartId(u32::try_from(self.plan.parts.len()).expect("parts are few"));
        self.plan.parts.push(Part { of: of.part, get });
        Handle::new(Source {
            origin: of.origin,
            part: Some(part),
        })
    }

    /// Names a task whose state decides the flow's; without any, the tasks without a downstream do.
    pub fn reference_task<T>(&mut self, handle: Handle<T>) {
        self.plan.references.extend(handle.source.node());
    }

    /// Adds a state handler of the flow, called after those added before.
    pub fn state_handler<K>(&mut self, handler: impl IntoHandler<K>) {
        self.handlers.push(handler.into_handler());
    }

    /// Adds a function that is called when the flow fails.
    pub fn on_failure<F>(&mut self, action: F)
    where
        F: Fn(&StateChange, &State) + Send + Sync + 'static,
    {
        self.handlers.push(on_failure(action));
    }

    /// Finishes the declaration; `output` is the flow's output, `()` for none.
    ///
    /// # Errors
    ///
    /// The first mistake of the declaration: see [`BuildError`].
    pub fn build<O: IntoOutput>(mut self, output: O) -> Result<Flow<O::Value>, BuildError> {
        let mut bindings = Bindings::default();
        bindings.shared(output.into_output());
        self.plan.output = bindings.0.remove(0);
        self.plan.handled = !self.handlers.is_empty();
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        self.plan.finish()?;
        let definition = Definition {
            plan: Arc::new(self.plan),
            handlers: self.handlers,
        };
        Ok(Flow {
            definition: Ok(Arc::new(definition)),
            output: std::marker::PhantomData,
        })
    }

    /// Finishes the declaration; a mistake is reported when the flow is run.
    pub(crate) fn build_or_defer<O: IntoOutput>(self, output: O) -> Flow<O::Value> {
        self.build(output).unwrap_or_else(|mistake| Flow {
            definition: Err(mistake),
            output: std::marker::PhantomData,
        })
    }

    /// Keeps the first mistake: later ones may follow from it.
    fn report(&mut self, mistake: BuildError) {
        self.mistake.get_or_insert(mistake);
    }
}
