//! From manifests, a lock and releases to units, lanes, fallbacks and settlements.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use semver::Version;

use super::{Proposal, Rejected, Shipped, WorkspaceFacts, propose, settle};
use crate::config::{Group, Pattern, Settings};
use crate::lockfile;
use crate::manifest;
use crate::model::{
    CrateKey, CrateName, DependencyKind, Lane, LookupFailure, LookupSource, Outcome, Rejection, Release,
    ReleaseDependency, Releases, RepoPath, Settlement, Unit,
};
use crate::policy::{Rules, Selection};

fn name(text: &str) -> CrateName {
    CrateName::new(text).expect("a name")
}

fn key(krate: &CrateName) -> CrateKey {
    CrateKey { source: LookupSource::Index("sparse+https://index.crates.io/".to_owned()), krate: krate.clone() }
}

/// A crate with releases: each a version and what it needs, as `other =1.0.0`.
type Published<'a> = (&'a str, &'a [(&'a str, &'a [&'a str])]);

fn releases(published: &[Published<'_>]) -> Releases {
    let release = |(version, needs): &(&str, &[&str])| Release {
        version: version.parse().expect("a version"),
        yanked: false,
        published: None,
        rust_version: None,
        features: Default::default(),
        dependencies: needs.iter().map(|need| dependency(need)).collect(),
        links: None,
        tag: None,
    };
    let of = |(krate, list): &Published<'_>| {
        let list: Vec<Release> = list.iter().map(release).collect();
        (key(&name(krate)), Ok(Arc::from(list)))
    };
    published.iter().map(of).collect()
}

fn dependency(need: &str) -> ReleaseDependency {
    let (krate, requirement) = need.split_once(' ').expect("a name and a requirement");
    ReleaseDependency {
        krate: name(krate),
        requirement: requirement.parse().expect("a requirement"),
        kind: DependencyKind::Normal,
        optional: false,
        registry: None,
    }
}

/// What is proposed for a package `app` with these dependencies, each locked at the version behind it where there is one.
struct Scene<'a> {
    dependencies: &'a str,
    locked: &'a [(&'a str, &'a str)],
    releases: Releases,
    settings: Settings,
    selection: Selection,
    groups: Vec<Group>,
}

impl<'a> Scene<'a> {
    fn new(dependencies: &'a str, locked: &'a [(&'a str, &'a str)], published: &[Published<'_>]) -> Self {
        Self {
            dependencies,
            locked,
            releases: releases(published),
            settings: Settings { cooldown: Duration::ZERO, ..Settings::default() },
            selection: Selection::default(),
            groups: Vec::new(),
        }
    }

    fn propose(&self) -> Proposal {
        let text = format!("[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{}", self.dependencies);
        let path = |path: &str| RepoPath::new(path).expect("a path");
        let mut files = manifest::Files::from([(path("Cargo.toml"), text.into_bytes())]);
        let lock = self.lock();
        if !self.locked.is_empty() {
            files.insert(path("Cargo.lock"), lock.clone().into_bytes());
        }
        let discovery = manifest::discover(&files);
        assert_eq!(discovery.problems, []);
        let lock = (!self.locked.is_empty()).then(|| lockfile::parse(&lock).expect("a lock"));
        let facts: Vec<WorkspaceFacts<'_>> = discovery
            .workspaces
            .iter()
            .map(|workspace| WorkspaceFacts {
                workspace,
                lock: lock.as_ref(),
                sources: workspace
                    .dependencies
                    .iter()
                    .map(|dependency| match super::without_releases(dependency) {
                        Some(rejection) => Err(rejection),
                        None => Ok(key(&dependency.krate)),
                    })
                    .collect(),
            })
            .collect();
        let rules = Rules {
            settings: &self.settings,
            holds: &[],
            selection: &self.selection,
            closed: &[],
            now: "2026-06-01T00:00:00Z".parse().expect("a time"),
        };
        propose(None, &facts, &self.releases, &BTreeSet::new(), &rules, &self.groups)
    }

    fn lock(&self) -> String {
        let names: Vec<String> = self.locked.iter().map(|(krate, version)| format!("\"{krate} {version}\"")).collect();
        let mut text = format!(
            "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [{}]\n",
            names.join(", ")
        );
        for (krate, version) in self.locked {
            text.push_str(&format!(
                "\n[[package]]\nname = \"{krate}\"\nversion = \"{version}\"\n\
                 source = \"registry+https://github.com/rust-lang/crates.io-index\"\n"
            ));
        }
        text
    }

    /// Units as text, in order: lane, updates, and what is tried where they fail.
    fn units(&self) -> Vec<String> {
        let unit = |unit: &Unit| {
            let fallback: Vec<String> = unit.fallback.iter().map(ToString::to_string).collect();
            let fallback = if fallback.is_empty() { String::new() } else { format!(" or {}", fallback.join(", ")) };
            format!("{}: {unit}{fallback}", unit.lane)
        };
        self.propose().units.iter().map(unit).collect()
    }

    /// How each dependency ends.
    fn outcomes(&self) -> Vec<String> {
        self.propose().settlements.iter().map(outcome).collect()
    }
}

fn outcome(settlement: &Settlement) -> String {
    match &settlement.outcome {
        Outcome::UpToDate => format!("{}: up to date", settlement.krate),
        Outcome::Updated { to, lane, refused } => format!("{}: {to} in {lane}{}", settlement.krate, list(refused)),
        Outcome::NotUpdated { refused } => format!("{}: stays{}", settlement.krate, list(refused)),
    }
}

fn list(refused: &[crate::model::Refusal]) -> String {
    refused.iter().map(|refusal| format!("; {refusal}")).collect()
}

const AA: Published<'static> = ("aa", &[("1.0.0", &[]), ("1.1.0", &[]), ("2.0.0", &[]), ("2.3.0", &[])]);
const BB: Published<'static> = ("bb", &[("0.3.0", &[]), ("0.3.4", &[]), ("0.4.0", &[])]);

#[test]
fn what_may_be_merged_moves_first_and_what_a_person_decides_goes_beyond() {
    let scene = Scene::new("[dependencies]\naa = \"1.0\"\n", &[("aa", "1.0.0")], &[AA]);
    assert_eq!(
        scene.units(),
        ["routine: aa 1.0.0 → 1.1.0", "review: aa 1.0.0 → 2.3.0", "routine: the rest of the lock"]
    );
    assert_eq!(scene.outcomes(), ["aa: 2.3.0 in review"]);
}

#[test]
fn a_unit_that_fails_falls_back_to_its_highest_compatible_release() {
    let mut scene = Scene::new("[dependencies]\naa = \"1.0\"\n", &[("aa", "1.0.0")], &[AA]);
    scene.settings.automerge = crate::config::Automerge::All;
    assert_eq!(scene.units(), ["routine: aa 1.0.0 → 2.3.0 or aa 1.0.0 → 1.1.0", "routine: the rest of the lock"]);
    scene.settings.automerge = crate::config::Automerge::Off;
    assert_eq!(scene.units(), ["review: aa 1.0.0 → 2.3.0 or aa 1.0.0 → 1.1.0", "review: the rest of the lock"]);
}

#[test]
fn crates_that_need_each_other_move_together() {
    let check = |published: &[Published<'_>], expect: &[&str]| {
        let scene =
            Scene::new("[dependencies]\nxx = \"1.0\"\nyy = \"1.0\"\n", &[("xx", "1.0.0"), ("yy", "1.0.0")], published);
        let units: Vec<String> = scene.units().into_iter().filter(|unit| !unit.contains("lock")).collect();
        assert_eq!(units, expect);
    };
    let yy: Published<'_> = ("yy", &[("1.0.0", &[]), ("1.1.0", &[])]);
    // Exact pins in the release in use, and in the new one.
    check(
        &[("xx", &[("1.0.0", &["yy =1.0.0"]), ("1.1.0", &["yy =1.1.0"])]), yy],
        &["routine: xx 1.0.0 → 1.1.0, yy 1.0.0 → 1.1.0"],
    );
    // The new release does not take the version in use.
    check(
        &[("xx", &[("1.0.0", &["yy 1"]), ("1.1.0", &["yy 1.1"])]), yy],
        &["routine: xx 1.0.0 → 1.1.0, yy 1.0.0 → 1.1.0"],
    );
    // It takes both.
    check(
        &[("xx", &[("1.0.0", &["yy 1"]), ("1.1.0", &["yy 1"])]), yy],
        &["routine: xx 1.0.0 → 1.1.0", "routine: yy 1.0.0 → 1.1.0"],
    );
}

#[test]
fn groups_of_the_configuration_move_together() {
    let mut scene =
        Scene::new("[dependencies]\naa = \"1.0\"\nbb = \"0.3.0\"\n", &[("aa", "1.0.0"), ("bb", "0.3.0")], &[AA, BB]);
    let pattern = |text: &str| Pattern::new(text).expect("a pattern");
    scene.groups = vec![Group { name: "both".to_owned(), crates: vec![pattern("a*"), pattern("bb")] }];
    let units: Vec<String> = scene.units().into_iter().filter(|unit| !unit.contains("lock")).collect();
    assert_eq!(units, ["routine: aa 1.0.0 → 1.1.0, bb 0.3.0 → 0.3.4", "review: aa 1.0.0 → 2.3.0, bb 0.3.0 → 0.4.0"]);
}

#[test]
fn every_dependency_is_settled() {
    let mut scene = Scene::new(
        "[dependencies]\naa = \"1.0\"\nbb = \"0.4\"\ngone = \"1\"\nside = { path = \"../side\" }\n\
         tip = { git = \"https://x.dev/tip\" }\nfixed = { git = \"https://x.dev/fixed\", rev = \"abc\" }\n\
         odd = { git = \"https://x.dev/odd\", tag = \"nightly\" }\n",
        &[],
        &[AA, BB],
    );
    let failure = LookupFailure::NotFound { source_name: "crates.io".to_owned() };
    scene.releases.insert(key(&name("gone")), Err(failure));
    assert_eq!(
        scene.outcomes(),
        [
            "aa: 2.3.0 in review",
            "bb: up to date",
            "gone: stays; crates.io has no such crate",
            "side: stays; a path dependency, it moves with its repository",
            "tip: stays; follows a git branch, only the lock moves",
            "fixed: stays; a fixed git revision",
            "odd: stays; the git tag \"nightly\" does not read as a version",
        ]
    );
}

#[test]
fn what_is_not_selected_stays() {
    let mut scene =
        Scene::new("[dependencies]\naa = \"1.0\"\nbb = \"0.3.0\"\n", &[("aa", "1.0.0"), ("bb", "0.3.0")], &[AA, BB]);
    scene.selection.excluded = vec![Pattern::new("a*").expect("a pattern")];
    assert_eq!(scene.outcomes(), ["aa: stays; not selected for this run", "bb: 0.4.0 in review"]);
    assert_eq!(scene.units(), ["routine: bb 0.3.0 → 0.3.4", "review: bb 0.3.0 → 0.4.0"], "and so does the lock");
}

#[test]
fn what_is_written_follows_the_lock_as_an_update_from_what_is_written() {
    let scene = Scene::new("[dependencies]\naa = \"2.0.0\"\n", &[("aa", "2.3.0")], &[AA]);
    assert_eq!(scene.units(), ["routine: aa 2.0.0 → 2.3.0", "routine: the rest of the lock"]);
    assert_eq!(scene.outcomes(), ["aa: 2.3.0 in routine"]);
    let both = "[dependencies]\naa = \"2.0\"\n[dev-dependencies]\naa = \"2.3.0\"\n";
    let scene = Scene::new(both, &[("aa", "2.3.0")], &[AA]);
    assert_eq!(scene.outcomes(), ["aa: 2.3.0 in routine", "aa: up to date"]);
}

#[test]
fn a_requirement_without_a_lower_bound_is_at_what_cargo_would_take() {
    let outcomes = |requirement: &str| {
        let text = format!("[dependencies]\naa = \"{requirement}\"\n");
        Scene::new(&text, &[], &[AA]).outcomes()
    };
    assert_eq!(outcomes("<2"), ["aa: 2.3.0 in review"]);
    assert_eq!(outcomes("*"), ["aa: up to date"]);
}

#[test]
fn one_crate_under_two_names_stays_in_two_versions() {
    let text = "[dependencies]\nold = { package = \"aa\", version = \"1.0\" }\nnew = { package = \"aa\", version = \"2.0\" }\n";
    let scene = Scene::new(text, &[("aa", "1.0.0"), ("aa", "2.0.0")], &[AA]);
    assert_eq!(
        scene.outcomes(),
        [
            "aa: 1.1.0 in routine; 2.3.0: used under two names in two versions, the other is 2.0.0; \
             2.0.0: used under two names in two versions, the other is 2.0.0",
            "aa: 2.3.0 in routine",
        ]
    );
}

#[test]
fn what_was_proved_ends_the_plan() {
    let scene =
        Scene::new("[dependencies]\naa = \"1.0\"\nbb = \"0.3.0\"\n", &[("aa", "1.0.0"), ("bb", "0.3.0")], &[AA, BB]);
    let proposal = scene.propose();
    let find = |krate: &str, to: &str| {
        let to: Version = to.parse().expect("a version");
        let updates = proposal.units.iter().flat_map(Unit::updates);
        updates.clone().find(|update| update.krate == name(krate) && update.to == to).expect("it is proposed").clone()
    };
    let blocked = Rejection::BlockedBy { krate: Some(name("bb")), excerpt: String::new() };
    let shipped = [Shipped { workspace: RepoPath::root(), update: find("aa", "1.1.0"), lane: Lane::Routine }];
    let rejected = [Rejected { workspace: RepoPath::root(), update: find("aa", "2.3.0"), rejection: blocked }];
    let settled = settle(&proposal.settlements, &shipped, &rejected, &Rejection::NotSelected);
    assert_eq!(
        settled.iter().map(outcome).collect::<Vec<_>>(),
        ["aa: 1.1.0 in routine; 2.3.0: does not resolve: blocked by bb", "bb: stays; 0.4.0: not selected for this run"]
    );
}
