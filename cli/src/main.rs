//! The program `tribune`: connects flows to Slack, keeps their secrets, and shows their messages.
//!
//! [`args`] is what can be asked for, and each command is a module. A value of a secret is printed by
//! `secret get --show` alone; what goes wrong is told with names and places.

mod args;
mod inbox;
mod secret;
mod slack;
mod terminal;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command, SecretCommand, SlackCommand};

/// What a command comes to.
type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::Inbox(args) => inbox::run(args),
        Command::Slack(SlackCommand::Setup(args)) => slack::setup::run(&args),
        Command::Slack(SlackCommand::Install(args)) => slack::install::run(&args),
        Command::Slack(SlackCommand::Test(args)) => slack::test::run(&args),
        Command::Secret(SecretCommand::Set(args)) => secret::set(&args),
        Command::Secret(SecretCommand::Get(args)) => secret::get(&args),
        Command::Secret(SecretCommand::List) => secret::list(),
        Command::Secret(SecretCommand::Remove(args)) => secret::remove(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tribune: {error}");
            ExitCode::FAILURE
        }
    }
}
