//! The store: a sealed file with the secrets of one user, and where its key is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::StoreError;
use super::keys::{Keys, StoreKey};
use super::private;
use super::sealed::{Header, Key};
use super::value::Secret;
use crate::config::{Environment, Process};

/// The secrets that a user keeps on this machine, in one sealed file.
///
/// The file is `secrets.sealed` in `$TRIBUNE_HOME`, by default `~/.tribune`; only its owner may read it.
/// It is encrypted and authenticated, and its key is
///
/// * a passphrase, if the environment variable `TRIBUNE_PASSPHRASE` is set when it is written;
/// * else the file that `TRIBUNE_KEY_FILE` names, if it is set;
/// * else in the key store of the operating system, with the feature `keyring` and where there is one;
/// * else the file `secrets.key` beside the store.
///
/// The key is made with the first secret. A passphrase or a named key file that is new takes the place of
/// the key that there is, as soon as something is stored.
///
/// A key file beside the store keeps the secrets out of backups and out of what is copied or shown by
/// accident, as long as it is not copied too; it does not keep them from who can read both.
///
/// Several processes can use the store at the same time. The program `tribune` fills it, and
/// [`Secrets`](crate::Secrets) looks in it.
///
/// # Examples
///
/// ```no_run
/// use tribune::SecretStore;
///
/// let store = SecretStore::open()?;
/// store.set("OPS_WEBHOOK", "https://hooks.slack.com/services/...", [("channel", "#ops")])?;
/// for secret in store.list()? {
///     println!("{} {:?}", secret.name(), secret.about().get("channel"));
/// }
/// # Ok::<(), tribune::StoreError>(())
/// ```
#[derive(Debug)]
pub struct SecretStore {
    folder: PathBuf,
    path: PathBuf,
    keys: Keys,
}

/// A secret in the store, and what is known about it besides.
#[derive(Clone, Debug)]
pub struct StoredSecret {
    name: String,
    value: Secret,
    about: BTreeMap<String, String>,
}

impl StoredSecret {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value.
    pub fn value(&self) -> &Secret {
        &self.value
    }

    /// What was noted when it was stored, such as the channel of a webhook.
    pub fn about(&self) -> &BTreeMap<String, String> {
        &self.about
    }
}

/// An entry as the file has it.
#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(serialize_with = "expose", deserialize_with = "conceal")]
    value: Secret,
    #[serde(default)]
    about: BTreeMap<String, String>,
}

fn expose<S: Serializer>(value: &Secret, output: S) -> Result<S::Ok, S::Error> {
    output.serialize_str(value.expose())
}

fn conceal<'de, D: Deserializer<'de>>(input: D) -> Result<Secret, D::Error> {
    String::deserialize(input).map(Secret::from)
}

type Entries = BTreeMap<String, Entry>;

impl SecretStore {
    /// The store of this user, which need not exist yet.
    ///
    /// # Errors
    ///
    /// No home directory is known, and `TRIBUNE_HOME` is not set.
    pub fn open() -> Result<Self, StoreError> {
        Self::within(&Process).ok_or(StoreError::NoHome)
    }

    pub(crate) fn within(environment: &dyn Environment) -> Option<Self> {
        let folder = environment.folder()?;
        let [path, key_file] = private::paths(&folder);
        let keys = Keys::new(environment, path.clone(), key_file);
        Some(Self { folder, path, keys })
    }

    /// The sealed file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What opens it, or will if it does not exist yet.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn key(&self) -> Result<StoreKey, StoreError> {
        let holder = match self.read()? {
            Some((header, _)) => header.holder,
            None => self.keys.usual(),
        };
        Ok(self.keys.describe(holder))
    }

    /// The secret of this name.
    ///
    /// # Errors
    ///
    /// The file cannot be read or opened.
    pub fn get(&self, name: &str) -> Result<Option<StoredSecret>, StoreError> {
        Ok(self.list()?.into_iter().find(|secret| secret.name == name))
    }

    /// All secrets, by their names.
    ///
    /// # Errors
    ///
    /// The file cannot be read or opened.
    pub fn list(&self) -> Result<Vec<StoredSecret>, StoreError> {
        let stored = |(name, entry): (String, Entry)| StoredSecret {
            name,
            value: entry.value,
            about: entry.about,
        };
        let opened = self.opened()?;
        Ok(opened
            .into_iter()
            .flat_map(|(_, _, entries)| entries)
            .map(stored)
            .collect())
    }

    /// Stores a secret, in place of the one of this name if there is one.
    ///
    /// # Errors
    ///
    /// The file cannot be read, opened or written.
    pub fn set<'a>(
        &self,
        name: &str,
        value: impl Into<Secret>,
        about: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), StoreError> {
        let about = about
            .into_iter()
            .map(|(key, text)| (key.to_owned(), text.to_owned()));
        let entry = Entry {
            value: value.into(),
            about: about.collect(),
        };
        self.change(|entries| {
            entries.insert(name.to_owned(), entry);
            true
        })?;
        Ok(())
    }

    /// Removes a secret, and tells whether it was there.
    ///
    /// # Errors
    ///
    /// The file cannot be read, opened or written.
    pub fn remove(&self, name: &str) -> Result<bool, StoreError> {
        self.change(|entries| entries.remove(name).is_some())
    }

    /// Changes the content, if `change` says that it did, while no other process does.
    fn change(&self, change: impl FnOnce(&mut Entries) -> bool) -> Result<bool, StoreError> {
        let _lock = private::lock(&self.folder)?;
        let (old, mut entries) = match self.opened()? {
            Some((header, key, entries)) => (Some((header, key)), entries),
            None => (None, Entries::new()),
        };
        if !change(&mut entries) {
            return Ok(false);
        }
        let (header, key) = self.keys.instead_of(old)?;
        let content = serde_json::to_vec(&entries).map(Zeroizing::new);
        let content = content.expect("texts can be written as JSON");
        private::write(&self.path, &header.seal(&key, &content))?;
        Ok(true)
    }

    /// The file as it is, if there is one.
    fn read(&self) -> Result<Option<(Header, Vec<u8>)>, StoreError> {
        let Some(bytes) = private::read(&self.path)? else {
            return Ok(None);
        };
        match Header::read(&bytes) {
            Some((header, rest)) => Ok(Some((header, rest.to_owned()))),
            None => Err(StoreError::Broken(self.path.clone())),
        }
    }

    /// The content of the file, if there is one.
    fn opened(&self) -> Result<Option<(Header, Key, Entries)>, StoreError> {
        let Some((header, rest)) = self.read()? else {
            return Ok(None);
        };
        let path = self.path.clone();
        let key = self.keys.of(&header)?;
        let Some(content) = header.open(&key, &rest) else {
            let key = self.keys.describe(header.holder);
            return Err(StoreError::WrongKey { path, key });
        };
        // The error would quote what it cannot take.
        let entries = serde_json::from_slice(&content).map_err(|_| StoreError::Broken(path))?;
        Ok(Some((header, key, entries)))
    }
}

#[cfg(test)]
mod tests;
