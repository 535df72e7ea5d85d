//! Mistakes of a declaration: those of a call by itself, and those that show only when all is there.

use std::collections::HashSet;

use super::{NodeId, Plan};
use crate::error::BuildError;
use crate::input::Source;
use crate::task::TaskSpec;

impl Plan {
    pub(super) fn check_slugs(&self) -> Result<(), BuildError> {
        if self.specs().all(|spec| spec.slug.is_none()) {
            return Ok(());
        }
        let mut seen = HashSet::new();
        let slugs = self
            .ids()
            .filter_map(|node| self.spec(node).slug.as_deref());
        match slugs.into_iter().find(|slug| !seen.insert(*slug)) {
            Some(slug) => Err(BuildError::SlugTwice(slug.to_owned())),
            None => Ok(()),
        }
    }

    /// The output and the tasks that decide the flow's state are those of this flow.
    pub(super) fn check_named(&self) -> Result<(), BuildError> {
        let output = self.output_sources().filter_map(Source::node);
        let mut named = output.chain(self.references.iter().copied());
        match named.any(|id| id.index() >= self.nodes.len()) {
            true => Err(BuildError::ForeignTask),
            false => Ok(()),
        }
    }

    /// A task that needs a value may only run when its upstream gave one.
    pub(super) fn check_values(&self, id: NodeId) -> Result<(), BuildError> {
        let spec = self.spec(id);
        if self.node(id).hidden || (spec.skip_on_upstream_skip && spec.trigger.needs_success()) {
            return Ok(());
        }
        for (at, binding) in self.bindings(id).iter().enumerate() {
            let mut sources = self.bindings.sources(*binding);
            let needed = sources.find_map(|source| self.run_node(source));
            // A clean-up only runs where there is what it cleans up.
            let certain = |up: &NodeId| {
                let first = self.edges(id).first();
                spec.trigger.cleans_up() && first.is_some_and(|edge| edge.up == *up)
            };
            let needed = needed.filter(|up| self.bindings.is_required(*binding) && !certain(up));
            if let Some(upstream) = needed {
                return Err(BuildError::NeedsValue {
                    task: spec.name.to_string(),
                    parameter: spec.parameters.get(at).unwrap_or("?").to_owned(),
                    upstream: self.task_name(upstream).to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// What options say together, whatever is called with them.
pub(super) fn check_options(spec: &TaskSpec) -> Result<(), BuildError> {
    check_retries(spec)?;
    check_cache(spec)
}

fn check_retries(spec: &TaskSpec) -> Result<(), BuildError> {
    let task = || spec.name.to_string();
    match (spec.max_retries, spec.retry_delay) {
        (1.., None) => Err(BuildError::NoRetryDelay { task: task() }),
        (0, Some(_)) => Err(BuildError::NoRetries { task: task() }),
        _ => Ok(()),
    }
}

/// A validator that compares inputs needs a text of each.
fn check_cache(spec: &TaskSpec) -> Result<(), BuildError> {
    let Some(validator) = spec.cache.as_ref().map(|policy| policy.validator()) else {
        return Ok(());
    };
    let task = || spec.name.to_string();
    let has_text = |at| spec.texts.is_some_and(|texts| texts.has(at));
    let mut compared = (0..).map_while(|at| Some((at, spec.parameters.get(at)?)));
    if let Some((_, name)) =
        compared.find(|(at, name)| validator.compares_input(name) && !has_text(*at))
    {
        return Err(BuildError::NotComparable {
            task: task(),
            parameter: name.to_owned(),
        });
    }
    let is_declared = |name: &str| spec.parameters.position(name).is_some();
    match validator.input_names().find(|name| !is_declared(name)) {
        Some(name) if spec.parameters.are_static() => Err(BuildError::UnknownInput {
            task: task(),
            parameter: name.to_owned(),
        }),
        _ => Ok(()),
    }
}
