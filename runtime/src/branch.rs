//! Branches: which arm of an `if` or a `match` is taken.
//!
//! A branch is a task that the user does not see: it looks at a value and gives a [`Decision`]. The
//! tasks in its arms wait for it, and those in arms not taken are skipped.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use crate::flow::FlowBuilder;
use crate::input::{Handle, Inputs, IntoInput, Origin, Source};
use crate::plan::{ArmId, NodeId, ScopeKind};
use crate::task::{BodyFn, Outcome, Returned, TaskSpec};
use crate::trigger;
use crate::tuples::Split;
use crate::value::Value;

/// Which arm a branch takes, and what its pattern binds.
#[derive(Clone, Debug)]
pub struct Decision {
    pub(crate) arm: u32,
    bindings: Value,
}

impl Decision {
    /// What the pattern of `arm` bound, if it is the one to take.
    pub(crate) fn bound<B>(&self, arm: Arm<B>) -> Option<&Value> {
        (self.arm == arm.number).then_some(&self.bindings)
    }
}

/// One arm of a branch, whose pattern binds a tuple `B`.
pub struct Arm<B> {
    number: u32,
    bindings: PhantomData<fn() -> B>,
}

impl<B> Arm<B> {
    /// The arm with this number, counted from 0.
    pub const fn new(number: u32) -> Self {
        Self {
            number,
            bindings: PhantomData,
        }
    }
}

impl<B: Send + Sync + 'static> Arm<B> {
    /// The decision to take this arm.
    pub fn take(self, bindings: B) -> Decision {
        Decision {
            arm: self.number,
            bindings: Value::new(bindings),
        }
    }
}

impl<B> Clone for Arm<B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for Arm<B> {}

impl<B> fmt::Debug for Arm<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arm({})", self.number)
    }
}

/// A branch of a flow, whose arms can be entered.
#[derive(Clone, Copy, Debug)]
pub struct Branch(NodeId);

impl FlowBuilder {
    /// Adds a branch: when `on` is known, `decide` says which arm is taken.
    ///
    /// `text` is what the user wrote, such as `match kind`. Enter each arm with
    /// [`enter`](Self::enter), leave it with [`leave`](Self::leave), and make one value of theirs with
    /// [`choose`](Self::choose).
    ///
    /// # Examples
    ///
    /// ```
    /// use tribune::prelude::*;
    /// use tribune::branch::Arm;
    ///
    /// #[task]
    /// fn half(x: i64) -> i64 {
    ///     x / 2
    /// }
    ///
    /// #[task]
    /// fn triple(x: i64) -> i64 {
    ///     3 * x
    /// }
    ///
    /// let mut flow = Flow::builder("one step");
    /// let x = flow.parameter::<i64>("x");
    /// let (even, odd) = (Arm::new(0), Arm::new(1));
    /// let branch = flow.branch("match x", x, move |x: i64| {
    ///     if x % 2 == 0 { even.take(()) } else { odd.take((x,)) }
    /// });
    /// let () = flow.enter(branch, even, "even");
    /// let halved = flow.add(half { x: input(x) });
    /// flow.leave();
    /// let (x,) = flow.enter(branch, odd, "odd");
    /// let tripled = flow.add(triple { x: input(x) });
    /// flow.leave();
    /// let next = flow.choose(branch, [halved, tripled]);
    /// let flow = flow.build(next)?;
    ///
    /// let run = flow.run().parameter("x", 5).wait()?;
    /// assert_eq!(run.output(), Some(&15));
    /// assert_eq!(run.task("half").unwrap().state().message(), Some("`even` was not taken"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn branch<T, F>(
        &mut self,
        text: impl Into<Cow<'static, str>>,
        on: impl IntoInput<T>,
        decide: F,
    ) -> Branch
    where
        T: Clone + Send + Sync + 'static,
        F: Fn(T) -> Decision + Send + Sync + 'static,
    {
        let first = self.plan.bindings.all().len();
        self.plan.bindings.owned(on.into_input());
        self.decide(text.into(), first, move |inputs| decide(inputs.take(0)))
    }

    /// Adds a branch that only borrows what it looks at.
    pub fn branch_ref<T, F>(
        &mut self,
        text: impl Into<Cow<'static, str>>,
        on: impl IntoInput<T>,
        decide: F,
    ) -> Branch
    where
        T: Send + Sync + 'static,
        F: Fn(&T) -> Decision + Send + Sync + 'static,
    {
        let first = self.plan.bindings.all().len();
        self.plan.bindings.shared(on.into_input());
        self.decide(text.into(), first, move |inputs| decide(inputs.borrow(0)))
    }

    fn decide(
        &mut self,
        text: Cow<'static, str>,
        first_binding: usize,
        decide: impl Fn(&mut Inputs) -> Decision + Send + Sync + 'static,
    ) -> Branch {
        let body = BodyFn::dynamic(move |inputs| Ok(Returned(Value::new(decide(inputs)))));
        let spec = TaskSpec::of::<Decision>(text, body);
        Branch(self.add_hidden(spec, first_binding))
    }

    /// Enters an arm: tasks that are added from now on are only run if it is taken.
    ///
    /// The answer is a handle for each thing that the arm's pattern binds.
    ///
    /// # Panics
    ///
    /// If the number of the arm is 2^16 or more.
    pub fn enter<B: Split + Send + Sync + 'static>(
        &mut self,
        branch: Branch,
        arm: Arm<B>,
        text: impl Into<Cow<'static, str>>,
    ) -> B::Handles {
        let arm_scope = ScopeKind::Arm {
            branch: branch.0,
            arm: ArmId::new(arm.number),
            text: text.into(),
        };
        self.open(arm_scope);
        let decision = Source::whole(Origin::Node(branch.0));
        let bindings: Handle<B> = self.part(decision, bindings_of);
        self.split(bindings)
    }

    /// Leaves the arm that was entered last.
    pub fn leave(&mut self) {
        self.close();
    }

    /// Makes one value of the values of a branch's arms, one for each, in their order: that of the arm
    /// that is taken.
    ///
    /// # Panics
    ///
    /// If there are more than 2^16 of them.
    pub fn choose<T, const N: usize>(&mut self, branch: Branch, values: [Handle<T>; N]) -> Handle<T>
    where
        T: Clone + Send + Sync + 'static,
    {
        let arms = values.iter().map(|value| value.source).collect();
        let first = self.plan.bindings.all().len();
        self.plan.bindings.choice(branch.0, arms);
        let body =
            BodyFn::dynamic(|inputs| -> Outcome { Ok(Returned(Value::new(inputs.take::<T>(0)))) });
        let spec = TaskSpec::of::<T>("choose", body)
            .skip_on_upstream_skip(true)
            .trigger(trigger::all_successful);
        let node = self.add_hidden(spec, first);
        Handle::new(Source::whole(Origin::Node(node)))
    }
}

fn bindings_of(decision: &dyn Any) -> &dyn Any {
    let decision = decision
        .downcast_ref::<Decision>()
        .expect("a branch gives a decision");
    decision.bindings.as_any()
}
