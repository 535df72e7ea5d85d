//! A local Slack, for development and tests.
//!
//! [`check`] judges a message as an incoming webhook of Slack does: with its words, its HTTP statuses
//! and its limits, and with the place and the reason that Slack keeps for itself. [`warnings`] names
//! what Slack takes and shows badly.

mod rules;

pub use rules::{Refusal, Warning, check, read, warnings};
