//! What stands for the key store of the operating system in a program without the feature `keyring`.

use std::path::Path;

use super::error::StoreError;
use super::sealed::Key;

pub(super) fn exists() -> bool {
    false
}

pub(super) fn get(path: &Path) -> Result<Option<Key>, StoreError> {
    Err(StoreError::NeedsKeyring(path.to_owned()))
}

pub(super) fn set(path: &Path, _: &Key) -> Result<(), StoreError> {
    Err(StoreError::NeedsKeyring(path.to_owned()))
}
