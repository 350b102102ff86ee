//! Pull requests: what is wanted against what exists, as actions; and the words that people read in them.
//!
//! Pure: the forge and git are asked before, and told afterwards, by `run`. The pull requests of one repository are found
//! by their branch (one per lane) and by the [`marker`] in their body; no local state is needed to recognize them.
//!
//! Every action can be repeated and can be cut off anywhere. The text, whose marker names the new head *and* the head
//! that it replaces, is written before the push: whichever of the two a killed run leaves behind, it is known as depbot's.

mod body;
mod changelog;
mod decide;
mod escape;
mod hold;
pub mod marker;
mod merge;
mod notes;
mod quote;
mod reason;
mod title;

use std::fmt;

use crate::model::{
    BranchName, CommitId, Lane, NewPullRequest, ProposedUpdate, PullRequest, PullRequestNumber, TreeId,
};

pub use body::{BodyFacts, BodyUpdate, Origin, UpdateFacts, body};
pub use changelog::section as changelog_section;
pub use decide::{closed_updates, reconcile};
pub(crate) use escape::{cell, code_span, markdown, one_line};
pub use marker::Marker;
pub use merge::{Checks, Merge, MergeFacts, NeverReason, WaitReason, decide_merge, merge_line};
pub(crate) use reason::ReasonGroup;
pub use title::{commit_message, title};

/// What one lane would propose now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The lane.
    pub lane: Lane,
    /// The commit that depbot would push now; made, but not pushed.
    pub commit: CommitId,
    /// That commit's tree.
    pub tree: TreeId,
    /// One line.
    pub title: String,
    /// Markdown, without the marker.
    pub body: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Who is asked to look at it.
    pub reviewers: Vec<String>,
    /// What it updates; empty when only the lock is refreshed.
    pub updates: Vec<ProposedUpdate>,
}

/// A pull request that exists: open, merged or closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// The pull request.
    pub pull_request: PullRequest,
    /// The tree that merging it into its base, as that is now, gives; `None` when that conflicts or is not known. For a
    /// head directly on top of the base's newest commit this is the head's own tree. Not needed unless it is open.
    pub result: Option<TreeId>,
}

/// A branch of depbot's name that exists in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its name.
    pub name: BranchName,
    /// Its newest commit.
    pub head: CommitId,
    /// Whose that commit is, as far as the journal and the commit itself say.
    pub owner: HeadOwner,
}

/// Who made the newest commit of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadOwner {
    /// depbot pushed it.
    Depbot,
    /// Somebody else, or it is not known.
    Person,
}

/// A push of one commit to one branch, refused by git when the branch is not where it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The branch.
    pub branch: BranchName,
    /// Its new head.
    pub commit: CommitId,
    /// Its head now; `None` when it does not exist.
    pub expect: Option<CommitId>,
}

/// A branch to delete, refused by git when it is not where it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchDeletion {
    /// The branch.
    pub branch: BranchName,
    /// Its head now.
    pub expect: CommitId,
}

/// The text of a pull request, marker included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
}

/// A comment that is made at most once on a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Markdown, with a hidden key in it.
    pub text: String,
    key: String,
}

/// What is to be done. The steps of one action are taken in the order of its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Push the branch, then open a pull request.
    Open {
        /// The lane.
        lane: Lane,
        /// The push.
        push: Push,
        /// The pull request.
        new: NewPullRequest,
    },
    /// Bring a pull request up to date; at least one of the two is there.
    Refresh {
        /// Which.
        number: PullRequestNumber,
        /// Its new text, written first.
        text: Option<Text>,
        /// The push, made afterwards.
        push: Option<Push>,
    },
    /// Do nothing but, perhaps, say why.
    Leave {
        /// The lane.
        lane: Lane,
        /// Which pull request, where there is one.
        number: Option<PullRequestNumber>,
        /// Why.
        why: LeaveReason,
        /// What to say, unless it has been said.
        comment: Option<Comment>,
    },
    /// Close a pull request of depbot.
    Close {
        /// Which.
        number: PullRequestNumber,
        /// Its text, whose marker says that depbot closed it; written first, so that nobody takes it for a person's no.
        text: Text,
        /// The reason for its readers.
        comment: Comment,
        /// Why.
        reason: CloseReason,
        /// Its branch; `None` where another pull request still needs it.
        delete: Option<BranchDeletion>,
    },
    /// Delete a branch that a killed run left without a pull request.
    DeleteBranch(BranchDeletion),
}

/// Why nothing is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaveReason {
    /// It already is what is wanted.
    Current,
    /// Its head is not what depbot pushed: a person has been there.
    PersonCommitted {
        /// The head that depbot does not know.
        head: CommitId,
    },
    /// A person closed a pull request with the same change.
    ClosedByPerson {
        /// That pull request.
        closed: PullRequestNumber,
    },
    /// The branch exists without a pull request, and its newest commit is not depbot's.
    BranchTaken {
        /// The branch.
        branch: BranchName,
    },
}

/// Why a pull request is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// Nothing of it is left to do.
    NothingLeft,
    /// Another lane carries all its updates now.
    Superseded {
        /// That lane.
        by: Lane,
    },
    /// The repository's main branch is another one now.
    OtherBase {
        /// The main branch now.
        base: BranchName,
    },
    /// A newer pull request has the same branch.
    Duplicate {
        /// That pull request.
        of: PullRequestNumber,
    },
}

/// The branch that carries a lane: `depbot/routine`, `depbot/review`, `depbot/security`.
pub fn branch_of(lane: Lane) -> BranchName {
    BranchName::new(format!("depbot/{lane}")).expect("a lane's name is lower-case letters")
}

/// The lane that a branch carries; `None` for a branch that is not depbot's.
pub fn lane_of(branch: &BranchName) -> Option<Lane> {
    let lane = branch.as_str().strip_prefix("depbot/")?;
    [Lane::Security, Lane::Routine, Lane::Review].into_iter().find(|known| known.as_str() == lane)
}

impl Comment {
    /// A comment with the key that it is recognized by: lower-case letters and `-`.
    fn new(key: &str, text: &str) -> Self {
        let key = format!("<!-- depbot-said: {key} -->");
        Self { text: format!("{text}\n\n{key}"), key }
    }

    /// Whether it has been made, given the texts of all comments on the pull request.
    pub fn is_among<'a>(&self, comments: impl IntoIterator<Item = &'a str>) -> bool {
        comments.into_iter().any(|comment| comment.contains(&self.key))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { push, new, .. } => {
                write!(f, "open {} from {}: {}", push.commit.short(), push.branch, new.title)
            }
            Self::Refresh { number, text, push } => {
                write!(f, "refresh {number}:")?;
                if let Some(push) = push {
                    write!(f, " push {} to {}", push.commit.short(), push.branch)?;
                }
                let and = if push.is_some() { "," } else { "" };
                text.as_ref().map_or(Ok(()), |text| write!(f, "{and} text {:?}", text.title))
            }
            Self::Leave { number: Some(number), why, .. } => write!(f, "leave {number}: {why}"),
            Self::Leave { number: None, lane, why, .. } => write!(f, "open nothing for {lane}: {why}"),
            Self::Close { number, reason, delete, .. } => {
                write!(f, "close {number}: {reason}")?;
                delete.as_ref().map_or(Ok(()), |deletion| write!(f, "; {deletion}"))
            }
            Self::DeleteBranch(deletion) => deletion.fmt(f),
        }
    }
}

impl fmt::Display for BranchDeletion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "delete branch {} at {}", self.branch, self.expect.short())
    }
}

impl fmt::Display for LeaveReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current => f.write_str("it is up to date"),
            Self::PersonCommitted { head } => write!(f, "a person has pushed {} to it", head.short()),
            Self::ClosedByPerson { closed } => write!(f, "a person closed {closed} with the same change"),
            Self::BranchTaken { branch } => write!(f, "branch {branch} has commits that are not depbot's"),
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingLeft => f.write_str("nothing of it is left to do"),
            Self::Superseded { by } => write!(f, "its updates moved to {}", branch_of(*by)),
            Self::OtherBase { base } => write!(f, "pull requests go into {base} now"),
            Self::Duplicate { of } => write!(f, "{of} has the same branch"),
        }
    }
}
