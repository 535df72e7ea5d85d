//! Secrets: values that nothing prints, and the places where they are looked for.
//!
//! Here is only the order of the places. What the environment and a configuration file say is read in
//! [`config`](crate::config), the sealed file of `tribune secret set` in [`store`].

mod error;
#[cfg_attr(not(feature = "keyring"), path = "secret/no_key_store.rs")]
mod key_store;
mod keys;
mod list;
mod private;
mod sealed;
mod store;
mod value;

use std::borrow::Cow;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::{fmt, fs, io};

use crate::config::{ConfigError, Entry, Environment, File, Process};

pub use error::{SecretError, StoreError};
pub use keys::StoreKey;
pub use list::SecretPlace;
pub(crate) use private::{is_shared, mend};
pub use store::{SecretStore, StoredSecret};
pub use value::Secret;

/// The environment variables with secrets begin with this.
const PREFIX: &str = "TRIBUNE__CONTEXT__SECRETS__";
/// Those that name a file with the secret end with this.
const FILE_SUFFIX: &str = "_FILE";

/// The secrets that a run can use, looked up by name when they are needed.
///
/// A secret is looked for in these places, and the first that has it wins:
///
/// 1. what the program gave the run: `flow.run().secret("NAME", value)`;
/// 2. the environment variable `TRIBUNE__CONTEXT__SECRETS__NAME`, unless it is empty;
/// 3. the file that the environment variable `TRIBUNE__CONTEXT__SECRETS__NAME_FILE` names, as
///    containers are given secrets; the end of its last line is no part of the value;
/// 4. the [`SecretStore`], which `tribune secret set NAME` fills;
/// 5. `[context.secrets]` in `$TRIBUNE_HOME/config.toml`, by default `~/.tribune/config.toml`, which
///    only its owner may be able to read;
/// 6. `[context.secrets]` in `~/.prefect/config.toml`.
///
/// A secret is a text. One that is written as a JSON string, in quotes, loses them, except in the store;
/// nothing else is parsed. A secret that was found is not looked for again; the store and the
/// configuration files are read once, when a secret is first looked for in them.
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
    stored: OnceLock<Result<Vec<StoredSecret>, Arc<StoreError>>>,
    files: [OnceLock<Result<File, Arc<ConfigError>>>; 2],
    /// What was found so far.
    found: Mutex<Vec<Found>>,
}

/// A value that must not be in a message.
struct Found {
    /// Under which name; none for a part of another one.
    name: Option<String>,
    value: Secret,
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
            stored: OnceLock::new(),
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
        let known = |found: &&Found| found.name.as_deref() == Some(name);
        if let Some(found) = self.found().iter().find(known) {
            return Ok(found.value.clone());
        }
        let value = self.look_up(name)?;
        let name = Some(name.to_owned());
        let found = Found { name, value };
        let value = found.value.clone();
        self.found().push(found);
        Ok(value)
    }

    /// Takes this text out of messages too: it is a part of a secret that is one by itself.
    pub(crate) fn hide(&self, part: &str) {
        let mut found = self.found();
        if !found.iter().any(|found| found.value.expose() == part) {
            let (name, value) = (None, part.into());
            found.push(Found { name, value });
        }
    }

    fn found(&self) -> MutexGuard<'_, Vec<Found>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text without the secrets that the run was given or has looked up.
    pub(crate) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let found = self.found();
        let found = found.iter().map(|found| &found.value);
        let given = self.given.iter().map(|(_, secret)| secret);
        let mut text = Cow::Borrowed(text);
        for secret in given.chain(found).map(Secret::expose) {
            if secret.len() >= SHORTEST && text.contains(secret) {
                text = Cow::Owned(text.replace(secret, "[REDACTED]"));
            }
        }
        text
    }

    fn look_up(&self, name: &str) -> Result<Secret, SecretError> {
        if let Some((_, value)) = self.given.iter().rev().find(|(given, _)| given == name) {
            return Ok(Secret::parse(value.expose()));
        }
        let mut places = vec!["what the run was given".to_owned()];
        if let Some(secret) = self.in_environment(name, &mut places)? {
            return Ok(secret);
        }
        if let Some(secret) = self.stored()?.iter().find(|stored| stored.name() == name) {
            return Ok(secret.value().clone());
        }
        places.push(self.store_place());
        for at in 0..self.files.len() {
            let file = self.file(at)?;
            match file.secret(name) {
                Some(Entry::Text(secret)) => return Ok(secret.clone()),
                Some(Entry::Other) => return Err(not_text(name, file.place())),
                None => places.push(file.place().to_owned()),
            }
        }
        Err(SecretError::NotFound {
            name: name.to_owned(),
            places,
        })
    }

    /// The secret in one of its variables, whose names are added to the places.
    fn in_environment(
        &self,
        name: &str,
        places: &mut Vec<String>,
    ) -> Result<Option<Secret>, SecretError> {
        let variable = format!("{PREFIX}{name}");
        let place = list::in_variable(&variable);
        if let Some(value) = self.variable(&variable) {
            let value = value.to_str().ok_or_else(|| not_text(name, &place))?;
            return Ok(Some(Secret::parse(value)));
        }
        places.push(place);
        let variable = variable + FILE_SUFFIX;
        let place = list::in_file_of(&variable);
        let Some(path) = self.variable(&variable) else {
            places.push(place);
            return Ok(None);
        };
        match fs::read_to_string(path) {
            Ok(text) => {
                let text = text.strip_suffix('\n').unwrap_or(&text);
                Ok(Some(Secret::parse(text.strip_suffix('\r').unwrap_or(text))))
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(not_text(name, &place)),
            Err(error) => Err(SecretError::Unreadable {
                name: name.to_owned(),
                variable,
                reason: error.to_string(),
            }),
        }
    }

    /// The variable of this name, unless it is empty.
    fn variable(&self, name: &str) -> Option<OsString> {
        let value = self.environment.variable(name);
        value.filter(|value| !value.is_empty())
    }

    /// What is in the store, read when a secret is first looked for there.
    fn stored(&self) -> Result<&[StoredSecret], SecretError> {
        let stored = self
            .stored
            .get_or_init(|| match SecretStore::within(&*self.environment) {
                Some(store) => store.list().map_err(Arc::new),
                None => Ok(Vec::new()),
            });
        let stored = stored.as_deref();
        stored.map_err(|error| SecretError::Store(Arc::clone(error)))
    }

    fn store_place(&self) -> String {
        match SecretStore::within(&*self.environment) {
            Some(store) => format!("the store {}", store.path().display()),
            None => "the store (no home directory is known)".to_owned(),
        }
    }

    /// The file at this place in the order, read when it is first asked for.
    fn file(&self, at: usize) -> Result<&File, SecretError> {
        let read = || match at {
            0 => File::read_own(self.environment.own_file(), "~/.tribune/config.toml"),
            _ => File::read_original(self.environment.original_file(), "~/.prefect/config.toml"),
        };
        let file = self.files[at].get_or_init(|| read().map_err(Arc::new));
        file.as_ref()
            .map_err(|error| SecretError::Config(Arc::clone(error)))
    }
}

fn not_text(name: &str, place: &str) -> SecretError {
    SecretError::NotText {
        name: name.to_owned(),
        place: place.to_owned(),
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

#[cfg(test)]
pub(crate) mod tests;
