//! A local Slack, for development and tests.
//!
//! * [`Inbox`] takes what is posted to incoming webhooks, refuses what Slack refuses, and shows the
//!   channel as a page in the browser. A test asks it for the messages.
//! * [`check`] judges a message as an incoming webhook of Slack does: with its words, its HTTP
//!   statuses and its limits, and with the place and the reason that Slack keeps for itself.
//!   [`warnings`] names what Slack takes and shows badly.

mod inbox;
mod log;
mod message;
mod pace;
mod rules;
mod server;

pub use inbox::{Inbox, Options};
pub use message::Message;
pub use rules::{Refusal, UnknownWord, Warning, check, read, warnings};
