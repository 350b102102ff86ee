//! Writes the commits of a merge: squashed, as a merge commit, or replayed one by one.

use git2::{Commit, ErrorCode, Index, Oid, Repository, Signature, Sort, Time, Tree};

use super::{MergeFailure, MergeRequest};
use crate::config::MergeMethod;

/// The commit that holds `base` with the change of `head`; `base` itself where it holds the change already.
pub(super) fn merge(
    repository: &Repository,
    base: &Commit<'_>,
    head: &Commit<'_>,
    request: &MergeRequest<'_>,
) -> Result<Oid, MergeFailure> {
    let fork = fork_point(repository, base, head)?;
    if fork == head.id() {
        return Ok(base.id());
    }
    let committer = signature(request)?;
    match request.method {
        MergeMethod::Squash => squash(repository, base, head, request.message, &committer),
        MergeMethod::Merge => {
            let tree = merged_tree(repository, base, head)?;
            Ok(repository.commit(None, &committer, &committer, request.message, &tree, &[base, head])?)
        }
        MergeMethod::Rebase if fork == base.id() => Ok(head.id()),
        MergeMethod::Rebase => rebase(repository, base, head, fork, &committer),
    }
}

fn squash(
    repository: &Repository,
    base: &Commit<'_>,
    head: &Commit<'_>,
    message: &str,
    committer: &Signature<'_>,
) -> Result<Oid, MergeFailure> {
    let tree = merged_tree(repository, base, head)?;
    if tree.id() == base.tree_id() {
        return Ok(base.id());
    }
    Ok(repository.commit(None, &head.author(), committer, message, &tree, &[base])?)
}

/// Replays the commits after `fork` on `base`, without those whose change is there already.
fn rebase(
    repository: &Repository,
    base: &Commit<'_>,
    head: &Commit<'_>,
    fork: Oid,
    committer: &Signature<'_>,
) -> Result<Oid, MergeFailure> {
    let mut tip = base.clone();
    for id in commits_after(repository, fork, base, head)? {
        let commit = repository.find_commit(id)?;
        if commit.parent_count() > 1 {
            return Err(MergeFailure::NotAllowed {
                reason: format!("the branch has a merge commit ({id:.10}), which cannot be rebased"),
            });
        }
        let index = repository.cherrypick_commit(&commit, &tip, 0, None)?;
        let tree = conflict_free_tree(repository, index)?;
        if tree.id() != tip.tree_id() {
            let message = String::from_utf8_lossy(commit.message_raw_bytes());
            let replayed = repository.commit(None, &commit.author(), committer, &message, &tree, &[&tip])?;
            tip = repository.find_commit(replayed)?;
        }
    }
    Ok(tip.id())
}

/// The commits of `head` that `base` does not have, oldest first.
fn commits_after(
    repository: &Repository,
    fork: Oid,
    base: &Commit<'_>,
    head: &Commit<'_>,
) -> Result<Vec<Oid>, MergeFailure> {
    let mut walk = repository.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
    walk.push(head.id())?;
    walk.hide(base.id())?;
    walk.hide(fork)?;
    Ok(walk.collect::<Result<Vec<Oid>, git2::Error>>()?)
}

fn fork_point(repository: &Repository, base: &Commit<'_>, head: &Commit<'_>) -> Result<Oid, MergeFailure> {
    match repository.merge_base(base.id(), head.id()) {
        Ok(fork) => Ok(fork),
        Err(error) if error.code() == ErrorCode::NotFound => {
            Err(MergeFailure::NotAllowed { reason: "the branches have no commit in common".to_owned() })
        }
        Err(error) => Err(error.into()),
    }
}

fn merged_tree<'r>(repository: &'r Repository, base: &Commit<'_>, head: &Commit<'_>) -> Result<Tree<'r>, MergeFailure> {
    conflict_free_tree(repository, repository.merge_commits(base, head, None)?)
}

fn conflict_free_tree(repository: &Repository, mut index: Index) -> Result<Tree<'_>, MergeFailure> {
    if index.has_conflicts() {
        return Err(MergeFailure::Conflict { paths: conflicting_paths(&index)? });
    }
    let tree = index.write_tree_to(repository)?;
    Ok(repository.find_tree(tree)?)
}

fn conflicting_paths(index: &Index) -> Result<Vec<String>, MergeFailure> {
    let mut paths = Vec::new();
    for conflict in index.conflicts()? {
        let conflict = conflict?;
        let sides = [conflict.our, conflict.their, conflict.ancestor];
        paths.extend(sides.into_iter().flatten().next().map(|entry| String::from_utf8_lossy(&entry.path).into_owned()));
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

fn signature(request: &MergeRequest<'_>) -> Result<Signature<'static>, MergeFailure> {
    let time = Time::new(request.at.as_second(), 0);
    Ok(Signature::new(&request.committer.name, &request.committer.email, &time)?)
}
