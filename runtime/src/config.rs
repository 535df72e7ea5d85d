//! What the environment and the configuration files say.
//!
//! Only the section `[context.secrets]` is read so far. Messages about a file never quote it: the
//! line with the mistake may hold a secret.

use std::collections::HashMap;
use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fmt, fs, io};

use toml::{Table, Value};

use crate::secret::{Secret, is_shared, mend};

/// What a process is told by those who started it.
pub(crate) trait Environment: Send + Sync {
    /// The environment variable of this name.
    fn variable(&self, name: &str) -> Option<OsString>;

    /// The names of all environment variables.
    fn variables(&self) -> Vec<String>;

    /// Tells whether a key store of the operating system may be looked for.
    fn may_have_key_store(&self) -> bool {
        true
    }

    /// The user's home directory.
    fn home(&self) -> Option<PathBuf>;

    /// The folder of this library.
    fn folder(&self) -> Option<PathBuf> {
        let named = self
            .variable("TRIBUNE_HOME")
            .filter(|home| !home.is_empty());
        match named {
            Some(folder) => Some(PathBuf::from(folder)),
            None => Some(self.home()?.join(".tribune")),
        }
    }

    /// The configuration file of this library.
    fn own_file(&self) -> Option<PathBuf> {
        Some(self.folder()?.join("config.toml"))
    }

    /// The configuration file of the Python library that this one continues.
    fn original_file(&self) -> Option<PathBuf> {
        Some(self.home()?.join(".prefect").join("config.toml"))
    }
}

/// The environment of this process.
pub(crate) struct Process;

impl Environment for Process {
    fn variable(&self, name: &str) -> Option<OsString> {
        env::var_os(name)
    }

    fn variables(&self) -> Vec<String> {
        let names = env::vars_os().map(|(name, _)| name.into_string());
        names.filter_map(Result::ok).collect()
    }

    fn home(&self) -> Option<PathBuf> {
        env::home_dir().filter(|home| !home.as_os_str().is_empty())
    }
}

/// The secrets of one configuration file.
pub(crate) struct File {
    place: String,
    secrets: HashMap<String, Entry>,
}

/// What stands behind the name of a secret.
pub(crate) enum Entry {
    Text(Secret),
    /// A number, a table or the like, which is a mistake only where it is used.
    Other,
}

impl File {
    /// Reads the file, which may be missing; `usual` is what to call it where no home is known.
    fn read(path: Option<PathBuf>, usual: &str) -> Result<Self, ConfigError> {
        let empty = |file: &str, why| Self {
            place: format!("`[context.secrets]` in {file} ({why})"),
            secrets: HashMap::new(),
        };
        let Some(path) = path else {
            return Ok(empty(usual, "no home directory is known"));
        };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if is_missing(&error) => {
                return Ok(empty(&path.display().to_string(), "no such file"));
            }
            Err(error) => {
                return Err(ConfigError {
                    problem: Problem::Unreadable(error),
                    path,
                });
            }
        };
        let secrets = match secrets(&text) {
            Ok(secrets) => secrets,
            Err(problem) => return Err(ConfigError { path, problem }),
        };
        Ok(Self {
            place: format!("`[context.secrets]` in {}", path.display()),
            secrets,
        })
    }

    /// Reads the file of the other library, which did not mind who can read its secrets.
    pub(crate) fn read_original(path: Option<PathBuf>, usual: &str) -> Result<Self, ConfigError> {
        let file = Self::read(path.clone(), usual)?;
        if let Some(path) = path.filter(|path| !file.secrets.is_empty() && is_shared(path)) {
            let command = mend(&path);
            let path = path.display();
            tracing::warn!("others can read {path}, which holds secrets; `{command}` mends that");
        }
        Ok(file)
    }

    /// Reads the file of this library, which only its owner may read if it holds secrets.
    pub(crate) fn read_own(path: Option<PathBuf>, usual: &str) -> Result<Self, ConfigError> {
        let file = Self::read(path.clone(), usual)?;
        match path {
            Some(path) if !file.secrets.is_empty() && is_shared(&path) => Err(ConfigError {
                problem: Problem::Shared,
                path,
            }),
            _ => Ok(file),
        }
    }

    /// The file, in words.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The names of the secrets in the file.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.secrets.keys().map(String::as_str)
    }

    /// The secret of this name, if the file has it.
    pub(crate) fn secret(&self, name: &str) -> Option<&Entry> {
        self.secrets.get(name)
    }
}

/// Tells whether there is no such file.
pub(crate) fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The section `[context.secrets]` of this text.
///
/// It is walked by hand because the errors of serde quote the value that they cannot take.
fn secrets(text: &str) -> Result<HashMap<String, Entry>, Problem> {
    let root: Table = text
        .parse()
        .map_err(|error: toml::de::Error| Problem::Invalid {
            position: error.span().map(|span| position(text, span.start)),
            message: error.message().to_owned(),
        })?;
    let Some(section) = section(&root, "context", "[context]")? else {
        return Ok(HashMap::new());
    };
    let Some(section) = self::section(section, "secrets", "[context.secrets]")? else {
        return Ok(HashMap::new());
    };
    let entry = |value: &Value| match value {
        Value::String(text) => Entry::Text(Secret::parse(text)),
        _ => Entry::Other,
    };
    Ok(section
        .iter()
        .map(|(name, value)| (name.clone(), entry(value)))
        .collect())
}

fn section<'a>(
    table: &'a Table,
    key: &str,
    path: &'static str,
) -> Result<Option<&'a Table>, Problem> {
    match table.get(key) {
        None => Ok(None),
        Some(Value::Table(section)) => Ok(Some(section)),
        Some(_) => Err(Problem::NoSection(path)),
    }
}

/// The line and the column, from 1, of the byte at `offset`.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

/// What is wrong with a configuration file.
#[derive(Debug)]
pub struct ConfigError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Unreadable(io::Error),
    Invalid {
        position: Option<(usize, usize)>,
        message: String,
    },
    NoSection(&'static str),
    Shared,
}

impl ConfigError {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.problem {
            Problem::Unreadable(error) => write!(f, "{path} cannot be read: {error}"),
            Problem::Invalid {
                position: Some((line, column)),
                message,
            } => {
                write!(f, "{path}, line {line}, column {column}: {message}")
            }
            Problem::Invalid {
                position: None,
                message,
            } => write!(f, "{path}: {message}"),
            Problem::Shared => {
                let command = mend(&self.path);
                write!(
                    f,
                    "others can read {path}, which holds secrets; `{command}` mends that"
                )
            }
            Problem::NoSection(section) => write!(f, "{path}: `{section}` is not a section"),
        }
    }
}

impl Error for ConfigError {}

#[cfg(test)]
pub(crate) mod tests;
