//! Why a newer release was not taken.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use semver::Version;

use super::{CrateName, Phase, PullRequestNumber, RustVersion};

/// A release that was not taken, or a dependency for which none could be, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The release; `None` when the reason concerns the dependency whatever its releases.
    pub version: Option<Version>,
    /// The reason.
    pub rejection: Rejection,
}

/// The reasons, each with its data. The list is closed: whatever is not taken has one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Its publisher took it back.
    Yanked,
    /// A pre-release, and the requirement names none.
    PreRelease,
    /// Too young: `until` is when it is old enough.
    Cooldown {
        /// When it may be taken.
        until: Timestamp,
    },
    /// The source does not say when it was published, and a cooldown is wanted.
    UnknownAge,
    /// It needs a newer Rust than the package promises to build with.
    RustVersion {
        /// What the release needs.
        needs: RustVersion,
        /// What the package promises.
        limit: RustVersion,
    },
    /// A person decided so.
    Held {
        /// Who.
        owner: String,
        /// Why.
        reason: String,
        /// Until when, that day included.
        until: Date,
    },
    /// A person closed the pull request that proposed it.
    ClosedByPerson {
        /// That pull request.
        number: PullRequestNumber,
    },
    /// The requirement was closed on purpose and `pins = "keep"`.
    Pinned {
        /// The requirement.
        requirement: String,
    },
    /// The strategy does not leave the compatible range.
    Strategy {
        /// The strategy: `compatible` or `lockfile`.
        strategy: &'static str,
    },
    /// The requirement's form cannot be kept for this release.
    RequirementForm {
        /// The requirement.
        requirement: String,
    },
    /// A feature in use is gone.
    FeatureGone {
        /// The feature.
        feature: String,
    },
    /// A `[patch]` applies only to the version in use and would silently stop applying.
    Patched,
    /// The same package uses this crate under two names in two versions on purpose; neither leaves its range.
    UsedTwice {
        /// The version under the other name.
        other: Version,
    },
    /// A folder of the repository or beside it; it has no releases.
    PathDependency,
    /// A fixed commit; people move it.
    FixedRevision,
    /// A branch; only the lock follows it.
    FollowsBranch,
    /// The tag does not read as a version.
    TagIsNoVersion {
        /// The tag.
        tag: String,
    },
    /// The registry is not in cargo's configuration nor in repos.toml.
    UnknownRegistry {
        /// Its name.
        registry: String,
    },
    /// The source has no crate of this name.
    NotInRegistry {
        /// The source, for people.
        source_name: String,
    },
    /// The source could not be read in this run.
    UnreadableRegistry {
        /// The source, for people.
        source_name: String,
        /// What happened.
        message: String,
    },
    /// Every release that the source has is older than what is written.
    AheadOfRegistry,
    /// This run was told to leave the crate alone (`--package`, `--exclude`).
    NotSelected,
    /// With it, the dependencies do not resolve, and another crate is in the way.
    BlockedBy {
        /// The crate in the way, where the resolver named one.
        krate: Option<CrateName>,
        /// The resolver's words.
        excerpt: String,
    },
    /// It makes a tree fail that passes without it.
    Culprit {
        /// Where it shows.
        phase: Phase,
        /// The compiler's or test's own words.
        excerpt: String,
    },
    /// The main branch itself fails, so nothing could be proved.
    BrokenBaseline {
        /// Where it fails.
        phase: Phase,
    },
    /// The repository failed before this could be decided.
    RepositoryFailed {
        /// What happened.
        message: String,
    },
}

impl Refusal {
    /// A reason that concerns one release.
    pub fn of(version: &Version, rejection: Rejection) -> Self {
        Self { version: Some(version.clone()), rejection }
    }

    /// A reason that concerns the dependency whatever its releases.
    pub fn whatever(rejection: Rejection) -> Self {
        Self { version: None, rejection }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{version}: {}", self.rejection),
            None => self.rejection.fmt(f),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yanked => f.write_str("yanked"),
            Self::PreRelease => f.write_str("a pre-release"),
            Self::Cooldown { until } => write!(f, "in cooldown until {}", minute(*until)),
            Self::UnknownAge => f.write_str("its age is not known, and a cooldown applies"),
            Self::RustVersion { needs, limit } => write!(f, "needs Rust {needs}, the package promises {limit}"),
            Self::Held { owner, reason, until } => write!(f, "held by {owner} until {until}: {reason}"),
            Self::ClosedByPerson { number } => write!(f, "a person closed pull request {number} that proposed it"),
            Self::Pinned { requirement } => write!(f, "{requirement:?} is pinned, and pins are kept"),
            Self::Strategy { strategy } => write!(f, "outside what strategy {strategy:?} may change"),
            Self::RequirementForm { requirement } => {
                write!(f, "{requirement:?} cannot be rewritten for it in the same form")
            }
            Self::FeatureGone { feature } => write!(f, "it no longer has the feature {feature:?}, which is in use"),
            Self::Patched => f.write_str("a [patch] applies to the version in use only"),
            Self::UsedTwice { other } => write!(f, "used under two names in two versions, the other is {other}"),
            Self::PathDependency => f.write_str("a path dependency, it moves with its repository"),
            Self::FixedRevision => f.write_str("a fixed git revision"),
            Self::FollowsBranch => f.write_str("follows a git branch, only the lock moves"),
            Self::TagIsNoVersion { tag } => write!(f, "the git tag {tag:?} does not read as a version"),
            Self::UnknownRegistry { registry } => write!(f, "the registry {registry:?} is not configured"),
            Self::NotInRegistry { source_name } => write!(f, "{source_name} has no such crate"),
            Self::UnreadableRegistry { source_name, message } => write!(f, "{source_name} cannot be read: {message}"),
            Self::AheadOfRegistry => f.write_str("the manifest is ahead of every release"),
            Self::NotSelected => f.write_str("not selected for this run"),
            Self::BlockedBy { krate: Some(krate), .. } => write!(f, "does not resolve: blocked by {krate}"),
            Self::BlockedBy { krate: None, .. } => f.write_str("does not resolve"),
            Self::Culprit { phase, .. } => write!(f, "breaks the repository ({phase})"),
            Self::BrokenBaseline { phase } => write!(f, "the main branch itself fails ({phase})"),
            Self::RepositoryFailed { message } => write!(f, "the repository failed: {message}"),
        }
    }
}

/// A point in time to the minute, in UTC.
fn minute(time: Timestamp) -> impl fmt::Display {
    time.strftime("%Y-%m-%d %H:%M UTC")
}
