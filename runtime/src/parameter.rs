//! The names of a flow's parameters.

use std::fmt;
use std::marker::PhantomData;

/// The name of a parameter whose type is known: [`#[flow]`](macro@crate::attr::flow) makes one for each.
///
/// # Examples
///
/// ```
/// use tribune::attr::flow;
/// use tribune::prelude::*;
///
/// #[task]
/// fn load(table: &str, limit: usize) -> String {
///     format!("{limit} rows of {table}")
/// }
///
/// #[flow]
/// fn nightly(table: String, #[default(100)] limit: usize) -> String {
///     load(table, limit)
/// }
///
/// let run = nightly()
///     .run()
///     .parameter(nightly::table, "orders".to_owned())
///     .parameter(nightly::limit, 5)
///     .wait()?;
/// assert_eq!(run.output().unwrap(), "5 rows of orders");
/// # Ok::<(), RunError>(())
/// ```
pub struct Parameter<T> {
    name: &'static str,
    of: PhantomData<fn(T)>,
}

impl<T> Parameter<T> {
    /// The parameter of this name.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            of: PhantomData,
        }
    }

    /// The name as a text.
    pub const fn name(self) -> &'static str {
        self.name
    }
}

impl<T> Clone for Parameter<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Parameter<T> {}

impl<T> fmt::Debug for Parameter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameter({:?})", self.name)
    }
}

/// What names a parameter that can be given a `V`: a text for any value, a [`Parameter`] for its type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be given a `{V}`",
    label = "not the name of a parameter that takes a `{V}`",
    note = "a text names a parameter of any type: it is looked for when the run starts"
)]
pub trait ParameterName<V> {
    /// The name as a text.
    fn into_name(self) -> String;
}

impl<V> ParameterName<V> for &str {
    fn into_name(self) -> String {
        self.to_owned()
    }
}

impl<V> ParameterName<V> for &String {
    fn into_name(self) -> String {
        self.clone()
    }
}

impl<V> ParameterName<V> for String {
    fn into_name(self) -> String {
        self
    }
}

impl<T> ParameterName<T> for Parameter<T> {
    fn into_name(self) -> String {
        self.name.to_owned()
    }
}
