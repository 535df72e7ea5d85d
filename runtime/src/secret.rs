//! Secrets: values that nothing prints, and the places where they are looked for.
//!
//! What a place holds is read in [`config`](crate::config); here is only the order of the places.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use secrecy::{ExposeSecret, SecretString};

use crate::config::{ConfigError, Entry, Environment, File, Process};

/// A value that is never printed: a token, a password, the URL of a webhook.
///
/// # Examples
///
/// ```
/// use tribune::Secret;
///
/// let secret = Secret::from("hunter2");
/// assert_eq!(format!("{secret:?}"), "Secret([REDACTED])");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The value itself, for the one place that has to use it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The value that `text` stands for: a JSON string loses its quotes.
    pub(crate) fn parse(text: &str) -> Self {
        let quoted = text.trim().starts_with('"');
        match serde_json::from_str::<String>(text) {
            Ok(inner) if quoted => inner.into(),
            _ => text.into(),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([REDACTED])")
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self(value.into())
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value.into())
    }
}

/// The secrets that a run can use, looked up by name when they are needed.
///
/// A secret is looked for in these places, and the first that has it wins:
///
/// 1. what the program gave the run: `flow.run().secret("NAME", value)`;
/// 2. the environment variable `TRIBUNE__CONTEXT__SECRETS__NAME`, unless it is empty;
/// 3. `[context.secrets]` in `$TRIBUNE_HOME/config.toml`, by default `~/.tribune/config.toml`;
/// 4. `[context.secrets]` in `~/.prefect/config.toml`.
///
/// A secret is a text. One that is written as a JSON string, in quotes, loses them; nothing else is
/// parsed. Each file is read once, when a secret is first looked for in it.
///
/// # Examples
///
/// ```
/// use tribune::Secrets;
///
/// let secrets = Secrets::new().with("PASSWORD", "hunter2");
/// assert_eq!(secrets.get("PASSWORD")?.expose(), "hunter2");
///
/// let error = secrets.get("PASSW0RD").unwrap_err();
/// assert!(error.to_string().contains("TRIBUNE__CONTEXT__SECRETS__PASSW0RD"));
/// # Ok::<(), tribune::SecretError>(())
/// ```
pub struct Secrets {
    given: Vec<(String, Secret)>,
    environment: Box<dyn Environment>,
    files: [OnceLock<Result<File, Arc<ConfigError>>>; 2],
    /// What was found so far, and must not be in a message.
    found: Mutex<Vec<Secret>>,
}

/// A shorter secret is found in too many words to be cut out of them.
const SHORTEST: usize = 6;

impl Secrets {
    /// The secrets of this process: its environment and the files of its user.
    pub fn new() -> Self {
        Self::within(Process)
    }

    pub(crate) fn within(environment: impl Environment + 'static) -> Self {
        Self {
            given: Vec::new(),
            environment: Box::new(environment),
            files: Default::default(),
            found: Mutex::default(),
        }
    }

    /// The same secrets and this one, which is found before any other of its name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.given.push((name.into(), value.into()));
        self
    }

    /// The secret of this name.
    ///
    /// # Errors
    ///
    /// The secret is in none of the places, or it is no text, or a file cannot be read.
    pub fn get(&self, name: &str) -> Result<Secret, SecretError> {
        let secret = self.look_up(name)?;
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if !found.iter().any(|known| known.expose() == secret.expose()) {
            found.push(secret.clone());
        }
        Ok(secret)
    }

    /// The text without the secrets that the run was given or has looked up.
    pub(crate) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let given = self.given.iter().map(|(_, secret)| secret);
        let mut text = Cow::Borrowed(text);
        for secret in given.chain(found.iter()).map(Secret::expose) {
            if secret.len() >= SHORTEST && text.contains(secret) {
                text = Cow::Owned(text.replace(secret, "[REDACTED]"));
            }
        }
        text
    }

    fn look_up(&self, name: &str) -> Result<Secret, SecretError> {
        let not_text = |place: &str| {
            Err(SecretError::NotText {
                name: name.to_owned(),
                place: place.to_owned(),
            })
        };
        if let Some((_, value)) = self.given.iter().rev().find(|(given, _)| given == name) {
            return Ok(Secret::parse(value.expose()));
        }
        let variable = format!("TRIBUNE__CONTEXT__SECRETS__{name}");
        let value = self
            .environment
            .variable(&variable)
            .filter(|value| !value.is_empty());
        let place = format!("the environment variable `{variable}`");
        if let Some(value) = value {
            return match value.to_str() {
                Some(value) => Ok(Secret::parse(value)),
                None => not_text(&place),
            };
        }
        let mut places = vec!["what the run was given".to_owned(), place];
        for at in 0..self.files.len() {
            let file = self.file(at)?;
            match file.secret(name) {
                Some(Entry::Text(secret)) => return Ok(secret.clone()),
                Some(Entry::Other) => return not_text(file.place()),
                None => places.push(file.place().to_owned()),
            }
        }
        Err(SecretError::NotFound {
            name: name.to_owned(),
            places,
        })
    }

    /// The file at this place in the order, read when it is first asked for.
    fn file(&self, at: usize) -> Result<&File, SecretError> {
        let read = || match at {
            0 => File::read(self.environment.own_file(), "~/.tribune/config.toml"),
            _ => File::read(self.environment.original_file(), "~/.prefect/config.toml"),
        };
        let file = self.files[at].get_or_init(|| read().map_err(Arc::new));
        file.as_ref()
            .map_err(|error| SecretError::Config(Arc::clone(error)))
    }
}

impl Default for Secrets {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given: Vec<&str> = self.given.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Secrets")
            .field("given", &given)
            .finish_non_exhaustive()
    }
}

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
    /// A file that may hold it cannot be read.
    Config(Arc<ConfigError>),
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { name, places } => {
                write!(
                    f,
                    "the secret `{name}` is missing; looked in {}",
                    places.join(", ")
                )
            }
            Self::NotText { name, place } => {
                write!(f, "the secret `{name}` is no text; found in {place}")
            }
            Self::Config(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl std::error::Error for SecretError {}

#[cfg(test)]
mod tests;
