//! What a bare repository's branches hold, and the three things a forge does to its refs beside merging.

use git2::{DiffFormat, ErrorCode, Oid};

use super::{BareRepository, MergeFailure, commit_id, oid, ref_name};
use crate::model::{BranchName, CommitId, PullRequestNumber};

/// How many commits of a base branch are looked through for the one that merged a change.
const MERGE_SEARCH_LIMIT: usize = 1_000;

impl BareRepository {
    /// The newest commit of a branch; `None` when there is no such branch.
    pub fn branch(&self, branch: &BranchName) -> Result<Option<CommitId>, MergeFailure> {
        match self.repository.refname_to_id(&ref_name(branch)) {
            Ok(id) => Ok(Some(commit_id(id))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether `descendant` is `ancestor` or was made after it. A commit that is not in the repository
    /// is in nothing and holds nothing.
    pub fn contains(&self, descendant: &CommitId, ancestor: &CommitId) -> Result<bool, MergeFailure> {
        let (descendant, ancestor) = (oid(descendant)?, oid(ancestor)?);
        let known = |id: Oid| self.repository.find_commit(id).is_ok();
        Ok(descendant == ancestor
            || (known(ancestor) && known(descendant) && self.repository.graph_descendant_of(descendant, ancestor)?))
    }

    /// The commit with which `change` came into the branch whose tip is `base`, and which `before` did not hold yet.
    pub fn merged_as(&self, base: &CommitId, before: &CommitId, change: &CommitId) -> Result<CommitId, MergeFailure> {
        let (before, change) = (oid(before)?, oid(change)?);
        let mut tip = oid(base)?;
        for _ in 0..MERGE_SEARCH_LIMIT {
            let Ok(parent) = self.repository.find_commit(tip)?.parent_id(0) else { break };
            let holds = parent == change || self.repository.graph_descendant_of(parent, change)?;
            if tip == before || tip == change || !holds {
                break;
            }
            tip = parent;
        }
        Ok(commit_id(tip))
    }

    /// What `head` changes since it left `base`, as a patch (`git diff base...head`).
    pub fn diff(&self, base: &CommitId, head: &CommitId) -> Result<String, MergeFailure> {
        let (base, head) = (oid(base)?, oid(head)?);
        let fork = self.repository.merge_base(base, head)?;
        let tree = |id: Oid| self.repository.find_commit(id).and_then(|commit| commit.tree());
        let diff = self.repository.diff_tree_to_tree(Some(&tree(fork)?), Some(&tree(head)?), None)?;
        let mut patch = Vec::new();
        diff.print(DiffFormat::Patch, |_, _, line| {
            if matches!(line.origin(), '+' | '-' | ' ') {
                patch.push(line.origin() as u8);
            }
            patch.extend_from_slice(line.content());
            true
        })?;
        Ok(String::from_utf8_lossy(&patch).into_owned())
    }

    /// Points `refs/pull/NUMBER/head` at a commit, as GitHub does: it can be fetched, and git never collects it.
    pub fn keep(&self, number: PullRequestNumber, head: &CommitId) -> Result<(), MergeFailure> {
        let name = format!("refs/pull/{}/head", number.0);
        self.repository.reference(&name, oid(head)?, true, "keep a pull request's head")?;
        Ok(())
    }

    /// Deletes a branch; one that is not there is fine. The repository's default branch stays.
    pub fn delete_branch(&self, branch: &BranchName) -> Result<(), MergeFailure> {
        let name = ref_name(branch);
        if self.default_ref()? == name.as_bytes() {
            return Err(MergeFailure::NotAllowed { reason: format!("{branch} is the repository's default branch") });
        }
        let deleted = self.repository.find_reference(&name).and_then(|mut reference| reference.delete());
        match deleted {
            Err(error) if error.code() != ErrorCode::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The full name of the branch that `HEAD` stands for; empty where it is on none.
    pub(super) fn default_ref(&self) -> Result<Vec<u8>, MergeFailure> {
        let head = self.repository.find_reference("HEAD")?;
        Ok(head.symbolic_target_bytes().unwrap_or_default().to_vec())
    }
}
