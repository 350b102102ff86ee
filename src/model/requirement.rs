//! A version requirement with its own spelling.

use std::fmt;

use semver::{Comparator, Op, Version, VersionReq};

/// A requirement as a manifest has it: the text of the person who wrote it, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    text: String,
    meaning: VersionReq,
}

/// A text that cargo would not read as a requirement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a version requirement: {message}")]
pub struct RequirementError {
    text: String,
    message: String,
}

impl Requirement {
    /// Reads a requirement as cargo does (the semver crate's grammar).
    pub fn parse(text: &str) -> Result<Self, RequirementError> {
        match VersionReq::parse(text) {
            Ok(meaning) => Ok(Self { text: text.to_owned(), meaning }),
            Err(error) => Err(RequirementError { text: text.to_owned(), message: error.to_string() }),
        }
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The comparators, in the order written; none for `*`.
    pub fn comparators(&self) -> &[Comparator] {
        &self.meaning.comparators
    }

    /// Whether cargo would accept `version` for it.
    pub fn admits(&self, version: &Version) -> bool {
        self.meaning.matches(version)
    }

    /// Whether a person named a pre-release in it.
    pub fn names_pre_release(&self) -> bool {
        self.comparators().iter().any(|comparator| !comparator.pre.is_empty())
    }

    /// Whether a person closed it against newer releases on purpose: `=`, `<`, `<=` or a wildcard with numbers.
    pub fn is_pinned(&self) -> bool {
        self.comparators()
            .iter()
            .any(|comparator| matches!(comparator.op, Op::Exact | Op::Less | Op::LessEq | Op::Wildcard))
    }

    /// The lowest version that any comparator's text allows; `None` where there is no lower bound (`*`, `<2`).
    pub fn floor(&self) -> Option<Version> {
        self.comparators()
            .iter()
            .filter(|comparator| !matches!(comparator.op, Op::Less | Op::LessEq))
            .map(|comparator| Version {
                major: comparator.major,
                minor: comparator.minor.unwrap_or(0),
                patch: comparator.patch.unwrap_or(0),
                pre: comparator.pre.clone(),
                build: semver::BuildMetadata::EMPTY,
            })
            .max()
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
