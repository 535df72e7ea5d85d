//! Tuples of handles: as an input, as the output of a flow, and taken apart by `let (a, b) = ..`.

use std::any::Any;

use crate::flow::{FlowBuilder, IntoOutput};
use crate::input::{Adapt, Handle, Input, IntoInput, next};
use crate::loops::{Lists, LoopId, LoopItems};
use crate::value::Value;

/// What a flow can take apart: a tuple.
///
/// # Examples
///
/// ```
/// use tribune::prelude::*;
///
/// #[task]
/// fn halves() -> (u32, String) {
///     (1, "half".to_owned())
/// }
///
/// let flow = flow!("split", {
///     let (_number, text) = halves();
///     text
/// });
/// assert_eq!(flow.run().wait().unwrap().output().unwrap(), "half");
/// ```
#[diagnostic::on_unimplemented(
    message = "the output of a task is taken apart as a tuple, but `{Self}` is none",
    label = "expected a tuple of two to eight elements"
)]
pub trait Split: Sized {
    /// A handle for each element.
    type Handles;

    /// The handles of the elements.
    fn split(handle: Handle<Self>, flow: &mut FlowBuilder) -> Self::Handles;
}

macro_rules! tuples {
    ($(($($handle:ident: $type:ident $at:tt),*);)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($type: Send + Sync + 'static),*> Split for ($($type,)*) {
            type Handles = ($(Handle<$type>,)*);

            fn split(handle: Handle<Self>, flow: &mut FlowBuilder) -> Self::Handles {
                ($(flow.part::<$type>(handle.source, |whole: &dyn Any| -> &dyn Any {
                    &whole.downcast_ref::<Self>().expect("a handle has the type of its output").$at
                }),)*)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($type: Clone + Send + Sync + 'static),*> IntoInput<($($type,)*)> for ($(Handle<$type>,)*) {
            fn into_input(self) -> Input<($($type,)*)> {
                let ($($handle,)*) = self;
                let adapt: Adapt =
                    |upstreams| Ok(Value::new(($(next(upstreams)?.take::<$type>(),)*)));
                Input::gathered(vec![$($handle.source),*], adapt)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($type: Lists),*> Lists for ($($type,)*) {
            type Elements = ($($type::Elements,)*);

            fn add_to(self, items: &mut LoopItems) {
                let ($($handle,)*) = self;
                $($handle.add_to(items);)*
            }

            fn elements(scope: LoopId, next: &mut usize) -> Self::Elements {
                ($($type::elements(scope, next),)*)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($type: Clone + Send + Sync + 'static),*> IntoOutput for ($(Handle<$type>,)*) {
            type Value = ($($type,)*);

            fn into_output(self) -> Input<Self::Value> {
                self.into_input()
            }
        }
    )*};
}

tuples! {
    (a: A 0);
    (a: A 0, b: B 1);
    (a: A 0, b: B 1, c: C 2);
    (a: A 0, b: B 1, c: C 2, d: D 3);
    (a: A 0, b: B 1, c: C 2, d: D 3, e: E 4);
    (a: A 0, b: B 1, c: C 2, d: D 3, e: E 4, f: F 5);
    (a: A 0, b: B 1, c: C 2, d: D 3, e: E 4, f: F 5, g: G 6);
    (a: A 0, b: B 1, c: C 2, d: D 3, e: E 4, f: F 5, g: G 6, h: H 7);
}

#[diagnostic::do_not_recommend]
impl Split for () {
    type Handles = ();

    fn split(_: Handle<Self>, _: &mut FlowBuilder) {}
}
