//! Files that only their owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::StoreError;
use crate::config::is_missing;

/// The bytes of a private file, unless there is no such file.
///
/// # Errors
///
/// It cannot be read, or others can read it as well.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(StoreError::io("read", path, error)),
    };
    if is_shared(path) {
        return Err(StoreError::Shared(path.to_owned()));
    }
    Ok(Some(bytes))
}

/// Writes a private file as a whole: who reads it meanwhile sees the old one or the new one.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    // What an earlier process with this number left behind when it was killed.
    let _ = fs::remove_file(&new);
    let written = (|| {
        let mut file = options().write(true).create_new(true).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    })();
    written.map_err(|error| {
        let _ = fs::remove_file(&new);
        StoreError::io("written", path, error)
    })
}

/// Keeps other processes from writing in this folder, which is made if it is missing, until the
/// answer is dropped.
pub(super) fn lock(folder: &Path) -> Result<File, StoreError> {
    make_folder(folder).map_err(|error| StoreError::io("made", folder, error))?;
    let path = folder.join("secrets.lock");
    let lock = options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let lock = lock.and_then(|lock| lock.lock().map(|()| lock));
    lock.map_err(|error| StoreError::io("locked", &path, error))
}

#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Tells whether others than the owner can read the file.
#[cfg(unix)]
pub(crate) fn is_shared(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o077 != 0)
}

/// Windows gives the files of a user's folder to that user alone.
#[cfg(not(unix))]
pub(crate) fn is_shared(_: &Path) -> bool {
    false
}

/// The command that makes a file private, to be pasted into a shell.
pub(crate) fn mend(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:".contains(c);
    if path.chars().all(plain) {
        format!("chmod 600 {path}")
    } else {
        format!("chmod 600 '{}'", path.replace('\'', r"'\''"))
    }
}

/// The store and its key, in this folder.
pub(super) fn paths(folder: &Path) -> [PathBuf; 2] {
    ["secrets.sealed", "secrets.key"].map(|name| folder.join(name))
}
