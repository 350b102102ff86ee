//! The reasons for which releases are not taken, in groups that people read.

use crate::model::Rejection;

/// A group of reasons. Ordered: what asks most for a person comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ReasonGroup {
    Breaks,
    Blocked,
    Unprovable,
    Unreadable,
    RustVersion,
    Held,
    Closed,
    Policy,
    Cooldown,
    Nothing,
}

impl ReasonGroup {
    /// The group of a reason.
    pub(crate) fn of(rejection: &Rejection) -> Self {
        match rejection {
            Rejection::Culprit { .. } => Self::Breaks,
            Rejection::BlockedBy { .. }
            | Rejection::FeatureGone { .. }
            | Rejection::RequirementForm { .. }
            | Rejection::Patched
            | Rejection::UsedTwice { .. } => Self::Blocked,
            Rejection::BrokenBaseline { .. } | Rejection::RepositoryFailed { .. } => Self::Unprovable,
            Rejection::UnknownRegistry { .. }
            | Rejection::NotInRegistry { .. }
            | Rejection::UnreadableRegistry { .. }
            | Rejection::TagIsNoVersion { .. } => Self::Unreadable,
            Rejection::RustVersion { .. } => Self::RustVersion,
            Rejection::Held { .. } => Self::Held,
            Rejection::ClosedByPerson { .. } => Self::Closed,
            Rejection::Pinned { .. } | Rejection::Strategy { .. } | Rejection::NotSelected => Self::Policy,
            Rejection::Cooldown { .. } | Rejection::UnknownAge => Self::Cooldown,
            Rejection::Yanked
            | Rejection::PreRelease
            | Rejection::PathDependency
            | Rejection::FixedRevision
            | Rejection::FollowsBranch
            | Rejection::AheadOfRegistry => Self::Nothing,
        }
    }

    /// The group as a heading.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Breaks => "Breaks the repository",
            Self::Blocked => "Does not fit as things are",
            Self::Unprovable => "Could not be proved",
            Self::Unreadable => "Source cannot be read",
            Self::RustVersion => "Needs a newer Rust",
            Self::Held => "Held by people",
            Self::Closed => "Closed by people",
            Self::Policy => "Left alone by configuration",
            Self::Cooldown => "Too young",
            Self::Nothing => "Nothing to take",
        }
    }

    /// The group as one word for machines, style sheets and narrow tables.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::Blocked => "blocked",
            Self::Unprovable => "unproved",
            Self::Unreadable => "unreadable",
            Self::RustVersion => "rust",
            Self::Held => "held",
            Self::Closed => "closed",
            Self::Policy => "configured",
            Self::Cooldown => "cooldown",
            Self::Nothing => "nothing",
        }
    }

    /// Whether it is a matter of course, not worth a line in a pull request.
    pub(crate) fn is_ordinary(self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Breaks
            | Self::Blocked
            | Self::Unprovable
            | Self::Unreadable
            | Self::RustVersion
            | Self::Held
            | Self::Closed
            | Self::Policy
            | Self::Cooldown => false,
        }
    }
}
