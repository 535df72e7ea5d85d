//! The key of the store in the key store of the operating system.

use std::path::Path;

use keyring::{Entry, Error};
use secrecy::zeroize::Zeroizing;

use super::error::StoreError;
use super::sealed::Key;

/// Tells whether this machine has a key store that works. A server often has none.
pub(super) fn exists() -> bool {
    Entry::store_status().is_ok()
}

/// The key of this file, if there is one.
pub(super) fn get(path: &Path) -> Result<Option<Key>, StoreError> {
    let secret = match entry(path)?.get_secret() {
        Ok(secret) => Zeroizing::new(secret),
        Err(Error::NoEntry) => return Ok(None),
        Err(error) => return Err(trouble(&error)),
    };
    let key = <[u8; 32]>::try_from(secret.as_slice());
    let key = key.map_err(|_| StoreError::KeyStore("its entry is no key".to_owned()))?;
    Ok(Some(Zeroizing::new(key)))
}

/// Keeps the key of this file.
pub(super) fn set(path: &Path, key: &Key) -> Result<(), StoreError> {
    let kept = entry(path)?.set_secret(&**key);
    kept.map_err(|error| trouble(&error))
}

/// Each store has an entry of its own, by its path.
fn entry(path: &Path) -> Result<Entry, StoreError> {
    // What `new` says of a key store that cannot be reached is not why.
    Entry::store_status().as_ref().map_err(trouble)?;
    let entry = Entry::new("tribune", &path.display().to_string());
    entry.map_err(|error| trouble(&error))
}

fn trouble(error: &Error) -> StoreError {
    StoreError::KeyStore(error.to_string())
}
