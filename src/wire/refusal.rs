//! The form of a reason why a newer release was not taken.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Phase;
use super::twin::{FieldError, Twin, json_key, twin};
use crate::model;

/// A release that was not taken, or a dependency for which none could be, with the reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// The release; absent when the reason concerns the dependency whatever its releases.
    pub version: Option<String>,
    /// The reason.
    pub rejection: Rejection,
}

/// The reasons, each with its data. The list is closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Rejection {
    /// Its publisher took it back.
    Yanked,
    /// A pre-release, and the requirement names none.
    PreRelease,
    /// Too young.
    Cooldown {
        /// When it may be taken.
        #[schemars(extend("format" = "date-time"))]
        until: String,
    },
    /// The source does not say when it was published, and a cooldown is wanted.
    UnknownAge,
    /// It needs a newer Rust than the package promises to build with.
    RustVersion {
        /// What the release needs.
        needs: String,
        /// What the package promises.
        limit: String,
    },
    /// A person decided so.
    Held {
        /// Who.
        owner: String,
        /// Why.
        reason: String,
        /// Until when, that day included.
        #[schemars(extend("format" = "date"))]
        until: String,
    },
    /// A person closed the pull request that proposed it.
    ClosedByPerson {
        /// That pull request.
        number: u64,
    },
    /// The requirement was closed on purpose and pins are kept.
    Pinned {
        /// The requirement.
        requirement: String,
    },
    /// The strategy does not leave the compatible range.
    Strategy {
        /// The strategy.
        strategy: Strategy,
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
    /// The same package uses this crate under two names in two versions.
    UsedTwice {
        /// The version under the other name.
        other: String,
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
    /// This run was told to leave the crate alone.
    NotSelected,
    /// With it, the dependencies do not resolve, and another crate is in the way.
    BlockedBy {
        /// The crate in the way, where the resolver named one.
        #[serde(rename = "crate")]
        krate: Option<String>,
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

/// A strategy that refuses releases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("enum" = STRATEGIES))]
pub struct Strategy(String);

const STRATEGIES: [&str; 2] = ["compatible", "lockfile"];

impl Twin<&'static str> for Strategy {
    fn write(model: &&'static str) -> Self {
        Self((*model).to_owned())
    }

    fn read(self) -> Result<&'static str, FieldError> {
        let known = STRATEGIES.into_iter().find(|strategy| *strategy == self.0);
        known.ok_or_else(|| FieldError::new(format!("{:?} is not one of {}", self.0, STRATEGIES.join(", "))))
    }
}

twin!(struct Refusal = model::Refusal { version, rejection });
twin!(enum Rejection = model::Rejection {
    Yanked,
    PreRelease,
    Cooldown { until },
    UnknownAge,
    RustVersion { needs, limit },
    Held { owner, reason, until },
    ClosedByPerson { number },
    Pinned { requirement },
    Strategy { strategy },
    RequirementForm { requirement },
    FeatureGone { feature },
    Patched,
    UsedTwice { other },
    PathDependency,
    FixedRevision,
    FollowsBranch,
    TagIsNoVersion { tag },
    UnknownRegistry { registry },
    NotInRegistry { source_name },
    UnreadableRegistry { source_name, message },
    AheadOfRegistry,
    NotSelected,
    BlockedBy { krate, excerpt },
    Culprit { phase, excerpt },
    BrokenBaseline { phase },
    RepositoryFailed { message },
});
