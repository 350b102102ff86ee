//! Whether a pull request may be merged without a person: now, later, or not.

use std::fmt;

use crate::config::{Automerge, MergeWhen};
use crate::model::{Bump, CommitId, Lane, PullRequestState, TreeId, Verdict};
use crate::policy::may_merge;

/// What the decision rests on.
#[derive(Clone, Debug)]
pub struct MergeFacts<'a> {
    /// Whether it is open.
    pub state: PullRequestState,
    /// What it carries.
    pub lane: Lane,
    /// The largest bump in it.
    pub bump: Bump,
    /// Its head on the forge.
    pub head: &'a CommitId,
    /// The head that depbot pushed: the marker's.
    pub pushed: &'a CommitId,
    /// The tree that merging it into its base, as that is now, gives; `None` when that conflicts.
    pub result: Option<&'a TreeId>,
    /// The tree that depbot verified and what it said; `None` when it has none.
    pub verified: Option<(&'a TreeId, &'a Verdict)>,
    /// What the forge's checks of its head say.
    pub checks: &'a Checks,
    /// The largest bump that may be merged without a person.
    pub automerge: Automerge,
    /// What a merge waits for.
    pub merge_when: MergeWhen,
}

/// What the forge's checks of a commit say, all of them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checks {
    /// There are none.
    None,
    /// Some are not done, none has failed.
    Pending {
        /// The names of those that are not done.
        names: Vec<String>,
    },
    /// Some have failed.
    Failed {
        /// Their names.
        names: Vec<String>,
    },
    /// All are done and green (skipped and neutral ones count as green), and there is at least one.
    Green,
}

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merge {
    /// It may be merged, with this head and no other.
    Now,
    /// Not yet; time or the next run changes that.
    Wait(WaitReason),
    /// Not without a person.
    Never(NeverReason),
}

/// What a merge waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// depbot has not verified it in this run.
    NotVerified,
    /// It conflicts with its base.
    Conflict,
    /// Merging it would give another tree than the one that was verified.
    BaseMoved,
    /// No check has reported.
    NoChecks,
    /// Checks are running.
    ChecksPending {
        /// Their names.
        names: Vec<String>,
    },
}

/// Why a person is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeverReason {
    /// It is merged or closed.
    NotOpen {
        /// Which.
        state: PullRequestState,
    },
    /// Its head is not what depbot pushed.
    PersonCommitted,
    /// Its lane is for people.
    ReviewLane,
    /// It moves a crate further than `automerge` allows.
    BeyondAutomerge {
        /// The largest bump in it.
        bump: Bump,
    },
    /// depbot's own verification fails.
    VerdictFailed,
    /// Checks of the forge have failed.
    ChecksFailed {
        /// Their names.
        names: Vec<String>,
    },
}

/// Decides. What only a person can change is named before what time changes.
pub fn decide_merge(facts: &MergeFacts<'_>) -> Merge {
    match needs_person(facts) {
        Some(reason) => Merge::Never(reason),
        None => waits_for(facts).map_or(Merge::Now, Merge::Wait),
    }
}

/// Who merges it and when, one sentence for its body.
pub fn merge_line(lane: Lane, bump: Bump, automerge: Automerge, merge_when: MergeWhen) -> String {
    if lane == Lane::Review || !may_merge(bump, automerge) {
        return "A person reviews and merges this.".to_owned();
    }
    match merge_when {
        MergeWhen::Checks => "depbot merges this by itself once all checks are green.".to_owned(),
        MergeWhen::Verified => "depbot merges this by itself: it has passed everything below.".to_owned(),
    }
}

fn needs_person(facts: &MergeFacts<'_>) -> Option<NeverReason> {
    if facts.state != PullRequestState::Open {
        return Some(NeverReason::NotOpen { state: facts.state });
    }
    if facts.head != facts.pushed {
        return Some(NeverReason::PersonCommitted);
    }
    if facts.lane == Lane::Review {
        return Some(NeverReason::ReviewLane);
    }
    if !may_merge(facts.bump, facts.automerge) {
        return Some(NeverReason::BeyondAutomerge { bump: facts.bump });
    }
    if facts.verified.is_some_and(|(_, verdict)| !verdict.passes()) {
        return Some(NeverReason::VerdictFailed);
    }
    match (facts.merge_when, facts.checks) {
        (MergeWhen::Checks, Checks::Failed { names }) => Some(NeverReason::ChecksFailed { names: names.clone() }),
        (MergeWhen::Checks, Checks::None | Checks::Pending { .. } | Checks::Green) | (MergeWhen::Verified, _) => None,
    }
}

fn waits_for(facts: &MergeFacts<'_>) -> Option<WaitReason> {
    let Some((tree, _)) = facts.verified else { return Some(WaitReason::NotVerified) };
    match facts.result {
        None => return Some(WaitReason::Conflict),
        Some(result) if result != tree => return Some(WaitReason::BaseMoved),
        Some(_) => {}
    }
    match (facts.merge_when, facts.checks) {
        (MergeWhen::Verified, _) | (MergeWhen::Checks, Checks::Green | Checks::Failed { .. }) => None,
        (MergeWhen::Checks, Checks::None) => Some(WaitReason::NoChecks),
        (MergeWhen::Checks, Checks::Pending { names }) => Some(WaitReason::ChecksPending { names: names.clone() }),
    }
}

impl fmt::Display for Merge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("may be merged now"),
            Self::Wait(reason) => reason.fmt(f),
            Self::Never(reason) => reason.fmt(f),
        }
    }
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotVerified => f.write_str("depbot's own verification"),
            Self::Conflict => f.write_str("a refresh: it conflicts with its base"),
            Self::BaseMoved => f.write_str("a refresh: its base has moved since it was verified"),
            Self::NoChecks => f.write_str("the first check to report"),
            Self::ChecksPending { names } => write!(f, "checks that are running: {}", names.join(", ")),
        }
    }
}

impl fmt::Display for NeverReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOpen { state } => write!(f, "nothing, it is {state}"),
            Self::PersonCommitted => f.write_str("a person: somebody pushed commits to it"),
            Self::ReviewLane => f.write_str("a person's review"),
            Self::BeyondAutomerge { bump } => {
                write!(f, "a person's review: a {bump} bump does not merge by itself here")
            }
            Self::VerdictFailed => f.write_str("a person: it does not pass"),
            Self::ChecksFailed { names } => write!(f, "a person: checks failed: {}", names.join(", ")),
        }
    }
}
