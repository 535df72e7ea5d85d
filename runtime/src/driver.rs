//! What performs the actions of an engine: threads, tokio and the clock are met only here.

mod body;
mod cancellation;
mod clock;
#[cfg(feature = "ctrl-c")]
mod ctrl_c;
#[cfg(feature = "schedule")]
mod desk;
mod hand;
mod local;
mod pool;
mod runtime;
mod target;
mod ticks;
mod work;

pub(crate) use cancellation::Cancel;
pub use cancellation::Cancellation;
pub(crate) use clock::Clock;
#[cfg(feature = "ctrl-c")]
pub(crate) use ctrl_c::OnCtrlC;
#[cfg(feature = "schedule")]
pub(crate) use desk::{Desk, now};
pub use local::Paused;
pub(crate) use local::{Local, Resume, Settings};
pub(crate) use runtime::wait;
pub(crate) use target::read as read_targets;
