//! Why there is no secret. Names, places and files are told, never a value.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use super::keys::StoreKey;
use super::private;
use crate::config::ConfigError;

/// Why there is no secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SecretError {
    /// It is in none of the places.
    NotFound {
        /// The secret's name.
        name: String,
        /// Where it was looked for, in this order.
        places: Vec<String>,
    },
    /// The value is a number, a table or the like, or its bytes are no UTF-8.
    NotText {
        /// The secret's name.
        name: String,
        /// Where it was found.
        place: String,
    },
    /// The environment names a file with the value, which cannot be read.
    Unreadable {
        /// The secret's name.
        name: String,
        /// The environment variable that names the file.
        variable: String,
        /// What the operating system says.
        reason: String,
    },
    /// A file that may hold it cannot be read.
    Config(Arc<ConfigError>),
    /// The store of secrets cannot be opened.
    Store(Arc<StoreError>),
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { name, places } => {
                let places = places.join(", ");
                write!(
                    f,
                    "the secret `{name}` is missing; looked in {places}; \
                     `tribune secret set {name}` stores it"
                )
            }
            Self::NotText { name, place } => {
                write!(f, "the secret `{name}` is no text; found in {place}")
            }
            Self::Unreadable {
                name,
                variable,
                reason,
            } => write!(
                f,
                "the secret `{name}` cannot be read from the file that `{variable}` names: {reason}"
            ),
            Self::Config(error) => fmt::Display::fmt(error, f),
            Self::Store(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl Error for SecretError {}

/// Why the store of secrets cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// Neither `TRIBUNE_HOME` nor a home directory says where it is.
    NoHome,
    /// A file cannot be read or written.
    Io {
        /// What was done, such as `read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// Others than the owner can read this file.
    Shared(PathBuf),
    /// This file is not what this version of the library writes.
    Broken(PathBuf),
    /// The key is missing.
    NoKey {
        /// The store.
        path: PathBuf,
        /// What should open it.
        key: StoreKey,
    },
    /// The key does not open the store, or somebody changed the store.
    WrongKey {
        /// The store.
        path: PathBuf,
        /// What should open it.
        key: StoreKey,
    },
    /// The key is in the key store of the operating system, and the program is built without it.
    NeedsKeyring(PathBuf),
    /// The key store of the operating system does not work.
    KeyStore(String),
}

impl StoreError {
    pub(super) fn io(action: &'static str, path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        Self::Io {
            action,
            path,
            error,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHome => f.write_str(
                "there is no place for secrets: no home directory is known; set TRIBUNE_HOME",
            ),
            Self::Io {
                action,
                path,
                error,
            } => {
                write!(f, "{} cannot be {action}: {error}", path.display())
            }
            Self::Shared(path) => write!(
                f,
                "others can read {}; `{}` mends that",
                path.display(),
                private::mend(path)
            ),
            Self::Broken(path) => write!(
                f,
                "{} is not a store of secrets that this version can read",
                path.display()
            ),
            Self::NoKey { path, key } => {
                write!(f, "{} is sealed, and {key} is missing", path.display())
            }
            Self::WrongKey { path, key } => write!(
                f,
                "{} does not open with {key}, or was changed",
                path.display()
            ),
            Self::NeedsKeyring(path) => write!(
                f,
                "the key of {} is in the key store of this machine: build the program with the feature \
                 `keyring` of tribune; `TRIBUNE_KEY_FILE=PATH tribune secret set NAME` moves it to a file",
                path.display()
            ),
            Self::KeyStore(reason) => {
                write!(f, "the key store of this machine does not work: {reason}")
            }
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
