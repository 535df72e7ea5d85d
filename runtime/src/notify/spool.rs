//! Messages that survive the end of the program: [`Spool`], a file that several programs share.
//!
//! A message is written down before its handler returns, and taken out when it is settled. What a
//! program leaves behind, however it ended, is sent by the next one. The file holds texts of messages
//! and names of secrets, never a secret.
//!
//! `SQLite` keeps the file: it lets several processes write at the same time, and what was written
//! survives the death of the writer at any moment. Who is alive is known by locks on files beside it,
//! which the operating system lets go of when their process ends.

mod owner;
mod ticket;

pub(super) use ticket::Ticket;

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, TransactionBehavior, named_params, params};

use super::alert::Alert;
use super::lane::Policy;
use owner::Owner;

/// How long a write waits for that of another process. A handler waits with it.
const PATIENCE: Duration = Duration::from_millis(250);
/// After how many settled messages the file is tidied up.
const TIDY: u64 = 256;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY,
        -- The process that will send it, and its number for the message; none for one that is left behind.
        owner TEXT,
        parcel INTEGER,
        -- Where it goes: the kind of channel, and the name of the secret with the address.
        channel TEXT NOT NULL,
        destination TEXT NOT NULL,
        alert TEXT NOT NULL,
        -- How it is sent.
        policy TEXT NOT NULL,
        -- Milliseconds since 1970.
        accepted INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        -- Whether it may have arrived.
        tried INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX IF NOT EXISTS of_owner ON messages (owner, parcel);
";

/// A file with the messages that are not settled.
pub(crate) struct Spool {
    file: PathBuf,
    owner: Owner,
    /// For the threads that change states; they must not wait for the others.
    accepting: Mutex<Connection>,
    /// For the threads that send.
    sending: Mutex<Connection>,
    parcels: AtomicI64,
    settled: AtomicU64,
}

/// A message that an earlier program left behind.
pub(super) struct Left {
    pub(super) ticket: Ticket,
    pub(super) channel: String,
    pub(super) destination: String,
    pub(super) alert: Alert,
    pub(super) accepted: SystemTime,
    pub(super) policy: Policy,
}

/// What is written down about a message.
pub(super) struct Note<'a> {
    pub(super) channel: &'a str,
    pub(super) destination: &'a str,
    pub(super) alert: &'a Alert,
    pub(super) accepted: SystemTime,
    pub(super) policy: Policy,
}

impl Spool {
    /// The spool in this file, which is made if it is not there. A process has one for each file.
    ///
    /// # Errors
    ///
    /// Why the file cannot be used, in words.
    pub(crate) fn open(file: &Path) -> Result<Arc<Self>, String> {
        static SPOOLS: Mutex<Vec<Arc<Spool>>> = Mutex::new(Vec::new());

        let mut spools = SPOOLS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(spool) = spools.iter().find(|spool| spool.file == file) {
            return Ok(Arc::clone(spool));
        }
        let problem = |error: String| {
            let file = file.display();
            format!("notifications cannot be kept in {file}: {error}")
        };
        create(file).map_err(|error| problem(error.to_string()))?;
        let connect = || connect(file).map_err(|error| problem(error.to_string()));
        let spool = Arc::new(Self {
            file: file.to_owned(),
            owner: Owner::new(file).map_err(|error| problem(error.to_string()))?,
            accepting: Mutex::new(connect()?),
            sending: Mutex::new(connect()?),
            parcels: AtomicI64::new(0),
            settled: AtomicU64::new(0),
        });
        spools.push(Arc::clone(&spool));
        Ok(spool)
    }

    /// Writes a message down. From then on it is sent, if not by this process, then by another.
    pub(super) fn keep(self: &Arc<Self>, note: &Note<'_>) -> Option<Ticket> {
        let parcel = self.next();
        let alert = serde_json::to_string(note.alert).expect("an alert is plain data");
        let accepted = millis(note.accepted);
        let policy = serde_json::to_string(&note.policy).expect("a policy is plain data");
        let max_age = i64::try_from(note.policy.max_age.as_millis()).unwrap_or(i64::MAX);
        let insert = "INSERT INTO messages
            (owner, parcel, channel, destination, alert, policy, accepted, expires)
            VALUES (:owner, :parcel, :channel, :destination, :alert, :policy, :accepted, :expires)";
        let connection = lock(&self.accepting);
        let kept = connection.prepare_cached(insert).and_then(|mut insert| {
            insert.execute(named_params! {
                ":owner": self.owner.name(),
                ":parcel": parcel,
                ":channel": note.channel,
                ":destination": note.destination,
                ":alert": alert,
                ":policy": policy,
                ":accepted": accepted,
                ":expires": accepted.saturating_add(max_age),
            })
        });
        match kept {
            Ok(_) => Some(self.ticket(parcel)),
            Err(error) => {
                tracing::error!("a message would not survive the end of the program: {error}");
                None
            }
        }
    }

    /// Takes over what is left behind: by runs that are over, and by processes that are.
    pub(super) fn claim(self: &Arc<Self>) -> Vec<Left> {
        match self.try_claim() {
            Ok(left) => left,
            Err(error) => {
                tracing::error!("messages that were left behind cannot be read: {error}");
                Vec::new()
            }
        }
    }

    fn try_claim(self: &Arc<Self>) -> rusqlite::Result<Vec<Left>> {
        let mut connection = lock(&self.sending);
        // One process after the other: none takes what another has just taken.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let owners = {
            let mut owners = transaction
                .prepare_cached("SELECT DISTINCT owner FROM messages WHERE owner IS NOT NULL")?;
            let owners = owners.query_map([], |row| row.get(0))?;
            owners.collect::<rusqlite::Result<Vec<String>>>()?
        };
        for owner in owners.iter().filter(|owner| self.owner.is_dead(owner)) {
            transaction.execute("UPDATE messages SET owner = NULL WHERE owner = ?", [owner])?;
        }
        let expired = transaction.execute(
            "DELETE FROM messages WHERE owner IS NULL AND expires < ?",
            [millis(SystemTime::now())],
        )?;
        if expired > 0 {
            tracing::warn!("{expired} messages of earlier programs are too old to be sent");
        }
        let mut left = Vec::new();
        {
            let mut rows = transaction.prepare_cached(
                "SELECT id, channel, destination, alert, policy, accepted, tried
                 FROM messages WHERE owner IS NULL ORDER BY id",
            )?;
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                let (id, parcel): (i64, i64) = (row.get(0)?, self.next());
                transaction
                    .prepare_cached("UPDATE messages SET owner = ?, parcel = ? WHERE id = ?")?
                    .execute(params![self.owner.name(), parcel, id])?;
                left.extend(self.left(row, parcel)?);
            }
        }
        transaction.commit()?;
        self.owner.bury(&owners);
        Ok(left)
    }

    fn left(
        self: &Arc<Self>,
        row: &rusqlite::Row<'_>,
        parcel: i64,
    ) -> rusqlite::Result<Option<Left>> {
        let (alert, policy): (String, String) = (row.get(3)?, row.get(4)?);
        let (Ok(mut alert), Ok(policy)) = (
            serde_json::from_str::<Alert>(&alert),
            serde_json::from_str(&policy),
        ) else {
            // It was written by another version, and only that one can send it.
            return Ok(None);
        };
        if row.get::<_, bool>(6)? {
            alert.repeat();
        }
        let accepted: i64 = row.get(5)?;
        let accepted = Duration::from_millis(u64::try_from(accepted).unwrap_or(0));
        Ok(Some(Left {
            ticket: self.ticket(parcel),
            channel: row.get(1)?,
            destination: row.get(2)?,
            alert,
            accepted: SystemTime::UNIX_EPOCH + accepted,
            policy,
        }))
    }

    fn next(&self) -> i64 {
        self.parcels.fetch_add(1, Ordering::Relaxed)
    }

    fn ticket(self: &Arc<Self>, parcel: i64) -> Ticket {
        Ticket::new(Arc::clone(self), parcel)
    }

    /// Changes the rows of a parcel.
    fn change(&self, connection: &Mutex<Connection>, change: &str, parcel: i64) {
        let connection = lock(connection);
        let changed = connection
            .prepare_cached(change)
            .and_then(|mut change| change.execute(params![self.owner.name(), parcel]));
        if let Err(error) = changed {
            tracing::error!("what became of a message cannot be written down: {error}");
        }
    }

    /// Moves what was written into the file itself, now and then, and never on a thread of a task.
    fn tidy(&self) {
        let settled = self.settled.fetch_add(1, Ordering::Relaxed);
        if settled % TIDY == TIDY - 1 {
            let connection = lock(&self.sending);
            let tidied = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            if let Err(error) = tidied {
                tracing::debug!("the spool was not tidied up: {error}");
            }
        }
    }
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// Makes the file and its folder, for this user only.
fn create(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // What is written survives the process at once, and a failure of the power after the next tidying.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// How many messages are in the file, by the names of their destinations.
#[cfg(test)]
pub(super) fn waiting(file: &Path) -> std::collections::HashMap<String, u64> {
    let connection = connect(file).unwrap();
    let mut rows = connection
        .prepare("SELECT destination, count(*) FROM messages GROUP BY destination")
        .unwrap();
    let rows = rows.query_map([], |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[cfg(test)]
mod tests;
