//! The forms that plan, events and report share: dependencies with how they end, updates, verdicts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::twin::{FieldError, Twin, json_key, twin};
use crate::model;

/// Where a dependency is declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Site {
    /// The manifest's path in the repository.
    pub manifest: String,
    /// The table's path, for example `["target", "cfg(unix)", "dependencies"]`.
    pub table: Vec<String>,
    /// The key in that table; differs from the crate's name where it is renamed.
    pub key: String,
    /// The line of the key, counted from 1.
    pub line: usize,
}

/// What one pull request carries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Fixes of advisories.
    Security,
    /// What may be merged without a person.
    Routine,
    /// What a person decides.
    Review,
}

/// What a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The dependencies resolve to a lock that holds what was planned.
    Resolve,
    /// It compiles.
    Check,
    /// Its tests pass.
    Test,
}

/// One declared dependency with how it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Settlement {
    /// The folder of its workspace; empty for the repository's root.
    pub workspace: String,
    /// The package.
    #[serde(rename = "crate")]
    pub krate: String,
    /// Where it is declared.
    pub site: Site,
    /// Where its releases come from, for people.
    pub source: String,
    /// The requirement as written.
    pub requirement: Option<String>,
    /// What the lock holds, or else the lowest version the requirement names.
    pub current: Option<String>,
    /// The newest release that is neither yanked nor an unwanted pre-release, whether it may be taken or not.
    pub latest: Option<String>,
    /// How it ends.
    pub outcome: Outcome,
}

/// How a declared dependency ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// It moves, in a pull request of `lane`.
    Updated {
        /// The version it moves to.
        to: String,
        /// What carries it.
        lane: Lane,
        /// Newer releases that were not taken, newest first.
        refused: Vec<super::Refusal>,
    },
    /// It already is at the newest release.
    UpToDate,
    /// It stays behind.
    NotUpdated {
        /// The reasons, newest release first.
        refused: Vec<super::Refusal>,
    },
}

/// One crate moving from one version to another in one workspace, with all its sites.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Update {
    /// The package.
    #[serde(rename = "crate")]
    pub krate: String,
    /// What the lock holds, or else the lowest version the requirement names.
    pub from: String,
    /// The version it moves to.
    pub to: String,
    /// When that version was published, where the source says so.
    #[schemars(extend("format" = "date-time"))]
    pub published: Option<String>,
    /// Every change to a manifest that it takes; none when only the lock moves.
    pub edits: Vec<Edit>,
}

/// One change to one value of a manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// The declaration it changes.
    pub site: Site,
    /// Which value of the declaration.
    pub field: EditField,
    /// The text that must be there now, without quotes.
    pub from: String,
    /// The text that takes its place.
    pub to: String,
}

/// Which value of a declaration an edit changes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditField {
    /// The version requirement.
    Requirement,
    /// The `tag` of a git dependency.
    Tag,
    /// The `version` of a package or of `[workspace.package]` itself.
    PackageVersion,
}

/// What verifying a tree says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Verdict {
    /// Everything that was green stays green.
    Pass {
        /// What was run.
        runs: Vec<CommandRun>,
        /// Tests that fail here and failed before as well.
        red_before: Vec<String>,
    },
    /// It fails.
    Fail {
        /// Why.
        failure: Failure,
    },
}

/// One command that was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CommandRun {
    /// What it is for.
    pub phase: Phase,
    /// The command line as configured.
    pub command: String,
    /// How long it took, in seconds.
    #[serde(rename = "took_seconds")]
    pub took: f64,
}

/// Why a tree does not pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Where it shows.
    pub phase: Phase,
    /// The command that failed.
    pub command: String,
    /// The first real errors, in the tool's own words.
    pub excerpt: String,
    /// The failing tests by name, where the test phase failed and they could be read.
    pub tests: Vec<String>,
    /// Names of crates that the tools blamed, the likeliest first: hints, never a verdict.
    pub suspects: Vec<String>,
    /// The time limit in seconds, where that ended it.
    #[serde(rename = "timed_out_seconds")]
    pub timed_out: Option<f64>,
}

/// One verification of one tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verification {
    /// The tree, the lock included; absent when it did not get as far as a tree.
    pub tree: Option<String>,
    /// What it contained, in words; empty for the untouched tree.
    pub units: Vec<String>,
    /// What came out.
    pub verdict: Verdict,
    /// How long it took, in seconds.
    #[serde(rename = "took_seconds")]
    pub took: f64,
    /// The compiler that was used, as it calls itself.
    pub toolchain: String,
}

twin!(struct Site = model::Site { manifest, table, key, line });
twin!(enum Lane = model::Lane { Security, Routine, Review });
twin!(enum Phase = model::Phase { Resolve, Check, Test });
twin!(struct Settlement = model::Settlement {
    workspace, krate, site, source, requirement, current, latest, outcome,
});
twin!(enum Outcome = model::Outcome { Updated { to, lane, refused }, UpToDate, NotUpdated { refused } });
twin!(struct Update = model::Update { krate, from, to, published, edits });
twin!(struct Edit = model::Edit { site, field, from, to });
twin!(enum EditField = model::EditField { Requirement, Tag, PackageVersion });
twin!(enum Verdict = model::Verdict { Pass { runs, red_before }, Fail(failure) });
twin!(struct CommandRun = model::CommandRun { phase, command, took });
twin!(struct Failure = model::Failure { phase, command, excerpt, tests, suspects, timed_out });
twin!(struct Verification = model::VerificationSummary { tree, units, verdict, took, toolchain });
