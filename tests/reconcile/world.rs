//! Short ways to say what exists and what is wanted.

use depbot::model::{
    BranchName, CommitId, CrateName, Lane, ProposedUpdate, PullRequest, PullRequestNumber, PullRequestState, TreeId,
};
use depbot::reconcile::{Branch, Existing, HeadOwner, Marker, Wanted, branch_of, marker};
use semver::Version;

pub(crate) fn commit(digit: char) -> CommitId {
    CommitId::new(digit.to_string().repeat(40)).expect("a commit id")
}

pub(crate) fn tree(digit: char) -> TreeId {
    TreeId::new(digit.to_string().repeat(40)).expect("a tree id")
}

pub(crate) fn branch(name: &str) -> BranchName {
    BranchName::new(name).expect("a branch name")
}

pub(crate) fn update(text: &str) -> ProposedUpdate {
    let (krate, to) = text.split_once(' ').expect("a crate and a version");
    ProposedUpdate { krate: CrateName::new(krate).expect("a crate"), to: Version::parse(to).expect("a version") }
}

/// Wants `commit` with the tree of the same digit.
pub(crate) fn wanted(lane: Lane, digit: char, updates: &[&str]) -> Wanted {
    Wanted {
        lane,
        commit: commit(digit),
        tree: tree(digit),
        title: "Update things".into(),
        body: "The text.".into(),
        labels: vec!["dependencies".into()],
        reviewers: Vec::new(),
        updates: updates.iter().map(|text| update(text)).collect(),
    }
}

/// What depbot would have written for `wanted`.
pub(crate) fn marker_of(wanted: &Wanted) -> Marker {
    Marker {
        lane: wanted.lane,
        head: wanted.commit.clone(),
        previous: None,
        tree: wanted.tree.clone(),
        updates: wanted.updates.clone(),
        closed_by_depbot: false,
    }
}

/// The open pull request that `wanted` became when it was proposed.
pub(crate) fn proposed(number: u64, wanted: &Wanted) -> Existing {
    Existing {
        pull_request: PullRequest {
            number: PullRequestNumber(number),
            url: format!("depbot pr show {number}"),
            state: PullRequestState::Open,
            title: wanted.title.clone(),
            body: marker::write(&wanted.body, &marker_of(wanted)),
            head: branch_of(wanted.lane),
            base: branch("main"),
            head_commit: wanted.commit.clone(),
            labels: wanted.labels.clone(),
            opened: "2026-11-16T04:00:00Z".parse().expect("a time"),
            ended: None,
            merge_commit: None,
        },
        result: Some(wanted.tree.clone()),
    }
}

pub(crate) fn ended(existing: Existing, state: PullRequestState) -> Existing {
    Existing { pull_request: PullRequest { state, ..existing.pull_request }, result: None }
}

pub(crate) fn branch_at(lane: Lane, digit: char, owner: HeadOwner) -> Branch {
    Branch { name: branch_of(lane), head: commit(digit), owner }
}
