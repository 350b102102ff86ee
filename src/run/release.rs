//! Release: a repository with `release = "tag"` gets a tag for each version that reaches its main branch.
//!
//! The version is raised in the upgrade itself, where the version in the manifest has a tag already: by a patch for what
//! merges by itself, by a minor for what a person decides. So the commit that is tagged says the version of its tag. The tag is due whenever the manifest's version has none: after
//! a merge in this run, or after one that an earlier run did not come to tag.

use std::collections::BTreeSet;

use semver::Version;

use super::repository::Work;
use super::survey::Survey;
use super::sync::{Synced, failure};
use super::{Services, Stage, record};
use crate::config::{ReleaseMode, RepoConfig};
use crate::git::TagPushed;
use crate::manifest::Member;
use crate::model::{CommitId, Edit, EditField, EventBody, version_in_tag};
use crate::plan::StageFailure;

/// The edits that give each released package of a repository its next version; none where that is not due.
#[derive(Clone, Debug, Default)]
pub(super) struct Raises {
    /// The next patch: for compatible updates.
    pub(super) patch: Vec<Edit>,
    /// The next minor: for a change that a person decides on, which users of the package may notice.
    pub(super) minor: Vec<Edit>,
}

/// The next versions of what a repository releases.
pub(super) fn raises(repo: &RepoConfig, survey: &Survey, synced: &Synced) -> Result<Raises, StageFailure> {
    let mut raises = Raises::default();
    if repo.release != ReleaseMode::Tag {
        return Ok(raises);
    }
    let tags = synced.mirror.tags().map_err(|error| failure(Stage::Release, &error))?;
    for member in released_members(survey) {
        let (Some(version), Some(site)) = (&member.version, &member.version_site) else { continue };
        let is_tagged = tags.iter().any(|(tag, _)| version_in_tag(tag, &member.package).as_ref() == Some(version));
        let is_known = raises.patch.iter().any(|edit| edit.site == *site);
        if is_tagged && !is_known {
            let raised = |to: Version| Edit {
                site: site.clone(),
                field: EditField::PackageVersion,
                from: version.to_string(),
                to: to.to_string(),
            };
            raises.patch.push(raised(next_patch(version)));
            raises.minor.push(raised(Version::new(version.major, version.minor + 1, 0)));
        }
    }
    Ok(raises)
}

fn next_patch(version: &Version) -> Version {
    Version::new(version.major, version.minor, version.patch + u64::from(version.pre.is_empty()))
}

fn released_members(survey: &Survey) -> Vec<&Member> {
    survey.workspaces.iter().flat_map(|surveyed| &surveyed.workspace.members).collect()
}

/// Tags the main branch's newest commit with the versions in its manifests that have no tag yet.
pub(super) async fn tag(
    services: &Services,
    work: &Work<'_>,
    survey: &Survey,
    commit: &CommitId,
) -> Result<Option<String>, StageFailure> {
    if work.repo.release != ReleaseMode::Tag {
        return Ok(None);
    }
    let existing = work.synced.mirror.tags().map_err(|error| failure(Stage::Release, &error))?;
    let mut made = Vec::new();
    for tag in due_tags(survey, &existing) {
        let event = EventBody::ReleaseTagged { repo: work.repo.name.clone(), tag: tag.clone(), commit: commit.clone() };
        let is_recorded = services.journal.has_release(&work.repo.name, &tag);
        if !is_recorded.map_err(|error| failure(Stage::Release, &error))? {
            record(services, work.run, event).map_err(|error| failure(Stage::Release, &error))?;
        }
        let pushed = services
            .git
            .push_tag(&work.synced.mirror, &tag, commit, &tag, &services.identity, (services.clock)())
            .await
            .map_err(|error| failure(Stage::Release, &error))?;
        match pushed {
            TagPushed::Created => made.push(tag),
            TagPushed::AlreadyThere => {}
        }
    }
    Ok((!made.is_empty()).then(|| made.join(", ")))
}

/// The tags that are due: `v1.2.3` where all packages share a version, else one for each package.
fn due_tags(survey: &Survey, existing: &[(String, CommitId)]) -> BTreeSet<String> {
    let members = released_members(survey);
    let versions: BTreeSet<&Version> = members.iter().filter_map(|member| member.version.as_ref()).collect();
    let is_due = |member: &&&Member| {
        let tagged = |(tag, _): &(String, CommitId)| version_in_tag(tag, &member.package);
        let newest = existing.iter().filter_map(tagged).max();
        member.version.as_ref().is_some_and(|version| newest.is_none_or(|newest| *version > newest))
    };
    members
        .iter()
        .filter(is_due)
        .filter_map(|member| {
            let version = member.version.as_ref()?;
            Some(if versions.len() == 1 { format!("v{version}") } else { format!("{}-v{version}", member.package) })
        })
        .collect()
}
