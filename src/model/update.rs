//! What is to be changed: an update, the units that move together, and the lane that carries them.

use std::fmt;

use jiff::Timestamp;
use semver::Version;

use super::{CrateName, RepoPath, Site, is_compatible};

/// One crate moving from one version to another in one workspace, with all its sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The package.
    pub krate: CrateName,
    /// What the lock holds, or else the lowest version the requirement names.
    pub from: Version,
    /// The version it moves to.
    pub to: Version,
    /// When that version was published, where the source says so.
    pub published: Option<Timestamp>,
    /// Every change to a manifest that it takes; none when only the lock moves.
    pub edits: Vec<Edit>,
}

/// One change to one value of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EditField {
    /// The version requirement.
    Requirement,
    /// The `tag` of a git dependency.
    Tag,
    /// The `version` of a package or of `[workspace.package]` itself; its site's table is that table, its key `version`.
    PackageVersion,
}

/// How far a version moves. Ordered: a patch is the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bump {
    /// Compatible, only the last number (or what follows a leading zero) moves.
    Patch,
    /// Compatible, with a new minor.
    Minor,
    /// Incompatible by cargo's rule, or to or between pre-releases.
    Major,
}

impl Bump {
    /// How far it is from `from` to `to`.
    pub fn between(from: &Version, to: &Version) -> Self {
        if !is_compatible(from, to) || !to.pre.is_empty() {
            Self::Major
        } else if from.major > 0 && from.minor != to.minor {
            Self::Minor
        } else {
            Self::Patch
        }
    }
}

impl Update {
    /// How far it moves.
    pub fn bump(&self) -> Bump {
        Bump::between(&self.from, &self.to)
    }
}

/// What one pull request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Fixes of advisories.
    Security,
    /// What may be merged without a person.
    Routine,
    /// What a person decides.
    Review,
}

impl Lane {
    /// The lower-case name, as branches have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Routine => "routine",
            Self::Review => "review",
        }
    }
}

/// A unit's place in its repository's plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(pub usize);

/// Updates that must move together, tried as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its place in the repository's plan.
    pub id: UnitId,
    /// The folder of the workspace it changes.
    pub workspace: RepoPath,
    /// What it consists of.
    pub kind: UnitKind,
    /// What carries it.
    pub lane: Lane,
    /// Smaller updates of the same crates, tried when this one fails: each its highest compatible release.
    pub fallback: Vec<Update>,
}

/// What a unit consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitKind {
    /// Updates of declared dependencies; never empty.
    Updates(Vec<Update>),
    /// Everything else in the lock moves as far as the requirements allow.
    LockRefresh,
}

impl Unit {
    /// Its updates; none for a refresh of the lock.
    pub fn updates(&self) -> &[Update] {
        match &self.kind {
            UnitKind::Updates(updates) => updates,
            UnitKind::LockRefresh => &[],
        }
    }

    /// The largest bump among its updates; a refresh of the lock stays within the requirements and counts as minor.
    pub fn bump(&self) -> Bump {
        self.updates().iter().map(Update::bump).max().unwrap_or(Bump::Minor)
    }
}

impl fmt::Display for Bump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        })
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} → {}", self.krate, self.from, self.to)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            UnitKind::LockRefresh => f.write_str("the rest of the lock"),
            UnitKind::Updates(updates) => {
                for (index, update) in updates.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    update.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bumps_follow_cargos_compatibility() {
        let check = |from: &str, to: &str, expect: Bump| {
            let version = |text: &str| Version::parse(text).expect("a valid version");
            assert_eq!(Bump::between(&version(from), &version(to)), expect, "{from} → {to}");
        };
        check("1.2.3", "1.2.4", Bump::Patch);
        check("1.2.3", "1.3.0", Bump::Minor);
        check("1.2.3", "2.0.0", Bump::Major);
        check("0.3.1", "0.3.2", Bump::Patch);
        check("0.3.1", "0.4.0", Bump::Major);
        check("1.0.0-rc.1", "1.0.0-rc.2", Bump::Major);
        check("1.0.0-rc.1", "1.0.0", Bump::Patch);
    }
}
