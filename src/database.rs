//! Opens the SQLite files that depbot owns: makes them, brings their schema up to date, refuses what is not its own.
//!
//! What is in them belongs to [`crate::journal`] and the local forge.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

/// How long a statement waits for another process to finish its transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How often the change of a new file's journal mode is tried again, and what is waited before each time.
const WAL_ATTEMPTS: u32 = 500;
const WAL_PAUSE: Duration = Duration::from_millis(10);

/// A kind of database file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    /// What it is, for messages: "journal".
    pub kind: &'static str,
    /// Marks a file as of this kind (SQLite's `application_id`).
    pub application_id: i32,
    /// What makes version n+1 out of version n (SQLite's `user_version`), from an empty file on.
    pub migrations: &'static [&'static str],
}

impl Schema {
    /// The newest version.
    fn version(&self) -> u32 {
        u32::try_from(self.migrations.len()).expect("the migrations are a handful of constants")
    }
}

/// Why a database file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The file is there, but something else made it.
    #[error("{} is not a {kind} of depbot", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it should be.
        kind: &'static str,
    },
    /// A newer depbot has written it.
    #[error("{} is a {kind} of version {found}; this depbot knows versions up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
        /// Its version.
        found: u32,
        /// The newest version that can be read.
        known: u32,
    },
    /// Its folder cannot be made.
    #[error("the folder of {} cannot be made: {source}", path.display())]
    Folder {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// It cannot be opened, read or written.
    #[error("{} cannot be used: {source}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: rusqlite::Error,
    },
}

/// Opens the database at `path`, and makes it with its folder where there is none.
///
/// Foreign keys are enforced, the journal mode is WAL, and statements wait for other processes.
pub(crate) fn open(path: &Path, schema: &Schema) -> Result<Connection, DatabaseError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| DatabaseError::Folder { path: path.to_path_buf(), source })?;
    }
    let describe = |source: rusqlite::Error| describe(path, schema, source);
    let mut connection = Connection::open(path).map_err(describe)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(describe)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(describe)?;
    migrate(&mut connection, path, schema)?;
    write_ahead(&connection).map_err(describe)?;
    Ok(connection)
}

/// Sets the journal mode to WAL. SQLite does not wait for others that do the same at this moment: it says that it is
/// busy at once.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    for _ in 0..WAL_ATTEMPTS {
        match connection.pragma_update(None, "journal_mode", "wal") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => std::thread::sleep(WAL_PAUSE),
            result => return result,
        }
    }
    connection.pragma_update(None, "journal_mode", "wal")
}

/// Brings the schema up to date, in one transaction so that two processes may do it at once.
fn migrate(connection: &mut Connection, path: &Path, schema: &Schema) -> Result<(), DatabaseError> {
    let describe = |source: rusqlite::Error| describe(path, schema, source);
    let snapshot = connection.transaction().map_err(describe)?;
    if version(&snapshot, path, schema)? == schema.version() {
        return Ok(());
    }
    drop(snapshot);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(describe)?;
    let from = version(&transaction, path, schema)?;
    for step in schema.migrations.iter().skip(from as usize) {
        transaction.execute_batch(step).map_err(describe)?;
    }
    transaction.pragma_update(None, "application_id", schema.application_id).map_err(describe)?;
    transaction.pragma_update(None, "user_version", schema.version()).map_err(describe)?;
    transaction.commit().map_err(describe)
}

/// The version of the schema in the file; 0 for an empty file. To be called in a transaction: it reads three things.
fn version(connection: &Transaction<'_>, path: &Path, schema: &Schema) -> Result<u32, DatabaseError> {
    let describe = |source: rusqlite::Error| describe(path, schema, source);
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(describe);
    let found = u32::try_from(number("PRAGMA user_version")?).unwrap_or(u32::MAX);
    let ours = number("PRAGMA application_id")? == i64::from(schema.application_id);
    let empty = number("SELECT count(*) FROM sqlite_schema")? == 0;
    let known = schema.version();
    match (ours, empty) {
        (false, true) => Ok(0),
        (false, false) => Err(DatabaseError::Foreign { path: path.to_path_buf(), kind: schema.kind }),
        (true, _) if found > known => {
            Err(DatabaseError::Newer { path: path.to_path_buf(), kind: schema.kind, found, known })
        }
        (true, _) => Ok(found),
    }
}

fn describe(path: &Path, schema: &Schema, source: rusqlite::Error) -> DatabaseError {
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => DatabaseError::Foreign { path: path.to_path_buf(), kind: schema.kind },
        _ => DatabaseError::Unusable { path: path.to_path_buf(), source },
    }
}
