//! What is told about updates beside their versions: links and changelogs, as far as they are known in a few seconds.
//!
//! Nothing waits for it and nothing fails without it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use semver::Version;

use super::Services;
use super::repository::Work;
use super::verify::LaneProof;
use super::{publish, tree};
use crate::model::{CrateName, Registry, Source, Update};
use crate::reconcile::{self, UpdateFacts};
use crate::registry::{CRATES_IO_INDEX, CratePage, PackageFacts, PackageOrigin, package_facts};

/// How long packages are read.
const PATIENCE_PACKAGES: Duration = Duration::from_secs(5);
/// How long crates.io is waited for.
const PATIENCE_CRATES_IO: Duration = Duration::from_secs(4);
/// How many packages are read at a time.
const AT_A_TIME: usize = 4;

/// What is known, for each update.
pub(super) type Facts = BTreeMap<Subject, UpdateFacts>;

/// An update of a package of a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    krate: CrateName,
    from: Version,
    to: Version,
    origin: PackageOrigin,
}

/// The subject of an update from `source`; `None` for what no registry has.
pub(super) fn subject(update: &Update, source: Option<&Source>) -> Option<Subject> {
    let origin = match source? {
        Source::Registry(Registry::CratesIo) => PackageOrigin::CratesIo,
        Source::Registry(Registry::Named(_) | Registry::Index(_)) => PackageOrigin::Elsewhere,
        Source::Git { .. } | Source::Path(_) => return None,
    };
    let Update { krate, from, to, .. } = update;
    Some(Subject { krate: krate.clone(), from: from.clone(), to: to.clone(), origin })
}

/// Finds out about everything that the lanes ship.
pub(super) async fn collect(services: &Services, work: &Work<'_>, lanes: &[LaneProof]) -> Facts {
    let choices = lanes.iter().flat_map(|proof| &proof.shipped);
    let updates = choices.flat_map(|choice| tree::updates_at(&work.proposal.units[choice.unit.0], choice.level));
    let subjects: BTreeSet<Subject> =
        updates.filter_map(|update| subject(update, publish::source_of(work, update))).collect();
    let packages = packages(&services.cargo.cargo_home, &subjects).await;
    let pages = pages(services, work, &subjects, &packages).await;
    let facts = subjects.into_iter().filter_map(|subject| {
        let facts = facts_of(&subject, packages.get(&subject), pages.get(&subject.krate))?;
        Some((subject, facts))
    });
    facts.collect()
}

/// Reads packages, as many as there is time for.
async fn packages(cargo_home: &Path, subjects: &BTreeSet<Subject>) -> BTreeMap<Subject, PackageFacts> {
    let mut packages = BTreeMap::new();
    let read = |subject: Subject| async move {
        let facts = package_facts(cargo_home, &subject.krate, &subject.to, subject.origin).await;
        (subject, facts)
    };
    let mut reading = stream::iter(subjects.iter().cloned()).map(read).buffer_unordered(AT_A_TIME);
    let all = async {
        while let Some((subject, facts)) = reading.next().await {
            packages.extend(facts.map(|facts| (subject, facts)));
        }
    };
    if tokio::time::timeout(PATIENCE_PACKAGES, all).await.is_err() {
        tracing::debug!("packages are read too slowly; their changelogs are left out");
    }
    packages
}

/// Asks crates.io about those of its crates whose package does not say where its source is; not where another registry
/// stands in its place.
async fn pages(
    services: &Services,
    work: &Work<'_>,
    subjects: &BTreeSet<Subject>,
    packages: &BTreeMap<Subject, PackageFacts>,
) -> BTreeMap<CrateName, CratePage> {
    let Some(crates_io) = &services.crates_io else { return BTreeMap::new() };
    let says = |subject: &&Subject| packages.get(*subject).is_some_and(|package| package.repository.is_some());
    let public = subjects.iter().filter(|subject| subject.origin == PackageOrigin::CratesIo);
    let unknown =
        public.filter(|subject| !says(subject) && work.survey.is_looked_up_at(&subject.krate, CRATES_IO_INDEX));
    let crates: Vec<CrateName> = unknown.map(|subject| subject.krate.clone()).collect();
    let asked = crates_io.pages(&crates, (services.clock)());
    tokio::time::timeout(PATIENCE_CRATES_IO, asked).await.unwrap_or_default()
}

/// What is told about an update; what its package says comes before what crates.io says about all versions.
fn facts_of(subject: &Subject, package: Option<&PackageFacts>, page: Option<&CratePage>) -> Option<UpdateFacts> {
    if package.is_none() && page.is_none() {
        return None;
    }
    let package = package.cloned().unwrap_or_default();
    let page = page.cloned().unwrap_or_default();
    let repository = package.repository.or(page.repository).or(package.homepage).or(page.homepage);
    let changelog = package.changelog.and_then(|text| reconcile::changelog_section(&text, &subject.from, &subject.to));
    Some(UpdateFacts { repository, documentation: package.documentation.or(page.documentation), changelog })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_comes_before_the_page() {
        let subject = Subject {
            krate: CrateName::new("core").expect("a name"),
            from: Version::new(1, 0, 0),
            to: Version::new(1, 1, 0),
            origin: PackageOrigin::CratesIo,
        };
        let some = |text: &str| Some(text.to_owned());
        let package = PackageFacts {
            changelog: some("## 1.1.0\n- new\n## 1.0.0\n- old\n"),
            homepage: some("package home"),
            documentation: some("package docs"),
            ..PackageFacts::default()
        };
        let page =
            CratePage { repository: some("page source"), documentation: some("page docs"), ..CratePage::default() };
        let both = facts_of(&subject, Some(&package), Some(&page));
        let expect = UpdateFacts {
            repository: some("page source"),
            documentation: some("package docs"),
            changelog: some("## 1.1.0\n- new"),
        };
        assert_eq!(both, Some(expect.clone()));
        let alone = facts_of(&subject, Some(&package), None);
        assert_eq!(alone, Some(UpdateFacts { repository: some("package home"), ..expect }));
        assert_eq!(facts_of(&subject, None, None), None);
    }
}
