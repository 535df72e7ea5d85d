//! A result whose type only its writer and its readers know.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

type Stored = dyn Any + Send + Sync;

/// One task's result: shared by its readers, and moved out by the last one.
#[derive(Clone)]
pub(crate) struct Value(Arc<Stored>);

impl Value {
    pub(crate) fn new<T: Send + Sync + 'static>(value: T) -> Self {
        Self(Arc::new(value))
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    pub(crate) fn type_id(&self) -> TypeId {
        (*self.0).type_id()
    }

    pub(crate) fn as_any(&self) -> &Stored {
        &*self.0
    }

    /// The value itself where nobody else holds it, else a clone.
    pub(crate) fn into_inner<T: Clone + Send + Sync + 'static>(self) -> Option<T> {
        self.0.downcast().ok().map(Arc::unwrap_or_clone)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(..)")
    }
}
