//! Loops of a flow: what is run once for each element of a list.

use std::any::Any;

use crate::error::BuildError;
use crate::flow::FlowBuilder;
use crate::input::{Adapt, Handle, IntoInput, Origin, Source, list};
use crate::plan::{Gather, Items, List, MAX_DEPTH, NodeId, Over, Scope, ScopeId, ScopeKind};
use crate::task::{BodyFn, Returned, TaskSpec};
use crate::value::{Plain, Value};

impl FlowBuilder {
    /// Runs what `body` declares once for each element of a list, and gives the list of what it gives.
    ///
    /// Several lists, as a tuple, go in step; the shortest one ends the loop. What `body` uses from
    /// outside is the same for every element. An element goes its way as soon as it is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use tribune::prelude::*;
    ///
    /// #[task]
    /// fn range(n: i64) -> Vec<i64> {
    ///     (0..n).collect()
    /// }
    ///
    /// #[task]
    /// fn add(x: i64, y: i64) -> i64 {
    ///     x + y
    /// }
    ///
    /// let mut flow = Flow::builder("sums");
    /// let numbers = flow.add(range { n: input(3) });
    /// let sums = flow.each((numbers, vec![10, 20, 30]), |flow, (x, y)| {
    ///     flow.add(add { x: input(x), y: input(y) })
    /// });
    /// let flow = flow.build(sums)?;
    /// assert_eq!(flow.run().wait()?.output().unwrap(), &[10, 21, 32]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn each<L: Lists, T: Clone + Send + Sync + 'static>(
        &mut self,
        lists: L,
        body: impl FnOnce(&mut Self, L::Elements) -> Handle<T>,
    ) -> Handle<Vec<T>> {
        let elements = self.enter_each(lists);
        let last = body(self, elements);
        self.leave_each(last)
    }

    /// Starts a loop; everything that is added before [`leave_each`](Self::leave_each) is in it.
    #[doc(hidden)]
    pub fn enter_each<L: Lists>(&mut self, lists: L) -> L::Elements {
        let mut items = LoopItems(Vec::new());
        lists.add_to(&mut items);
        let scope = LoopId(self.open_loop(items.0));
        L::elements(scope, &mut 0)
    }

    /// Ends a loop whose value is the list of what `last` is for each element.
    #[doc(hidden)]
    pub fn leave_each<T: Clone + Send + Sync + 'static>(
        &mut self,
        last: Handle<T>,
    ) -> Handle<Vec<T>> {
        let source = match self.is_in_loop(last.source) {
            true => last.source,
            // What is not a task of the loop has no run for each element: this makes it one.
            false => {
                let first = self.plan.bindings.all().len();
                self.plan.bindings.owned(IntoInput::<T>::into_input(last));
                let body = BodyFn::dynamic(|inputs| Ok(Returned(Value::new(inputs.take::<T>(0)))));
                self.add_spec(TaskSpec::of::<T>("element", body), first, Vec::new())
            }
        };
        Handle::new(self.close_loop(source, list::<T>))
    }

    /// Ends a loop without a value.
    #[doc(hidden)]
    pub fn leave_each_without_value(&mut self) {
        self.close();
    }

    fn is_in_loop(&self, source: Source) -> bool {
        let node = match source.origin {
            Origin::Node(node) => node,
            Origin::Gathered(at) => self.plan.gather(at).node,
            Origin::Parameter(_) | Origin::Item { .. } => return false,
        };
        let depth = self.plan.depth(self.scope);
        let own = self
            .plan
            .nodes
            .get(node.index())
            .and_then(|node| node.scope);
        self.plan.shared(own, self.scope) == depth
    }

    pub(crate) fn open_loop(&mut self, lists: Vec<Items>) -> ScopeId {
        if usize::from(self.plan.depth(self.scope)) == MAX_DEPTH {
            self.report(BuildError::TooDeep);
        }
        self.open(ScopeKind::Loop(lists))
    }

    pub(crate) fn open(&mut self, kind: ScopeKind) -> ScopeId {
        let is_loop = matches!(kind, ScopeKind::Loop(_));
        let depth = self.plan.depth(self.scope) + u8::from(is_loop);
        let id = ScopeId::new(self.plan.scopes.len());
        self.plan.scopes.push(Scope {
            parent: self.scope,
            depth,
            kind,
        });
        self.scope = Some(id);
        id
    }

    pub(crate) fn close(&mut self) {
        self.clean_up_here();
        self.scope = self.scope.and_then(|id| self.plan.scope(id).parent);
    }

    /// Ends a loop that gives the list of what `inner` is, which is a task in it.
    pub(crate) fn close_loop(&mut self, inner: Source, adapt: Adapt) -> Source {
        self.close();
        let node = match inner.origin {
            Origin::Gathered(at) => self.plan.gather(at).node,
            _ => inner.node().unwrap_or(NodeId(0)),
        };
        let depth = self.plan.depth(self.scope);
        let at = u32::try_from(self.plan.gathers.len()).expect("loops are few");
        self.plan.gathers.push(Gather {
            inner,
            node,
            depth,
            adapt,
        });
        Source::whole(Origin::Gathered(at))
    }
}

/// What a loop of a flow can go over: a list, the output of a task that gives one, or a tuple of those.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list that a loop can go over",
    label = "expected a `Vec<_>`, or the output of a task that returns one"
)]
pub trait Lists {
    /// A handle of the element, or a tuple of those.
    type Elements;

    #[doc(hidden)]
    fn add_to(self, items: &mut LoopItems);

    #[doc(hidden)]
    fn elements(scope: LoopId, next: &mut usize) -> Self::Elements;
}

/// The lists of a loop that is being declared.
#[doc(hidden)]
#[derive(Debug)]
pub struct LoopItems(pub(crate) Vec<Items>);

/// A loop that is being declared.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct LoopId(pub(crate) ScopeId);

impl<T: Send + Sync + 'static> Lists for Handle<Vec<T>> {
    type Elements = Handle<T>;

    fn add_to(self, items: &mut LoopItems) {
        items.0.push(Items {
            over: Over::Source(self.source),
            list: access::<T>(),
            flatten: None,
        });
    }

    fn elements(scope: LoopId, next: &mut usize) -> Handle<T> {
        *next += 1;
        Handle::new(Source::item(scope.0, *next - 1))
    }
}

impl<T: Send + Sync + 'static> Lists for Vec<T> {
    type Elements = Handle<T>;

    fn add_to(self, items: &mut LoopItems) {
        let over = Over::Constant(Value::new(self));
        items.0.push(Items {
            over,
            list: access::<T>(),
            flatten: None,
        });
    }

    fn elements(scope: LoopId, next: &mut usize) -> Handle<T> {
        <Handle<Self> as Lists>::elements(scope, next)
    }
}

fn access<T: 'static>() -> List {
    List {
        copy: |value, at| Plain::of_known(value.downcast_ref::<Vec<T>>()?.get(at)?),
        len: |value| Some(value.downcast_ref::<Vec<T>>()?.len()),
        get: |value, at| {
            value
                .downcast_ref::<Vec<T>>()?
                .get(at)
                .map(|item| item as &dyn Any)
        },
    }
}
