//! The tables of `pull-requests.sqlite`, and its longer statements.

use crate::database::Schema;

/// The file's schema. Add a migration at the end to change a table; one that was released stays as it is.
pub(super) const PULL_REQUESTS: Schema =
    Schema { kind: "file of pull requests", application_id: i32::from_be_bytes(*b"dpbp"), migrations: &[VERSION_1] };

const VERSION_1: &str = "
CREATE TABLE pull_request (
    repo TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'merged', 'closed')),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    head TEXT NOT NULL,
    base TEXT NOT NULL,
    head_commit TEXT NOT NULL,
    base_seen TEXT NOT NULL,
    opened TEXT NOT NULL,
    ended TEXT CHECK ((state = 'open') = (ended IS NULL)),
    merge_commit TEXT CHECK ((state = 'merged') = (merge_commit IS NOT NULL)),
    PRIMARY KEY (repo, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_open_pull_request_per_branch ON pull_request (repo, head) WHERE state = 'open';

CREATE TABLE label (
    id INTEGER PRIMARY KEY,
    repo TEXT NOT NULL,
    number INTEGER NOT NULL,
    label TEXT NOT NULL,
    UNIQUE (repo, number, label),
    FOREIGN KEY (repo, number) REFERENCES pull_request (repo, number)
) STRICT;

CREATE TABLE comment (
    id INTEGER PRIMARY KEY,
    repo TEXT NOT NULL,
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    at TEXT NOT NULL,
    FOREIGN KEY (repo, number) REFERENCES pull_request (repo, number)
) STRICT;
CREATE INDEX comment_by_pull_request ON comment (repo, number, id);

CREATE TABLE merge_plan (
    id INTEGER PRIMARY KEY,
    repo TEXT NOT NULL,
    number INTEGER NOT NULL,
    to_commit TEXT NOT NULL,
    head_commit TEXT NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (repo, number, to_commit),
    FOREIGN KEY (repo, number) REFERENCES pull_request (repo, number)
) STRICT;

CREATE TABLE check_run (
    repo TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'passed', 'failed')),
    PRIMARY KEY (repo, commit_id, name)
) STRICT, WITHOUT ROWID;
";

pub(super) const OPEN_FOR_HEAD: &str =
    "SELECT number FROM pull_request WHERE repo = ?1 AND head = ?2 AND state = 'open'";

pub(super) const INSERT: &str = "
INSERT INTO pull_request (repo, number, state, title, body, head, base, head_commit, base_seen, opened)
SELECT ?1, coalesce(max(number), 0) + 1, 'open', ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM pull_request WHERE repo = ?1
RETURNING number";

/// A merge that git has made is a fact: it counts also where somebody closed the pull request at the same moment.
pub(super) const END: &str = "
UPDATE pull_request SET state = ?3, head_commit = ?4, merge_commit = ?5, ended = ?6
WHERE repo = ?1 AND number = ?2 AND (state = 'open' OR (state = 'closed' AND ?3 = 'merged'))";
