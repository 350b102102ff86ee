//! Glob patterns over names.

use globset::{Glob, GlobMatcher};

/// A glob over crate or repository names: `*`, `?`, `[ab]`, `{a,b}`.
#[derive(Clone, Debug)]
pub struct Pattern {
    matcher: GlobMatcher,
}

/// A text that is not a glob.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl Pattern {
    /// Reads a glob.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let glob = Glob::new(text).map_err(|error| PatternError(error.kind().to_string()))?;
        Ok(Self { matcher: glob.compile_matcher() })
    }

    /// Whether `name` matches as a whole.
    pub fn matches(&self, name: &str) -> bool {
        self.matcher.is_match(name)
    }

    /// The glob as written.
    pub fn as_str(&self) -> &str {
        self.matcher.glob().glob()
    }
}
