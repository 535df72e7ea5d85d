//! Clean-up: what runs after the last task that depends on a resource.

use crate::flow::FlowBuilder;
use crate::input::{Bindings, Handle, Source};
use crate::plan::{NewNode, ScopeId};
use crate::task::{IntoCall, Options, Task};
use crate::trigger::Trigger;

/// A call that waits for the end of the part of a flow in which its resource is.
#[derive(Debug)]
pub(crate) struct CleanUp {
    scope: Option<ScopeId>,
    resource: Source,
    options: Options,
    bindings: Bindings,
    after: Vec<Source>,
}

impl FlowBuilder {
    /// Lets a call clean up after `resource`, the output of a task: `connect().clean_up(disconnect)` in
    /// `flow!`.
    ///
    /// It runs when all is finished that depends on the resource in the same loop, arm or flow, also what
    /// is added later, and whatever came of it. It is skipped if there is no resource, because its own
    /// task failed or was skipped. Resources are cleaned up in the order opposite to theirs.
    ///
    /// A clean-up does not decide the state of the flow: the tasks before it do.
    ///
    /// # Examples
    ///
    /// ```
    /// use tribune::prelude::*;
    ///
    /// #[task]
    /// fn connect() -> String {
    ///     "connection".to_owned()
    /// }
    ///
    /// #[task]
    /// fn query(connection: &str) -> Result<u32, String> {
    ///     Err(format!("the {connection} is broken"))
    /// }
    ///
    /// #[task]
    /// fn disconnect(connection: &str) {
    ///     println!("the {connection} is closed");
    /// }
    ///
    /// let mut flow = Flow::builder("database");
    /// let connection = flow.add(connect {});
    /// flow.clean_up(connection, disconnect { connection: input(connection) });
    /// flow.add(query { connection: input(connection) });
    /// let run = flow.build(())?.run().wait()?;
    ///
    /// assert!(run.state().is(Failed));
    /// assert!(run.task("disconnect").unwrap().state().is(Success));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clean_up<T, C: IntoCall>(&mut self, resource: Handle<T>, call: C) {
        let call = call.into_call();
        let mut bindings = Bindings::default();
        call.task.bind(&mut bindings);
        self.clean_ups.push(CleanUp {
            scope: self.scope,
            resource: resource.source,
            options: call.options,
            bindings,
            after: call.after,
        });
    }

    /// Adds the clean-ups of the loop, the arm or the flow that ends here.
    pub(crate) fn clean_up_here(&mut self) {
        while let Some(clean_up) = self.clean_ups.pop_if(|last| last.scope == self.scope) {
            self.add_clean_up(clean_up);
        }
    }

    fn add_clean_up(&mut self, clean_up: CleanUp) {
        let mut options = clean_up.options;
        let spec = options.to_mut();
        spec.skip_on_upstream_skip = false;
        spec.trigger = Trigger::clean_up();
        let first_binding = self.plan.bindings.all().len();
        self.plan.bindings.append(clean_up.bindings);
        let node = NewNode {
            options,
            scope: clean_up.scope,
            first_binding,
            after: clean_up.after,
        };
        if let Err(mistake) = self.plan.add_clean_up(node, clean_up.resource) {
            self.report(mistake);
        }
    }
}
