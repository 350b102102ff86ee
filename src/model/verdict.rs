//! What verifying a tree says.

use std::fmt;
use std::time::Duration;

/// What a command is for. Ordered: the cheaper comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The dependencies resolve to a lock that holds what was planned.
    Resolve,
    /// It compiles.
    Check,
    /// Its tests pass.
    Test,
}

/// One command that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRun {
    /// What it is for.
    pub phase: Phase,
    /// The command line as configured.
    pub command: String,
    /// How long it took.
    pub took: Duration,
}

/// Why a tree does not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where it shows.
    pub phase: Phase,
    /// The command that failed.
    pub command: String,
    /// The first real errors, in the tool's own words; at most a screenful.
    pub excerpt: String,
    /// The failing tests by name, where the test phase failed and they could be read.
    pub tests: Vec<String>,
    /// Names of crates that the tools blamed, the likeliest first: hints for the search, never a verdict.
    pub suspects: Vec<String>,
    /// `Some` when the time limit ended it.
    pub timed_out: Option<Duration>,
}

/// What verifying a tree says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that was green stays green.
    Pass {
        /// What was run.
        runs: Vec<CommandRun>,
        /// Tests that fail here and failed before as well.
        red_before: Vec<String>,
    },
    /// It fails.
    Fail(Failure),
}

impl Verdict {
    /// Whether it passes.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Pass { .. })
    }
}

impl Phase {
    /// The lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Check => "check",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
