//! A result whose type only its writer and its readers know.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

type Stored = dyn Any + Send + Sync;

/// Writes the plain types, and what differs between them.
macro_rules! values {
    ($($kind:ident($plain:ty),)*) => {
        /// A value that is copied.
        #[derive(Clone, Copy)]
        pub(crate) enum Plain {
            $($kind($plain),)*
        }

        impl Plain {
            /// The value, if it is of a type that is copied.
            pub(crate) fn of(value: &dyn Any) -> Option<Self> {
                $(if let Some(plain) = value.downcast_ref::<$plain>() {
                    return Some(Self::$kind(*plain));
                })*
                None
            }

            /// The same of a type that the compiler knows: it keeps of this what is true of it.
            #[inline]
            pub(crate) fn of_known<T: 'static>(value: &T) -> Option<Self> {
                $(if let Some(plain) = (value as &dyn Any).downcast_ref::<$plain>() {
                    return Some(Self::$kind(*plain));
                })*
                None
            }

            #[inline]
            pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
                match self {
                    $(Self::$kind(plain) => (plain as &dyn Any).downcast_ref(),)*
                }
            }

            fn boxed(self) -> Box<dyn Any> {
                match self {
                    $(Self::$kind(plain) => Box::new(plain),)*
                }
            }

            fn as_any(&self) -> &Stored {
                match self {
                    $(Self::$kind(plain) => plain,)*
                }
            }
        }
    };
}

values! {
    Unit(()),
    Bool(bool),
    Char(char),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    Usize(usize),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    Isize(isize),
    F32(f32),
    F64(f64),
}

/// One task's result: plain values are copied, others are shared by their readers and moved out by the
/// last one.
///
/// A task that returns a number costs no allocation and no count of references.
#[derive(Clone)]
pub(crate) enum Value {
    Plain(Plain),
    Shared(Arc<Stored>),
}

impl Value {
    pub(crate) fn new<T: Send + Sync + 'static>(value: T) -> Self {
        match Plain::of_known(&value) {
            Some(plain) => Self::Plain(plain),
            None => Self::Shared(Arc::new(value)),
        }
    }

    /// The value, if it is plain.
    pub(crate) const fn plain(&self) -> Option<Plain> {
        match self {
            Self::Plain(plain) => Some(*plain),
            Self::Shared(_) => None,
        }
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        match self {
            Self::Plain(plain) => plain.get(),
            Self::Shared(value) => value.downcast_ref(),
        }
    }

    pub(crate) fn as_any(&self) -> &Stored {
        match self {
            Self::Plain(plain) => plain.as_any(),
            Self::Shared(value) => &**value,
        }
    }

    pub(crate) fn type_id(&self) -> TypeId {
        self.as_any().type_id()
    }

    /// The value itself, if nobody else holds it.
    pub(crate) fn give<T: Send + Sync + 'static>(self) -> Option<T> {
        match self {
            Self::Plain(plain) => plain.boxed().downcast().ok().map(|value| *value),
            Self::Shared(value) => value.downcast().ok().and_then(Arc::into_inner),
        }
    }

    /// The value itself where nobody else holds it, else a clone.
    pub(crate) fn into_inner<T: Clone + Send + Sync + 'static>(self) -> Option<T> {
        match self {
            Self::Plain(plain) => plain.get().cloned(),
            Self::Shared(value) => value.downcast().ok().map(Arc::unwrap_or_clone),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(..)")
    }
}
