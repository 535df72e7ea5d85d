//! Declaring a flow: [`FlowBuilder`], which `flow!` writes calls of, and the finished [`Flow`].

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::clean_up::CleanUp;
use crate::draw::{Language, draw};
use crate::error::BuildError;
use crate::handler::{Handlers, IntoHandler, StateChange, on_failure};
use crate::input::{Handle, Input, IntoInput, Origin, Part, PartId, Source};
use crate::plan::{NewNode, NodeId, Parameter, Plan, ScopeId};
use crate::run::Run;
#[cfg(feature = "schedule")]
use crate::schedule::Schedule;
use crate::state::State;
use crate::task::{Call, IntoCall, Options, Task, TaskSpec};
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
    #[cfg(feature = "schedule")]
    pub(crate) schedule: Option<Schedule>,
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

    /// Draws the flow in [Mermaid](https://mermaid.js.org), which many sites show as a picture.
    ///
    /// Loops and arms are boxes, branches are diamonds. A flow with a mistake is an empty drawing.
    pub fn to_mermaid(&self) -> String {
        self.draw(Language::Mermaid)
    }

    /// Draws the flow in the language of Graphviz.
    pub fn to_dot(&self) -> String {
        self.draw(Language::Dot)
    }

    fn draw(&self, language: Language) -> String {
        let plan = self.definition.as_ref().map(|definition| &definition.plan);
        plan.map_or_else(|_| String::new(), |plan| draw(plan, None, language))
    }

    #[cfg(feature = "schedule")]
    pub(crate) fn definition(&self) -> &Result<Arc<Definition>, BuildError> {
        &self.definition
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
    pub(crate) plan: Plan,
    /// The loop or arm that is being declared.
    pub(crate) scope: Option<ScopeId>,
    /// What is added when the loop, the arm or the flow around it ends.
    pub(crate) clean_ups: Vec<CleanUp>,
    handlers: Handlers,
    #[cfg(feature = "schedule")]
    schedule: Option<Schedule>,
    mistake: Option<BuildError>,
}

impl FlowBuilder {
    fn new(name: Cow<'static, str>) -> Self {
        let mistake = name.is_empty().then_some(BuildError::EmptyName);
        Self {
            plan: Plan::new(name),
            scope: None,
            clean_ups: Vec::new(),
            handlers: Handlers::new(),
            #[cfg(feature = "schedule")]
            schedule: None,
            mistake,
        }
    }

    /// Adds a call of a task, and answers the handle of its output.
    pub fn add<C: IntoCall>(&mut self, call: C) -> Handle<<C::Task as Task>::Output> {
        let Call {
            task,
            options,
            after,
        } = call.into_call();
        let first_binding = self.plan.bindings.all().len();
        task.bind(&mut self.plan.bindings);
        Handle::new(self.add_call(options, first_binding, after))
    }

    /// Adds a task whose inputs are the bindings from `first_binding` on.
    pub(crate) fn add_call(
        &mut self,
        options: Options,
        first_binding: usize,
        after: Vec<Source>,
    ) -> Source {
        let node = self.plan.add_node(NewNode {
            options,
            scope: self.scope,
            first_binding,
            after,
        });
        let node = node.unwrap_or_else(|mistake| {
            self.report(mistake);
            NodeId(0)
        });
        Source::whole(Origin::Node(node))
    }

    pub(crate) fn add_spec(
        &mut self,
        spec: TaskSpec,
        first_binding: usize,
        after: Vec<Source>,
    ) -> Source {
        self.add_call(Options::Own(Box::new(spec)), first_binding, after)
    }

    /// Adds a task that the user did not write and does not see.
    pub(crate) fn add_hidden(&mut self, spec: TaskSpec, first_binding: usize) -> NodeId {
        let source = self.add_spec(spec, first_binding, Vec::new());
        let node = source.node().unwrap_or(NodeId(0));
        if let Some(node) = self.plan.nodes.get_mut(node.index()) {
            node.hidden = true;
        }
        node
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
        let part = PartId::new(self.plan.parts.len());
        self.plan.parts.push(Part { of: of.part, get });
        Handle::new(Source {
            origin: of.origin,
            part: Some(part),
        })
    }

    /// Names a task whose state decides the flow's; without any, the tasks without a downstream do.
    pub fn reference_task<T>(&mut self, handle: Handle<T>) {
        let node = self.plan.run_node(handle.source);
        self.plan.references.extend(node);
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

    /// Sets when [`serve`](Flow::serve) runs the flow.
    #[cfg(feature = "schedule")]
    pub fn schedule(&mut self, schedule: Schedule) {
        self.schedule = Some(schedule);
    }

    /// Refuses a schedule, because the feature `schedule` of this library is off.
    #[cfg(not(feature = "schedule"))]
    #[doc(hidden)]
    pub fn schedule<S: crate::__private::NeedsScheduleFeature>(&mut self, _: S) {}

    /// Finishes the declaration; `output` is the flow's output, `()` for none.
    ///
    /// # Errors
    ///
    /// The first mistake of the declaration: see [`BuildError`].
    pub fn build<O: IntoOutput>(mut self, output: O) -> Result<Flow<O::Value>, BuildError> {
        self.clean_up_here();
        self.plan.bindings.shared(output.into_output());
        self.plan.output = self.plan.bindings.pop();
        self.plan.handled = !self.handlers.is_empty();
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        self.plan.finish()?;
        #[cfg(feature = "schedule")]
        if let Some(schedule) = &self.schedule {
            let is_parameter = |name: &str| self.plan.parameters.iter().any(|p| p.name == name);
            schedule.check()?;
            schedule.check_parameters(is_parameter)?;
        }
        let definition = Definition {
            plan: Arc::new(self.plan),
            handlers: self.handlers,
            #[cfg(feature = "schedule")]
            schedule: self.schedule,
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
    pub(crate) fn report(&mut self, mistake: BuildError) {
        self.mistake.get_or_insert(mistake);
    }
}
