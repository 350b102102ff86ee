//! The rows of one repository's pull requests.

mod rows;
mod schema;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::database::{self, DatabaseError};
use crate::forge::{Checks, Comment, ForgeError, PullRequestText};
use crate::model::{CommitId, NewPullRequest, PullRequest, PullRequestNumber, RepoName};

/// The pull requests of one repository.
pub(super) struct Store {
    connection: Connection,
    path: PathBuf,
    key: String,
    name: RepoName,
}

/// What is kept of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) pull_request: PullRequest,
    /// The base branch's commit when the pull request was last seen open. It does not hold the head.
    pub(super) base_seen: CommitId,
}

/// A merge that is about to be made, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MergePlan {
    /// The commit that the base branch goes to.
    pub(super) to: CommitId,
    /// The head that it merges.
    pub(super) head: CommitId,
    /// When it was planned.
    pub(super) at: Timestamp,
}

/// What a check says about a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    /// It has not ended.
    Pending,
    /// It is green.
    Passed,
    /// It is red.
    Failed,
}

impl Store {
    /// Opens the file at `path` for the repository called `key` in there and `name` by people.
    pub(super) fn open(path: &Path, key: String, name: RepoName) -> Result<Self, DatabaseError> {
        let connection = database::open(path, &schema::PULL_REQUESTS)?;
        Ok(Self { connection, path: path.to_path_buf(), key, name })
    }

    /// Every pull request, newest first.
    pub(super) fn list(&self) -> Result<Vec<Record>, DatabaseError> {
        let sql = format!("{} WHERE repo = ?1 ORDER BY number DESC", rows::SELECT);
        let query = || {
            let mut statement = self.connection.prepare(&sql)?;
            let records = statement.query_map([&self.key], |row| rows::record(row, &self.name))?;
            records.map(|record| self.with_labels(record?)).collect::<rusqlite::Result<_>>()
        };
        query().map_err(|error| self.unusable(error))
    }

    pub(super) fn find(&self, number: PullRequestNumber) -> Result<Option<Record>, DatabaseError> {
        let sql = format!("{} WHERE repo = ?1 AND number = ?2", rows::SELECT);
        let query = || {
            let record = self
                .connection
                .query_row(&sql, params![self.key, rows::number(number)], |row| rows::record(row, &self.name))
                .optional()?;
            record.map(|record| self.with_labels(record)).transpose()
        };
        query().map_err(|error| self.unusable(error))
    }

    /// Gives a new pull request the next number.
    pub(super) fn insert(
        &self,
        new: &NewPullRequest,
        head: &CommitId,
        base: &CommitId,
        now: Timestamp,
    ) -> Result<PullRequestNumber, ForgeError> {
        let insert = || {
            let transaction = self.transaction()?;
            let open = transaction
                .query_row(schema::OPEN_FOR_HEAD, params![self.key, new.head.as_str()], |row| row.get(0))
                .optional()?;
            if let Some(number) = open {
                return Ok(Err(ForgeError::AlreadyOpen { number: rows::number_of(number) }));
            }
            let row = params![
                self.key,
                new.title,
                new.body,
                new.head.as_str(),
                new.base.as_str(),
                head.as_str(),
                base.as_str(),
                now.to_string()
            ];
            let number: i64 = transaction.query_row(schema::INSERT, row, |row| row.get(0))?;
            self.add_labels(number, &new.labels)?;
            transaction.commit()?;
            Ok(Ok(rows::number_of(number)))
        };
        insert().map_err(|error| self.unusable(error))?
    }

    /// Keeps where the branches of an open pull request were seen.
    pub(super) fn see(&self, record: &Record) -> Result<(), DatabaseError> {
        let pull_request = &record.pull_request;
        let sql = "UPDATE pull_request SET head_commit = ?3, base_seen = ?4
                   WHERE repo = ?1 AND number = ?2 AND state = 'open'";
        let number = rows::number(pull_request.number);
        let row = params![self.key, number, pull_request.head_commit.as_str(), record.base_seen.as_str()];
        self.execute(sql, row)
    }

    /// Keeps how an open pull request ended. One that has ended stays as it did: the answer is what is kept.
    pub(super) fn end(&self, record: Record) -> Result<Record, DatabaseError> {
        let pull_request = &record.pull_request;
        let number = rows::number(pull_request.number);
        let end = || {
            let transaction = self.transaction()?;
            let row = params![
                self.key,
                number,
                pull_request.state.as_str(),
                pull_request.head_commit.as_str(),
                pull_request.merge_commit.as_ref().map(CommitId::as_str),
                pull_request.ended.map(|ended| ended.to_string())
            ];
            transaction.execute(schema::END, row)?;
            transaction.execute("DELETE FROM merge_plan WHERE repo = ?1 AND number = ?2", params![self.key, number])?;
            transaction.commit()
        };
        end().map_err(|error| self.unusable(error))?;
        Ok(self.find(pull_request.number)?.unwrap_or(record))
    }

    /// Gives a pull request another text, and the labels that it does not have yet.
    pub(super) fn edit(&self, number: PullRequestNumber, text: &PullRequestText) -> Result<(), DatabaseError> {
        let number = rows::number(number);
        let edit = || {
            let transaction = self.transaction()?;
            let sql = "UPDATE pull_request SET title = ?3, body = ?4 WHERE repo = ?1 AND number = ?2";
            transaction.execute(sql, params![self.key, number, text.title, text.body])?;
            self.add_labels(number, &text.labels)?;
            transaction.commit()
        };
        edit().map_err(|error| self.unusable(error))
    }

    /// The comments of a pull request, oldest first.
    pub(super) fn comments(&self, number: PullRequestNumber) -> Result<Vec<Comment>, DatabaseError> {
        let sql = "SELECT text, at FROM comment WHERE repo = ?1 AND number = ?2 ORDER BY id";
        self.rows(sql, params![self.key, rows::number(number)], rows::comment)
    }

    pub(super) fn add_comment(
        &self,
        number: PullRequestNumber,
        text: &str,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let sql = "INSERT INTO comment (repo, number, text, at) VALUES (?1, ?2, ?3, ?4)";
        self.execute(sql, params![self.key, rows::number(number), text, now.to_string()])
    }

    /// The merges of an open pull request that were about to be made.
    pub(super) fn merge_plans(&self, number: PullRequestNumber) -> Result<Vec<MergePlan>, DatabaseError> {
        let sql = "SELECT to_commit, head_commit, at FROM merge_plan WHERE repo = ?1 AND number = ?2 ORDER BY id";
        self.rows(sql, params![self.key, rows::number(number)], rows::merge_plan)
    }

    pub(super) fn record_merge_plan(&self, number: PullRequestNumber, plan: &MergePlan) -> Result<(), DatabaseError> {
        let sql = "INSERT INTO merge_plan (repo, number, to_commit, head_commit, at) VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT DO NOTHING";
        let (to, head) = (plan.to.as_str(), plan.head.as_str());
        self.execute(sql, params![self.key, rows::number(number), to, head, plan.at.to_string()])
    }

    pub(super) fn checks(&self, commit: &CommitId) -> Result<Checks, DatabaseError> {
        let sql = "SELECT name, state FROM check_run WHERE repo = ?1 AND commit_id = ?2 ORDER BY name";
        Ok(rows::checks(self.rows(sql, params![self.key, commit.as_str()], rows::check)?))
    }

    pub(super) fn record_check(&self, commit: &CommitId, name: &str, state: CheckState) -> Result<(), DatabaseError> {
        let sql = "INSERT INTO check_run (repo, commit_id, name, state) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT DO UPDATE SET state = excluded.state";
        self.execute(sql, params![self.key, commit.as_str(), name, state.as_str()])
    }

    fn add_labels(&self, number: i64, labels: &[String]) -> rusqlite::Result<()> {
        let sql = "INSERT INTO label (repo, number, label) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        labels.iter().try_for_each(|label| self.connection.execute(sql, params![self.key, number, label]).map(drop))
    }

    fn with_labels(&self, mut record: Record) -> rusqlite::Result<Record> {
        let sql = "SELECT label FROM label WHERE repo = ?1 AND number = ?2 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let row = params![self.key, rows::number(record.pull_request.number)];
        record.pull_request.labels = statement.query_map(row, |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(record)
    }

    /// A transaction that no other process writes beside.
    fn transaction(&self) -> rusqlite::Result<rusqlite::Transaction<'_>> {
        rusqlite::Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
    }

    fn execute(&self, sql: &str, row: impl rusqlite::Params) -> Result<(), DatabaseError> {
        self.connection.execute(sql, row).map(drop).map_err(|error| self.unusable(error))
    }

    fn rows<T>(
        &self,
        sql: &str,
        row: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, DatabaseError> {
        let query = || self.connection.prepare(sql)?.query_map(row, read)?.collect::<rusqlite::Result<Vec<T>>>();
        query().map_err(|error| self.unusable(error))
    }

    fn unusable(&self, source: rusqlite::Error) -> DatabaseError {
        DatabaseError::Unusable { path: self.path.clone(), source }
    }
}

impl CheckState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }
}
