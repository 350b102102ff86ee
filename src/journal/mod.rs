//! The append-only record of the events of all runs, and the verdicts they came to.
//!
//! Everything else about the past is folded from the events. Calls block: call them where blocking is allowed.

mod fold;
mod row;
mod schema;
mod verdicts;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, Row, Transaction, TransactionBehavior, params};

pub use fold::fold;
pub use verdicts::VerdictKey;

use crate::database::{self, DatabaseError};
use crate::model::{
    Event, EventBody, PullRequestChange, PullRequestNumber, RepoName, RepositorySummary, RunId, RunMode, RunSummary,
};
use crate::process::failpoint;
use crate::wire;

/// The journal: one SQLite file, used by any number of threads and processes at once.
#[derive(Clone, Debug)]
pub struct Journal {
    connection: Arc<Mutex<Connection>>,
    path: PathBuf,
}

/// The place of an event in the journal; later events have larger ids, and no id is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub i64);

/// One run in a list of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunInfo {
    /// Its id.
    pub run: RunId,
    /// What it was for.
    pub mode: RunMode,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; `None` while it runs, or when it was killed.
    pub finished: Option<Timestamp>,
}

/// Why the journal did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be opened, or is not for this depbot.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A row in it does not say what it should.
    #[error("{} holds something that cannot be read at {place}: {message}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Which row.
        place: String,
        /// What is wrong with it.
        message: String,
    },
}

impl Journal {
    /// Opens the journal at `path`, and makes it with its folder where there is none.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let connection = database::open(path, &schema::JOURNAL)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)), path: path.to_path_buf() })
    }

    /// The id for a run that starts now; no other run, of this or another process, gets the same.
    pub fn new_run_id(&self, started: Timestamp) -> Result<RunId, JournalError> {
        let second = started.strftime("%Y%m%d-%H%M%S").to_string();
        let connection = self.lock();
        let mut text = second.clone();
        for count in 2_u64.. {
            let reserved = connection.execute("INSERT INTO run (id) VALUES (?1) ON CONFLICT DO NOTHING", [&text]);
            if reserved.map_err(|error| self.unusable(error))? == 1 {
                break;
            }
            text = format!("{second}-{count}");
        }
        RunId::new(text).map_err(|error| self.unreadable(&second, &error))
    }

    /// Appends an event. When this returns, a crash of this process loses it no more; and where the event guards an
    /// effect outside of this machine, neither does a loss of power.
    pub fn append(&self, event: &Event) -> Result<EventId, JournalError> {
        let mut connection = self.lock();
        let id = append(&mut connection, event).map_err(|error| self.unusable(error))?;
        failpoint::pass();
        Ok(id)
    }

    /// The events of one run, oldest first.
    pub fn events(&self, run: &RunId) -> Result<Vec<(EventId, Event)>, JournalError> {
        let rows = self.rows("SELECT id, body FROM event WHERE run = ?1 ORDER BY id", [run.as_str()], id_and_text)?;
        self.decode(rows)
    }

    /// At most `limit` events after `id`, oldest first: any range can be read again.
    pub fn events_after(&self, id: EventId, limit: usize) -> Result<Vec<(EventId, Event)>, JournalError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = "SELECT id, body FROM event WHERE id > ?1 ORDER BY id LIMIT ?2";
        let rows = self.rows(sql, [id.0, limit], id_and_text)?;
        self.decode(rows)
    }

    /// Every run that has begun, newest first.
    pub fn runs(&self) -> Result<Vec<RunInfo>, JournalError> {
        let rows = self.rows(schema::RUNS, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        rows.into_iter().map(|row| self.run_info(row)).collect()
    }

    /// The newest run, of one mode or of any.
    pub fn latest_run(&self, mode: Option<RunMode>) -> Result<Option<RunInfo>, JournalError> {
        Ok(self.runs()?.into_iter().find(|run| mode.is_none_or(|mode| mode == run.mode)))
    }

    /// What a run came to so far; `None` when it never began.
    pub fn summary(&self, run: &RunId) -> Result<Option<RunSummary>, JournalError> {
        Ok(fold(self.events(run)?.into_iter().map(|(_, event)| event)))
    }

    /// How each repository ended when it was last part of an upgrade: what `status` and `why` answer from.
    pub fn latest_summaries(&self) -> Result<BTreeMap<RepoName, (RunId, RepositorySummary)>, JournalError> {
        let rows = self.rows(schema::LATEST_SETTLED, [], id_and_text)?;
        let settled = self.decode(rows)?.into_iter().filter_map(|(_, event)| match event.body {
            EventBody::RepositorySettled { summary } => Some((summary.repo.clone(), (event.run, *summary))),
            _ => None,
        });
        Ok(settled.collect())
    }

    /// What became of the pull requests of a repository in all runs, oldest first.
    pub fn pull_request_changes(
        &self,
        repo: &RepoName,
    ) -> Result<Vec<(PullRequestNumber, PullRequestChange)>, JournalError> {
        let rows = self.rows(schema::OF_REPOSITORY, ["pull-request-changed", repo.as_str()], id_and_text)?;
        let changes = self.decode(rows)?.into_iter().filter_map(|(_, event)| match event.body {
            EventBody::PullRequestChanged { number, change, .. } => Some((number, change)),
            _ => None,
        });
        Ok(changes.collect())
    }

    /// Whether a release of a repository is recorded, in whichever run.
    pub fn has_release(&self, repo: &RepoName, tag: &str) -> Result<bool, JournalError> {
        let rows = self.rows(schema::OF_REPOSITORY, ["release-tagged", repo.as_str()], id_and_text)?;
        let is_it = |event: &Event| matches!(&event.body, EventBody::ReleaseTagged { tag: known, .. } if known == tag);
        Ok(self.decode(rows)?.iter().any(|(_, event)| is_it(event)))
    }

    fn decode(&self, rows: Vec<(i64, String)>) -> Result<Vec<(EventId, Event)>, JournalError> {
        let decode = |(id, text): (i64, String)| match wire::event_from_json(&text) {
            Ok(event) => Ok((EventId(id), event)),
            Err(error) => Err(self.unreadable(&format!("event {id}"), &error)),
        };
        rows.into_iter().map(decode).collect()
    }

    fn run_info(
        &self,
        (run, mode, started, finished): (String, String, String, Option<String>),
    ) -> Result<RunInfo, JournalError> {
        let unreadable = |error: &dyn fmt::Display| self.unreadable(&format!("run {run}"), error);
        let time = |text: &str| text.parse::<Timestamp>().map_err(|error| unreadable(&error));
        Ok(RunInfo {
            mode: row::mode_from_text(&mode).ok_or_else(|| unreadable(&format!("there is no mode {mode:?}")))?,
            started: time(&started)?,
            finished: finished.as_deref().map(time).transpose()?,
            run: RunId::new(run.clone()).map_err(|error| unreadable(&error))?,
        })
    }

    /// Every row of a query.
    fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, JournalError> {
        let connection = self.lock();
        let query = || connection.prepare_cached(sql)?.query_map(params, read)?.collect::<rusqlite::Result<Vec<T>>>();
        query().map_err(|error| self.unusable(error))
    }

    /// The first row of a query.
    fn first_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, JournalError> {
        let connection = self.lock();
        let query = || connection.prepare_cached(sql)?.query_row(params, read).optional();
        query().map_err(|error| self.unusable(error))
    }

    /// A thread that panicked has left no transaction open: each is rolled back when it is dropped.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unusable(&self, source: rusqlite::Error) -> JournalError {
        DatabaseError::Unusable { path: self.path.clone(), source }.into()
    }

    fn unreadable(&self, place: &str, message: &dyn fmt::Display) -> JournalError {
        JournalError::Unreadable { path: self.path.clone(), place: place.to_owned(), message: message.to_string() }
    }
}

fn append(connection: &mut Connection, event: &Event) -> rusqlite::Result<EventId> {
    connection.pragma_update(None, "synchronous", row::durability(&event.body))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let id = insert(&transaction, event)?;
    transaction.commit()?;
    Ok(id)
}

fn insert(transaction: &Transaction<'_>, event: &Event) -> rusqlite::Result<EventId> {
    transaction
        .prepare_cached("INSERT INTO run (id) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([event.run.as_str()])?;
    let columns = params![
        event.run.as_str(),
        event.at.to_string(),
        row::kind(&event.body),
        row::repo(&event.body).map(RepoName::as_str),
        row::mode(&event.body),
        wire::event_to_json(event),
    ];
    transaction.prepare_cached(schema::INSERT_EVENT)?.query_row(columns, |row| Ok(EventId(row.get(0)?)))
}

fn id_and_text(row: &Row<'_>) -> rusqlite::Result<(i64, String)> {
    Ok((row.get(0)?, row.get(1)?))
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
