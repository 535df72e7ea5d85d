//! What holds for a whole case: where it runs, and how long its seconds are.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::scenario::Case;

/// How flows are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    /// On a clock that jumps to where something happens.
    Simulated,
    /// In real time, on as many threads as are asked for.
    Local,
}

/// How long a second of a scenario is where it is waited for.
///
/// Long enough that a body which ends at once is in time for a timeout of one second, also on a busy
/// machine.
const SECOND: f64 = 0.1;

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) driver: Driver,
    pub(crate) threads: usize,
    pub(crate) config: Config,
    /// The names of the flow's parameters.
    pub(crate) parameters: Vec<String>,
    pub(crate) directory: OnceLock<Result<TempDir, String>>,
}

impl Settings {
    /// The directory of the case's files, which is removed with the settings.
    pub(crate) fn directory(&self) -> Result<&Path, String> {
        let directory = self
            .directory
            .get_or_init(|| tempfile::tempdir().map_err(|error| error.to_string()));
        directory.as_ref().map(TempDir::path).map_err(Clone::clone)
    }

    /// How long these seconds are on the clock of the run.
    pub(crate) fn time(&self, seconds: f64) -> Duration {
        match self.driver {
            Driver::Simulated => duration(seconds),
            Driver::Local => Self::working_time(seconds),
        }
    }

    /// How long these seconds are for a body, which works in real time on every driver.
    pub(crate) fn working_time(seconds: f64) -> Duration {
        duration(seconds * SECOND)
    }
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// The configuration of a case that tasks and runs depend on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) max_retries: u32,
    pub(crate) retry_delay: Option<f64>,
    pub(crate) timeout: Option<f64>,
    pub(crate) checkpointing: bool,
}

impl Config {
    /// Reads the keys of a case. What others change in the original is seen when the runs are compared.
    pub(crate) fn new(case: &Case) -> Self {
        let mut config = Self::default();
        for (key, value) in &case.config {
            match key.as_str() {
                // False stands for no retries.
                "tasks.defaults.max_retries" => {
                    let count = value.as_u64().unwrap_or_default();
                    config.max_retries = u32::try_from(count).unwrap_or(u32::MAX);
                }
                "tasks.defaults.retry_delay" => config.retry_delay = value.as_f64(),
                "tasks.defaults.timeout" => config.timeout = value.as_f64(),
                "flows.checkpointing" => config.checkpointing = value == &Json::Bool(true),
                _ => {}
            }
        }
        config
    }
}

const SECRETS: &str = "context.secrets.";

/// The secrets that the configuration of a case names.
pub(crate) fn configured_secrets(case: &Case) -> impl Iterator<Item = (&str, &Json)> {
    case.config
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix(SECRETS)?, value)))
}
