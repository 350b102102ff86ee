//! Changing the remote: branches with a lease, tags once.
//!
//! A lease is checked against the list of references that the other side sends first. The protocol sends the same values
//! back with the push, and the other side refuses it when they have changed meanwhile.

use std::cell::RefCell;

use git2::{Direction, Oid, PushOptions, Repository};
use jiff::Timestamp;

use super::mirror::{commit_id, oid};
use super::session::Session;
use super::sync::{callbacks, connect, remote_tags};
use super::{GitError, Identity, Mirror, PushError};
use crate::model::{BranchName, CommitId};
use crate::process::failpoint;

/// Where a branch of the remote must be for a push to go ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lease {
    /// There must be no such branch.
    Absent,
    /// It must be at this commit.
    At(CommitId),
}

/// What became of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagPushed {
    /// It is new.
    Created,
    /// It was on that commit before.
    AlreadyThere,
}

pub(super) struct NewTag {
    pub(super) name: String,
    pub(super) message: String,
    pub(super) tagger: Identity,
    pub(super) at: Timestamp,
}

pub(super) fn push(
    session: &Session,
    mirror: &Mirror,
    branch: &BranchName,
    commit: &CommitId,
    lease: &Lease,
) -> Result<(), PushError> {
    let repository = mirror.repository()?;
    let id = mirror.find_commit(&repository, commit)?.id();
    let change = Change { reference: format!("refs/heads/{branch}"), to: Some(id), lease: lease.id() };
    change.carry_out(session, &repository, mirror)
}

pub(super) fn delete(session: &Session, mirror: &Mirror, branch: &BranchName, lease: &Lease) -> Result<(), PushError> {
    let change = Change { reference: format!("refs/heads/{branch}"), to: None, lease: lease.id() };
    change.carry_out(session, &mirror.repository()?, mirror)
}

pub(super) fn push_tag(
    session: &Session,
    mirror: &Mirror,
    tag: &NewTag,
    commit: &CommitId,
) -> Result<TagPushed, PushError> {
    if let Some(found) = found_tag(session, mirror, &tag.name)? {
        return already_there(tag, commit, found);
    }
    let repository = mirror.repository()?;
    let target = mirror.find_commit(&repository, commit)?;
    let failed = |error: git2::Error| mirror.failed(&error);
    let tagger = tag.tagger.signature(tag.at).map_err(failed)?;
    let message = format!("{}\n", tag.message.trim());
    let id = repository.tag_annotation_create(&tag.name, target.as_object(), &tagger, &message).map_err(failed)?;
    let change = Change { reference: tag.reference(), to: Some(id), lease: None };
    match change.carry_out(session, &repository, mirror) {
        Ok(()) => Ok(TagPushed::Created),
        Err(PushError::LeaseLost { .. }) => match found_tag(session, mirror, &tag.name)? {
            Some(found) => already_there(tag, commit, found),
            None => Err(PushError::LeaseLost { reference: tag.reference(), found: None }),
        },
        Err(error) => Err(error),
    }
}

fn found_tag(session: &Session, mirror: &Mirror, name: &str) -> Result<Option<CommitId>, GitError> {
    let tags = remote_tags(session, mirror.full_url())?;
    Ok(tags.into_iter().find(|(found, _)| found == name).map(|(_, commit)| commit))
}

fn already_there(tag: &NewTag, commit: &CommitId, found: CommitId) -> Result<TagPushed, PushError> {
    if found == *commit {
        Ok(TagPushed::AlreadyThere)
    } else {
        Err(PushError::LeaseLost { reference: tag.reference(), found: Some(found) })
    }
}

impl NewTag {
    fn reference(&self) -> String {
        format!("refs/tags/{}", self.name)
    }
}

impl Lease {
    fn id(&self) -> Option<Oid> {
        match self {
            Self::Absent => None,
            Self::At(commit) => Some(oid(commit.as_str())),
        }
    }
}

/// One reference of the remote and where it is to go.
struct Change {
    reference: String,
    /// `None` deletes.
    to: Option<Oid>,
    /// Where it must be before.
    lease: Option<Oid>,
}

impl Change {
    /// Carries it out on the remote, then in the mirror.
    fn carry_out(&self, session: &Session, repository: &Repository, mirror: &Mirror) -> Result<(), PushError> {
        let url = mirror.full_url();
        match self.send(session, repository, url) {
            Ok(()) => {
                failpoint::pass();
                self.follow(repository).map_err(|error| mirror.failed(&error).into())
            }
            Err(PushError::Rejected { reference, reason }) => {
                // A lost race comes back as a refusal in words. Where the reference is now tells the two apart.
                let found = self.look(session, repository, url)?;
                if found == self.lease {
                    return Err(PushError::Rejected { reference, reason });
                }
                Err(self.lost(found))
            }
            Err(error) => Err(error),
        }
    }

    fn send(&self, session: &Session, repository: &Repository, url: &str) -> Result<(), PushError> {
        let failed = |error: git2::Error| session.outcome(url, &error);
        let mut remote = repository.remote_anonymous(url).map_err(failed)?;
        let mut connection = connect(session, &mut remote, Direction::Push).map_err(failed)?;
        let found = self.find(connection.list().map_err(failed)?);
        if found == self.to {
            return Ok(());
        }
        if found != self.lease {
            return Err(self.lost(found));
        }
        let refusal = RefCell::new(None);
        let pushed = {
            let mut callbacks = callbacks(session);
            callbacks.push_update_reference(|_, status| {
                *refusal.borrow_mut() = status.map(str::to_owned);
                Ok(())
            });
            let mut options = PushOptions::new();
            options.remote_callbacks(callbacks);
            let source = self.to.map(|id| id.to_string()).unwrap_or_default();
            connection.remote().push(&[format!("+{source}:{}", self.reference)], Some(&mut options))
        };
        match (pushed, refusal.into_inner()) {
            (_, Some(reason)) => Err(PushError::Rejected { reference: self.reference.clone(), reason }),
            (Err(error), None) if error.code() == git2::ErrorCode::BareRepo => {
                Err(PushError::Rejected { reference: self.reference.clone(), reason: error.message().to_owned() })
            }
            (Err(error), None) => Err(failed(error).into()),
            (Ok(()), None) => Ok(()),
        }
    }

    /// Where the reference is now.
    fn look(&self, session: &Session, repository: &Repository, url: &str) -> Result<Option<Oid>, GitError> {
        let failed = |error: git2::Error| session.outcome(url, &error);
        let mut remote = repository.remote_anonymous(url).map_err(failed)?;
        let connection = connect(session, &mut remote, Direction::Fetch).map_err(failed)?;
        Ok(self.find(connection.list().map_err(failed)?))
    }

    fn find(&self, heads: &[git2::RemoteHead<'_>]) -> Option<Oid> {
        heads.iter().find(|head| head.name() == self.reference).map(git2::RemoteHead::oid)
    }

    fn lost(&self, found: Option<Oid>) -> PushError {
        PushError::LeaseLost { reference: self.reference.clone(), found: found.map(commit_id) }
    }

    /// The mirror's own reference follows.
    fn follow(&self, repository: &Repository) -> Result<(), git2::Error> {
        match self.to {
            Some(id) => repository.reference(&self.reference, id, true, "depbot: push").map(|_| ()),
            None => match repository.find_reference(&self.reference) {
                Ok(mut reference) => reference.delete(),
                Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(()),
                Err(error) => Err(error),
            },
        }
    }
}
