//! The journal's tables, and its longer queries.

use crate::database::Schema;

/// The journal's file. Add a migration at the end to change a table; one that was released stays as it is.
pub(super) const JOURNAL: Schema =
    Schema { kind: "journal", application_id: i32::from_be_bytes(*b"dpbj"), migrations: &[VERSION_1] };

/// The `event` table takes new rows only, whoever writes: `INSERT OR REPLACE` deletes without asking the trigger for
/// deletions, so that it needs one of its own (an id that SQLite is still to choose is -1 there).
const VERSION_1: &str = "
CREATE TABLE run (
    id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL REFERENCES run (id),
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    repo TEXT,
    mode TEXT CHECK ((kind = 'run-started') = (mode IS NOT NULL)),
    body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;
CREATE INDEX event_by_run ON event (run, kind);
CREATE INDEX event_by_kind ON event (kind, repo, run);

CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER event_is_never_replaced BEFORE INSERT ON event
WHEN NEW.id <> -1 AND EXISTS (SELECT 1 FROM event WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TABLE verdict (
    repo TEXT NOT NULL,
    tree TEXT NOT NULL,
    toolchain TEXT NOT NULL,
    commands TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (json_valid(verdict)),
    units TEXT NOT NULL CHECK (json_type(units) = 'array'),
    took_ms INTEGER NOT NULL,
    PRIMARY KEY (repo, tree, toolchain, commands)
) STRICT, WITHOUT ROWID;
";

pub(super) const INSERT_EVENT: &str =
    "INSERT INTO event (run, at, kind, repo, mode, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id";

/// Each run with its first start, and its end if it was not started again after it.
pub(super) const RUNS: &str = "
SELECT start.run, start.mode, start.at,
    (SELECT finish.at FROM event AS finish
     WHERE finish.run = start.run AND finish.kind = 'run-finished'
       AND finish.id > (SELECT max(id) FROM event WHERE run = start.run AND kind = 'run-started')
     ORDER BY finish.id DESC LIMIT 1)
FROM event AS start
WHERE start.kind = 'run-started'
  AND start.id = (SELECT min(id) FROM event WHERE run = start.run AND kind = 'run-started')
ORDER BY start.id DESC";

/// The events of one kind about one repository.
pub(super) const OF_REPOSITORY: &str = "SELECT id, body FROM event WHERE kind = ?1 AND repo = ?2 ORDER BY id";

/// The newest settlement of each repository in a run of upgrades.
pub(super) const LATEST_SETTLED: &str = "
SELECT id, body FROM event WHERE id IN (
    SELECT max(id) FROM event
    WHERE kind = 'repository-settled'
      AND run IN (SELECT run FROM event WHERE kind = 'run-started' AND mode = 'upgrade')
    GROUP BY repo)
ORDER BY id";
