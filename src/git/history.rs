//! Making trees and commits in a mirror, and reading commits.

use std::collections::{BTreeMap, BTreeSet};

use git2::build::TreeUpdateBuilder;
use git2::{DiffFormat, FileMode, Signature, Time};
use jiff::Timestamp;

use super::mirror::{commit_id, oid};
use super::{GitError, Mirror};
use crate::model::{CommitId, RepoPath, TreeId};

/// Who makes a commit or a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// What a commit says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitMessage {
    /// The first line.
    pub subject: String,
    /// What follows after an empty line; may be empty.
    pub body: String,
}

/// What is known about a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its files.
    pub tree: TreeId,
    /// The commits it follows.
    pub parents: Vec<CommitId>,
    /// The author's address.
    pub author_email: String,
    /// The committer's address.
    pub committer_email: String,
    /// The whole message.
    pub message: String,
    /// When it was committed.
    pub time: Timestamp,
}

/// What becomes of two lines of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// They go together as this tree.
    Tree(TreeId),
    /// They change the same lines of these files.
    Conflicts(Vec<RepoPath>),
}

impl Mirror {
    /// The tree of `base` with the files of `changed` in place of its own. Files keep their modes; new ones are plain.
    ///
    /// A path that is a symbolic link, a folder or a submodule in `base` is refused.
    pub fn tree_with(&self, base: &CommitId, changed: &BTreeMap<RepoPath, Vec<u8>>) -> Result<TreeId, GitError> {
        let repository = self.repository()?;
        let tree = self.tree_of(&repository, base)?;
        let mut update = TreeUpdateBuilder::new();
        for (path, contents) in changed {
            let mode = match tree.get_path(path.as_str().as_ref()).map(|entry| entry.filemode()) {
                Ok(0o100_755) => FileMode::BlobExecutable,
                Ok(0o100_644 | 0o100_664) | Err(_) => FileMode::Blob,
                Ok(_) => return Err(self.refused(path, "it is not a plain file")),
            };
            let blob = repository.blob(contents).map_err(|error| self.failed(&error))?;
            update.upsert(path.as_str(), blob, mode);
        }
        let tree = update.create_updated(&repository, &tree).map_err(|error| self.failed(&error))?;
        Ok(tree_id(tree))
    }

    /// A commit of `tree` after `parent`, by `author` at `at`. Equal arguments make the equal commit. No branch moves.
    pub fn commit(
        &self,
        tree: &TreeId,
        parent: &CommitId,
        message: &CommitMessage,
        author: &Identity,
        at: Timestamp,
    ) -> Result<CommitId, GitError> {
        self.commit_after(tree, &[parent], message, author, at)
    }

    /// As [`Mirror::commit`], for a commit that follows several: a merge.
    pub fn commit_after(
        &self,
        tree: &TreeId,
        parents: &[&CommitId],
        message: &CommitMessage,
        author: &Identity,
        at: Timestamp,
    ) -> Result<CommitId, GitError> {
        let repository = self.repository()?;
        let tree = repository.find_tree(oid(tree.as_str())).map_err(|error| self.failed(&error))?;
        let found = parents.iter().map(|parent| self.find_commit(&repository, parent));
        let parents = found.collect::<Result<Vec<_>, _>>()?;
        let signature = author.signature(at).map_err(|error| self.failed(&error))?;
        let commit = repository.commit(
            None,
            &signature,
            &signature,
            &message.text(),
            &tree,
            &parents.iter().collect::<Vec<_>>(),
        );
        commit.map(commit_id).map_err(|error| self.failed(&error))
    }

    /// Merges two commits by their contents, as git would; no branch moves.
    pub fn merge(&self, ours: &CommitId, theirs: &CommitId) -> Result<Merged, GitError> {
        let repository = self.repository()?;
        let (ours, theirs) = (self.find_commit(&repository, ours)?, self.find_commit(&repository, theirs)?);
        let failed = |error: git2::Error| self.failed(&error);
        let mut index = repository.merge_commits(&ours, &theirs, None).map_err(failed)?;
        if !index.has_conflicts() {
            return Ok(Merged::Tree(tree_id(index.write_tree_to(&repository).map_err(failed)?)));
        }
        let mut paths = BTreeSet::new();
        for conflict in index.conflicts().map_err(failed)? {
            let conflict = conflict.map_err(failed)?;
            let entry = conflict.our.or(conflict.their).or(conflict.ancestor);
            let path = entry.and_then(|entry| String::from_utf8(entry.path).ok());
            paths.extend(path.and_then(|path| RepoPath::new(path).ok()));
        }
        Ok(Merged::Conflicts(paths.into_iter().collect()))
    }

    /// What is known about `commit`.
    pub fn commit_info(&self, commit: &CommitId) -> Result<CommitInfo, GitError> {
        let repository = self.repository()?;
        let commit = self.find_commit(&repository, commit)?;
        let email = |signature: &Signature<'_>| String::from_utf8_lossy(signature.email_bytes()).into_owned();
        Ok(CommitInfo {
            tree: tree_id(commit.tree_id()),
            parents: commit.parent_ids().map(commit_id).collect(),
            author_email: email(&commit.author()),
            committer_email: email(&commit.committer()),
            message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
            time: Timestamp::from_second(commit.time().seconds()).unwrap_or(Timestamp::UNIX_EPOCH),
        })
    }

    /// Whether `descendant` is `ancestor` or comes after it.
    pub fn is_ancestor(&self, ancestor: &CommitId, descendant: &CommitId) -> Result<bool, GitError> {
        let repository = self.repository()?;
        for commit in [ancestor, descendant] {
            self.find_commit(&repository, commit)?;
        }
        if ancestor == descendant {
            return Ok(true);
        }
        let found = repository.graph_descendant_of(oid(descendant.as_str()), oid(ancestor.as_str()));
        found.map_err(|error| self.failed(&error))
    }

    /// What changes from one commit to another, as a unified diff. What is no UTF-8 is shown with replacement characters.
    pub fn diff(&self, from: &CommitId, to: &CommitId) -> Result<String, GitError> {
        let repository = self.repository()?;
        let (from, to) = (self.tree_of(&repository, from)?, self.tree_of(&repository, to)?);
        let diff = repository.diff_tree_to_tree(Some(&from), Some(&to), None).map_err(|error| self.failed(&error))?;
        let mut text = Vec::new();
        let printed = diff.print(DiffFormat::Patch, |_, _, line| {
            if matches!(line.origin(), ' ' | '+' | '-') {
                text.push(line.origin() as u8);
            }
            text.extend_from_slice(line.content());
            true
        });
        printed.map_err(|error| self.failed(&error))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn refused(&self, path: &RepoPath, reason: &str) -> GitError {
        GitError::Local { place: format!("{path} in {}", self.url()), reason: reason.to_owned() }
    }
}

impl Identity {
    pub(super) fn signature(&self, at: Timestamp) -> Result<Signature<'static>, git2::Error> {
        Signature::new(&self.name, &self.email, &Time::new(at.as_second(), 0))
    }
}

impl CommitMessage {
    fn text(&self) -> String {
        let (subject, body) = (self.subject.trim(), self.body.trim());
        if body.is_empty() { format!("{subject}\n") } else { format!("{subject}\n\n{body}\n") }
    }
}

pub(super) fn tree_id(id: git2::Oid) -> TreeId {
    TreeId::new(id.to_string()).expect("libgit2 writes 40 lower-case hexadecimal digits")
}
