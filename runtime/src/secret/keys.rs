//! Where the key of the store is.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use super::error::StoreError;
use super::sealed::{self, Header, Holder, Key};
use super::value::Secret;
use super::{key_store, private};
use crate::config::Environment;

const PASSPHRASE: &str = "TRIBUNE_PASSPHRASE";
const KEY_FILE: &str = "TRIBUNE_KEY_FILE";

/// What opens a [`SecretStore`](crate::SecretStore).
///
/// # Examples
///
/// ```
/// use tribune::StoreKey;
///
/// let key = StoreKey::File("/run/secrets/tribune".into());
/// assert_eq!(key.to_string(), "the key file /run/secrets/tribune");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreKey {
    /// The passphrase in the environment variable `TRIBUNE_PASSPHRASE`.
    Passphrase,
    /// A file with the key.
    File(PathBuf),
    /// The key in the key store of the operating system, which takes the feature `keyring`.
    System,
}

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passphrase => write!(f, "the passphrase in {PASSPHRASE}"),
            Self::File(path) => write!(f, "the key file {}", path.display()),
            Self::System => f.write_str("the key in the key store of this machine"),
        }
    }
}

/// The keys that the environment offers for one store.
#[derive(Debug)]
pub(super) struct Keys {
    store: PathBuf,
    passphrase: Option<Secret>,
    key_file: PathBuf,
    /// Whether the environment names the key file.
    is_named: bool,
    may_have_key_store: bool,
}

impl Keys {
    /// The keys for this store, whose key file is `usual` if no other is named.
    pub(super) fn new(environment: &dyn Environment, store: PathBuf, usual: PathBuf) -> Self {
        let variable = |name| environment.variable(name).filter(|value| !value.is_empty());
        let passphrase = variable(PASSPHRASE).and_then(|value| value.into_string().ok());
        let named = variable(KEY_FILE).map(PathBuf::from);
        Self {
            store,
            passphrase: passphrase.map(Secret::from),
            is_named: named.is_some(),
            key_file: named.unwrap_or(usual),
            may_have_key_store: environment.may_have_key_store(),
        }
    }

    /// The key of a store with this header.
    pub(super) fn of(&self, header: &Header) -> Result<Key, StoreError> {
        self.find(header)?.ok_or_else(|| StoreError::NoKey {
            path: self.store.clone(),
            key: self.describe(header.holder),
        })
    }

    /// The header and the key of a store that is new, or sealed anew because other keys are wanted
    /// than the one that it has.
    pub(super) fn instead_of(
        &self,
        old: Option<(Header, Key)>,
    ) -> Result<(Header, Key), StoreError> {
        let holder = match (self.wanted(), old) {
            (Some(wanted), Some((header, key))) if wanted == header.holder => {
                return Ok((header, key));
            }
            (None, Some(old)) => return Ok(old),
            (Some(wanted), _) => wanted,
            (None, None) => self.usual(),
        };
        let header = Header::new(holder);
        if let Some(key) = self.find(&header)? {
            return Ok((header, key));
        }
        let key = sealed::new_key();
        match holder {
            Holder::Passphrase => unreachable!("a passphrase is wanted only if there is one"),
            Holder::KeyFile => private::write(&self.key_file, &*key)?,
            Holder::KeyStore => key_store::set(&self.store, &key)?,
        }
        Ok((header, key))
    }

    /// Who is to hold the key, if the environment says so.
    fn wanted(&self) -> Option<Holder> {
        let file = self.is_named.then_some(Holder::KeyFile);
        self.passphrase
            .as_ref()
            .map(|_| Holder::Passphrase)
            .or(file)
    }

    /// Who holds the key of a new store if nobody says.
    pub(super) fn usual(&self) -> Holder {
        let has_key_store = self.may_have_key_store && key_store::exists();
        let usual = if has_key_store {
            Holder::KeyStore
        } else {
            Holder::KeyFile
        };
        self.wanted().unwrap_or(usual)
    }

    fn find(&self, header: &Header) -> Result<Option<Key>, StoreError> {
        match header.holder {
            Holder::Passphrase => {
                let passphrase = self.passphrase.as_ref();
                Ok(passphrase.map(|passphrase| header.key(passphrase.expose())))
            }
            Holder::KeyFile => read(&self.key_file),
            Holder::KeyStore => key_store::get(&self.store),
        }
    }

    pub(super) fn describe(&self, holder: Holder) -> StoreKey {
        match holder {
            Holder::Passphrase => StoreKey::Passphrase,
            Holder::KeyFile => StoreKey::File(self.key_file.clone()),
            Holder::KeyStore => StoreKey::System,
        }
    }
}

fn read(path: &Path) -> Result<Option<Key>, StoreError> {
    let Some(bytes) = private::read(path)?.map(Zeroizing::new) else {
        return Ok(None);
    };
    match <[u8; 32]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(Some(Zeroizing::new(key))),
        Err(_) => Err(StoreError::Broken(path.to_owned())),
    }
}
