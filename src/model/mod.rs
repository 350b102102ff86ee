//! The vocabulary: every noun that two or more modules share, as plain values.
//!
//! Nothing here reads a file, a clock or the network, and nothing derives serde: what crosses a border has a twin in
//! [`crate::wire`] or beside the adapter that owns the border.

mod dependency;
mod event;
mod name;
mod pull_request;
mod rejection;
mod release;
mod requirement;
mod settlement;
mod summary;
mod update;
mod verdict;
mod version;

pub use dependency::{Dependency, DependencyKind, GitReference, Registry, Site, Source};
pub use event::{Event, EventBody, PullRequestChange, RunMode};
pub use name::{BranchName, CommitId, CrateName, NameError, RegistryName, RepoName, RepoPath, RunId, TreeId};
pub use pull_request::{NewPullRequest, ProposedUpdate, PullRequest, PullRequestNumber, PullRequestState};
pub use rejection::{Refusal, Rejection};
pub use release::{CrateKey, LookupFailure, LookupSource, Release, ReleaseDependency, Releases};
pub use requirement::{Requirement, RequirementError};
pub use settlement::{Outcome, Settlement};
pub use summary::{PullRequestSummary, RepositoryStatus, RepositorySummary, RunSummary, VerificationSummary};
pub use update::{Bump, Edit, EditField, Lane, Unit, UnitId, UnitKind, Update};
pub use verdict::{CommandRun, Failure, Phase, Verdict};
pub use version::{RustVersion, RustVersionError, is_compatible, version_in_tag};
