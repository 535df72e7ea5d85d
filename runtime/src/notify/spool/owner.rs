//! Who is alive: a locked file for each process that uses a spool.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// This process, as the others see it.
pub(super) struct Owner {
    name: String,
    spool: PathBuf,
    /// Locked as long as the process lives, however it ends.
    _lock: File,
}

impl Owner {
    pub(super) fn new(spool: &Path) -> io::Result<Self> {
        let name = Uuid::new_v4().simple().to_string();
        let lock = File::create_new(path(spool, &name))?;
        lock.try_lock()?;
        Ok(Self {
            name,
            spool: spool.to_owned(),
            _lock: lock,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether the process with this name is over.
    pub(super) fn is_dead(&self, name: &str) -> bool {
        if name == self.name {
            return false;
        }
        match File::open(path(&self.spool, name)) {
            Ok(file) => file.try_lock().is_ok(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Removes the files of those who are over, once nothing is theirs.
    pub(super) fn bury(&self, names: &[String]) {
        for name in names.iter().filter(|name| self.is_dead(name)) {
            // Another process may have done it.
            let _ = fs::remove_file(path(&self.spool, name));
        }
    }
}

fn path(spool: &Path, name: &str) -> PathBuf {
    let mut path = spool.as_os_str().to_owned();
    path.push(format!(".{name}"));
    path.into()
}
