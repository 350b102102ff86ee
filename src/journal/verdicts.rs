//! The verdicts of all runs: a tree that was verified is never verified again, also after a crash.

use std::time::Duration;

use rusqlite::{Row, params};

use super::{Journal, JournalError};
use crate::model::{RepoName, TreeId, VerificationSummary};
use crate::wire;

/// Everything that a verdict depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VerdictKey {
    /// The repository.
    pub repo: RepoName,
    /// What was verified, the lock included.
    pub tree: TreeId,
    /// The compiler, as it calls itself.
    pub toolchain: String,
    /// The commands, as configured, and whatever else of the configuration changes what they say.
    pub commands: String,
}

impl VerdictKey {
    fn columns(&self) -> [&str; 4] {
        [self.repo.as_str(), self.tree.as_str(), &self.toolchain, &self.commands]
    }
}

impl Journal {
    /// What verifying this tree came to, if it was ever verified.
    pub fn verdict(&self, key: &VerdictKey) -> Result<Option<VerificationSummary>, JournalError> {
        let sql = "SELECT verdict, units, took_ms FROM verdict
                   WHERE repo = ?1 AND tree = ?2 AND toolchain = ?3 AND commands = ?4";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let found: Option<(String, String, i64)> = self.first_row(sql, key.columns(), read)?;
        let place = || format!("the verdict on tree {} of {}", key.tree, key.repo);
        let Some((verdict, units, took)) = found else { return Ok(None) };
        Ok(Some(VerificationSummary {
            tree: Some(key.tree.clone()),
            units: serde_json::from_str(&units).map_err(|error| self.unreadable(&place(), &error))?,
            verdict: wire::verdict_from_json(&verdict).map_err(|error| self.unreadable(&place(), &error))?,
            took: Duration::from_millis(u64::try_from(took).unwrap_or(0)),
            toolchain: key.toolchain.clone(),
        }))
    }

    /// Keeps what verifying a tree came to, in the place of what was kept before.
    pub fn remember_verdict(&self, key: &VerdictKey, summary: &VerificationSummary) -> Result<(), JournalError> {
        let sql = "INSERT INTO verdict (repo, tree, toolchain, commands, verdict, units, took_ms)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                   ON CONFLICT DO UPDATE SET
                       verdict = excluded.verdict, units = excluded.units, took_ms = excluded.took_ms";
        let [repo, tree, toolchain, commands] = key.columns();
        let verdict = wire::verdict_to_json(&summary.verdict);
        let units = serde_json::Value::from(summary.units.clone()).to_string();
        let took = i64::try_from(summary.took.as_millis()).unwrap_or(i64::MAX);
        let stored = self.lock().execute(sql, params![repo, tree, toolchain, commands, verdict, units, took]);
        stored.map(drop).map_err(|error| self.unusable(error))
    }
}
