//! What is wanted against what exists: one look at every lane.

use super::{
    Action, Branch, BranchDeletion, CloseReason, Comment, Existing, HeadOwner, LeaveReason, Marker, Push, Text, Wanted,
    branch_of, lane_of, marker,
};
use crate::model::{
    BranchName, CommitId, Lane, NewPullRequest, ProposedUpdate, PullRequest, PullRequestNumber, PullRequestState,
};

const LANES: [Lane; 3] = [Lane::Security, Lane::Routine, Lane::Review];

/// The actions that lead from what exists to what is wanted, lane by lane.
///
/// `existing` has every pull request whose head is a branch of depbot's name *in this repository* (not in a fork), and
/// `branches` every such branch. A lane without a [`Wanted`] is one where nothing is left to do: a repository that could
/// not be planned or verified is not reconciled at all. `base` is the branch that pull requests go into.
pub fn reconcile(wanted: &[Wanted], existing: &[Existing], branches: &[Branch], base: &BranchName) -> Vec<Action> {
    LANES.into_iter().flat_map(|lane| LaneFacts { lane, wanted, existing, branches, base }.actions()).collect()
}

/// What people said no to: the updates of pull requests that a person closed without merging, for the policy.
pub fn closed_updates(existing: &[Existing]) -> Vec<(ProposedUpdate, PullRequestNumber)> {
    closed_by_person(existing)
        .flat_map(|(pull_request, marker)| marker.updates.into_iter().map(|update| (update, pull_request.number)))
        .collect()
}

fn closed_by_person(existing: &[Existing]) -> impl Iterator<Item = (&PullRequest, Marker)> {
    existing
        .iter()
        .map(|existing| &existing.pull_request)
        .filter(|pull_request| pull_request.state == PullRequestState::Closed && lane_of(&pull_request.head).is_some())
        .filter_map(|pull_request| Some((pull_request, marker::read(&pull_request.body)?)))
        .filter(|(_, marker)| !marker.closed_by_depbot)
}

struct LaneFacts<'a> {
    lane: Lane,
    wanted: &'a [Wanted],
    existing: &'a [Existing],
    branches: &'a [Branch],
    base: &'a BranchName,
}

/// What becomes of the branch of a pull request that is closed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BranchFate {
    Kept,
    Deleted,
}

impl LaneFacts<'_> {
    fn actions(&self) -> Vec<Action> {
        let branch = branch_of(self.lane);
        let wanted = self.wanted.iter().find(|wanted| wanted.lane == self.lane);
        let mut open: Vec<&Existing> =
            self.existing.iter().filter(|one| is_open(one) && one.pull_request.head == branch).collect();
        open.sort_by_key(|one| std::cmp::Reverse(one.pull_request.number));
        let (here, elsewhere): (Vec<_>, Vec<_>) = open.into_iter().partition(|one| one.pull_request.base == *self.base);
        let mut here = here.into_iter();
        let kept = here.next();

        let fate = if wanted.is_some() || kept.is_some() { BranchFate::Kept } else { BranchFate::Deleted };
        let mut actions: Vec<Action> = Vec::new();
        for other in elsewhere {
            let reason = CloseReason::OtherBase { base: self.base.clone() };
            actions.push(self.close(other, reason, fate));
        }
        for (other, kept) in here.zip(kept.into_iter().cycle()) {
            let reason = CloseReason::Duplicate { of: kept.pull_request.number };
            actions.push(self.close(other, reason, BranchFate::Kept));
        }
        let closes_branch = !actions.is_empty() && fate == BranchFate::Deleted;
        match (wanted, kept) {
            (Some(wanted), Some(kept)) => actions.push(self.refresh(wanted, kept)),
            (Some(wanted), None) => actions.push(self.open(wanted)),
            (None, Some(kept)) => actions.push(self.close(kept, self.no_longer_needed(kept), BranchFate::Deleted)),
            (None, None) if closes_branch => {}
            (None, None) => actions.extend(self.leftover().map(Action::DeleteBranch)),
        }
        actions
    }

    fn open(&self, wanted: &Wanted) -> Action {
        let leave = |why| Action::Leave { lane: self.lane, number: None, why, comment: None };
        if let Some(closed) = self.closed_with_same_change(wanted) {
            return leave(LeaveReason::ClosedByPerson { closed });
        }
        let branch = branch_of(self.lane);
        let expect = match self.branch() {
            None => None,
            Some(Branch { owner: HeadOwner::Depbot, head, .. }) => Some(head.clone()),
            Some(Branch { owner: HeadOwner::Person, .. }) => return leave(LeaveReason::BranchTaken { branch }),
        };
        let previous = expect.clone().filter(|head| *head != wanted.commit);
        let marker = marker_for(wanted, wanted.commit.clone(), previous);
        Action::Open {
            lane: self.lane,
            push: Push { branch: branch.clone(), commit: wanted.commit.clone(), expect },
            new: NewPullRequest {
                title: wanted.title.clone(),
                body: marker::write(&wanted.body, &marker),
                head: branch,
                base: self.base.clone(),
                labels: wanted.labels.clone(),
                reviewers: wanted.reviewers.clone(),
            },
        }
    }

    fn refresh(&self, wanted: &Wanted, existing: &Existing) -> Action {
        let pull_request = &existing.pull_request;
        if !self.is_ours(pull_request) {
            return self.leave_to_person(pull_request);
        }
        let proposes_it = existing.result.as_ref() == Some(&wanted.tree);
        let head = &pull_request.head_commit;
        let push = (!proposes_it && *head != wanted.commit).then(|| Push {
            branch: pull_request.head.clone(),
            commit: wanted.commit.clone(),
            expect: Some(head.clone()),
        });
        let marker = match &push {
            Some(push) => marker_for(wanted, push.commit.clone(), Some(head.clone())),
            None => marker_for(wanted, head.clone(), previous_of(pull_request)),
        };
        let text =
            Text { title: wanted.title.clone(), body: marker::rewrite(&pull_request.body, &wanted.body, &marker) };
        let is_written = text.title == pull_request.title && same_text(&text.body, &pull_request.body);
        let text = (!is_written).then_some(text);
        let number = pull_request.number;
        if text.is_none() && push.is_none() {
            return Action::Leave { lane: self.lane, number: Some(number), why: LeaveReason::Current, comment: None };
        }
        Action::Refresh { number, text, push }
    }

    fn close(&self, existing: &Existing, reason: CloseReason, fate: BranchFate) -> Action {
        let pull_request = &existing.pull_request;
        if !self.is_ours(pull_request) {
            return self.leave_to_person(pull_request);
        }
        let delete = BranchDeletion { branch: pull_request.head.clone(), expect: pull_request.head_commit.clone() };
        Action::Close {
            number: pull_request.number,
            text: Text { title: pull_request.title.clone(), body: body_when_closed(&pull_request.body) },
            comment: Comment::new("closed", &format!("depbot closes this: {reason}.")),
            reason,
            delete: (fate == BranchFate::Deleted).then_some(delete),
        }
    }

    fn leave_to_person(&self, pull_request: &PullRequest) -> Action {
        let head = pull_request.head_commit.clone();
        let text = format!(
            "The newest commit here, {}, is not one that depbot pushed, so depbot leaves this pull request to you: it \
             neither pushes to it, nor merges or closes it.\n\nTo hand it back, take that commit off the branch `{}` again.",
            head.short(),
            pull_request.head
        );
        Action::Leave {
            lane: self.lane,
            number: Some(pull_request.number),
            why: LeaveReason::PersonCommitted { head },
            comment: Some(Comment::new("left-to-person", &text)),
        }
    }

    /// Whether depbot made the head: its marker says so, or, where a person edited the marker away, the branch does.
    fn is_ours(&self, pull_request: &PullRequest) -> bool {
        match marker::read(&pull_request.body) {
            Some(marker) => marker.knows(&pull_request.head_commit),
            None => self
                .branch()
                .is_some_and(|branch| branch.owner == HeadOwner::Depbot && branch.head == pull_request.head_commit),
        }
    }

    fn no_longer_needed(&self, existing: &Existing) -> CloseReason {
        let updates = marker::read(&existing.pull_request.body).map(|marker| marker.updates).unwrap_or_default();
        let carries_all = |wanted: &&Wanted| updates.iter().all(|update| wanted.updates.contains(update));
        match self.wanted.iter().find(carries_all) {
            Some(wanted) if !updates.is_empty() => CloseReason::Superseded { by: wanted.lane },
            Some(_) | None => CloseReason::NothingLeft,
        }
    }

    fn closed_with_same_change(&self, wanted: &Wanted) -> Option<PullRequestNumber> {
        let updates = marker::sorted(&wanted.updates);
        let is_same = |marker: &Marker| match updates.is_empty() {
            true => marker.updates.is_empty() && marker.tree == wanted.tree,
            false => marker.update_set() == updates,
        };
        closed_by_person(self.existing)
            .filter(|(_, marker)| is_same(marker))
            .map(|(pull_request, _)| pull_request.number)
            .max()
    }

    fn branch(&self) -> Option<&Branch> {
        let name = branch_of(self.lane);
        self.branches.iter().find(|branch| branch.name == name)
    }

    fn leftover(&self) -> Option<BranchDeletion> {
        let branch = self.branch().filter(|branch| branch.owner == HeadOwner::Depbot)?;
        Some(BranchDeletion { branch: branch.name.clone(), expect: branch.head.clone() })
    }
}

fn is_open(existing: &Existing) -> bool {
    existing.pull_request.state == PullRequestState::Open
}

fn marker_for(wanted: &Wanted, head: CommitId, previous: Option<CommitId>) -> Marker {
    Marker {
        lane: wanted.lane,
        head,
        previous,
        tree: wanted.tree.clone(),
        updates: wanted.updates.clone(),
        closed_by_depbot: false,
    }
}

/// The same body, its marker saying that depbot closed it. Without a marker it is taken for nobody's no anyway.
fn body_when_closed(body: &str) -> String {
    match marker::read(body) {
        Some(marker) => marker::rewrite(body, &marker::text(body), &Marker { closed_by_depbot: true, ..marker }),
        None => body.to_owned(),
    }
}

/// What the marker of an untouched head says about the head before it; nothing when a killed run never pushed.
fn previous_of(pull_request: &PullRequest) -> Option<CommitId> {
    let marker = marker::read(&pull_request.body)?;
    marker.previous.filter(|_| marker.head == pull_request.head_commit)
}

/// Forges turn line ends into CRLF and may trim.
fn same_text(one: &str, other: &str) -> bool {
    one.replace("\r\n", "\n").trim() == other.replace("\r\n", "\n").trim()
}
