//! From rows to values. A row that does not say what it should is an error with its column.

use std::error::Error;

use rusqlite::Row;
use rusqlite::types::Type;

use super::{CheckState, MergePlan, Record};
use crate::forge::{Checks, Comment};
use crate::model::{BranchName, CommitId, PullRequest, PullRequestNumber, PullRequestState, RepoName};

/// The columns that [`record`] reads.
pub(super) const SELECT: &str = "SELECT number, state, title, body, head, base, head_commit, base_seen, opened, ended,
    merge_commit FROM pull_request";

/// A pull request, without its labels.
pub(super) fn record(row: &Row<'_>, name: &RepoName) -> rusqlite::Result<Record> {
    let number = number_of(row.get(0)?);
    let pull_request = PullRequest {
        number,
        url: format!("depbot pr show {name} {}", number.0),
        state: text(row, 1, state)?,
        title: row.get(2)?,
        body: row.get(3)?,
        head: text(row, 4, |text| BranchName::new(text))?,
        base: text(row, 5, |text| BranchName::new(text))?,
        head_commit: text(row, 6, |text| CommitId::new(text))?,
        labels: Vec::new(),
        opened: text(row, 8, str::parse)?,
        ended: optional_text(row, 9, str::parse)?,
        merge_commit: optional_text(row, 10, |text| CommitId::new(text))?,
    };
    Ok(Record { pull_request, base_seen: text(row, 7, |text| CommitId::new(text))? })
}

pub(super) fn comment(row: &Row<'_>) -> rusqlite::Result<Comment> {
    Ok(Comment { text: row.get(0)?, at: text(row, 1, str::parse)? })
}

pub(super) fn merge_plan(row: &Row<'_>) -> rusqlite::Result<MergePlan> {
    Ok(MergePlan {
        to: text(row, 0, |text| CommitId::new(text))?,
        head: text(row, 1, |text| CommitId::new(text))?,
        at: text(row, 2, str::parse)?,
    })
}

pub(super) fn check(row: &Row<'_>) -> rusqlite::Result<(String, CheckState)> {
    Ok((row.get(0)?, text(row, 1, check_state)?))
}

/// What all checks of a commit say together: a failure counts more than one that has not ended.
pub(super) fn checks(runs: Vec<(String, CheckState)>) -> Checks {
    let named = |wanted| -> Vec<String> {
        runs.iter().filter(|(_, state)| *state == wanted).map(|(name, _)| name.clone()).collect()
    };
    let (failed, pending) = (named(CheckState::Failed), named(CheckState::Pending));
    match (runs.is_empty(), failed.is_empty(), pending.is_empty()) {
        (true, _, _) => Checks::None,
        (false, false, _) => Checks::Failed { names: failed },
        (false, true, false) => Checks::Pending { names: pending },
        (false, true, true) => Checks::Green,
    }
}

/// A number as SQLite has it. It holds 63 bits; no forge counts further.
pub(super) fn number(number: PullRequestNumber) -> i64 {
    i64::try_from(number.0).unwrap_or(i64::MAX)
}

pub(super) fn number_of(number: i64) -> PullRequestNumber {
    PullRequestNumber(u64::try_from(number).unwrap_or(0))
}

fn state(text: &str) -> Result<PullRequestState, UnknownWord> {
    match text {
        "open" => Ok(PullRequestState::Open),
        "merged" => Ok(PullRequestState::Merged),
        "closed" => Ok(PullRequestState::Closed),
        word => Err(UnknownWord(word.to_owned())),
    }
}

fn check_state(text: &str) -> Result<CheckState, UnknownWord> {
    match text {
        "pending" => Ok(CheckState::Pending),
        "passed" => Ok(CheckState::Passed),
        "failed" => Ok(CheckState::Failed),
        word => Err(UnknownWord(word.to_owned())),
    }
}

/// A word that a column cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not one of the words of this column")]
struct UnknownWord(String);

fn text<T, E: Error + Send + Sync + 'static>(
    row: &Row<'_>,
    column: usize,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> rusqlite::Result<T> {
    converted(column, read(&row.get::<_, String>(column)?))
}

fn optional_text<T, E: Error + Send + Sync + 'static>(
    row: &Row<'_>,
    column: usize,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> rusqlite::Result<Option<T>> {
    let text = row.get::<_, Option<String>>(column)?;
    text.map(|text| converted(column, read(&text))).transpose()
}

fn converted<T, E: Error + Send + Sync + 'static>(column: usize, result: Result<T, E>) -> rusqlite::Result<T> {
    result.map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}
