//! What performs the actions of an engine: threads, tokio and the clock are met only here.

mod body;
mod cancellation;
#[cfg(feature = "ctrl-c")]
mod ctrl_c;
mod local;
mod runtime;

pub(crate) use cancellation::Cancel;
pub use cancellation::Cancellation;
#[cfg(feature = "ctrl-c")]
pub(crate) use ctrl_c::OnCtrlC;
pub(crate) use local::{Local, Settings};
