//! Every reason not to take a release, and which release is taken instead.

use super::*;
use crate::config::{Pattern, RequirementStyle};
use crate::model::{DependencyKind, GitReference, Registry, RepoPath, Requirement, RustVersion, Site, Source};

/// A moment; releases are from ten days before it unless they say otherwise.
const NOW: &str = "2026-06-11T00:00:00Z";

fn version(text: &str) -> Version {
    Version::parse(text).expect("a version")
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn release(text: &str) -> Release {
    Release {
        version: version(text),
        yanked: false,
        published: Some(time("2026-06-01T00:00:00Z")),
        rust_version: None,
        features: [("std".to_owned(), Vec::new())].into(),
        dependencies: Vec::new(),
        links: None,
        tag: None,
    }
}

fn site(requirement: &str) -> Dependency {
    Dependency {
        site: Site {
            manifest: RepoPath::new("Cargo.toml").expect("a path"),
            table: vec!["dependencies".to_owned()],
            key: "aa".to_owned(),
            line: 1,
        },
        krate: CrateName::new("aa").expect("a name"),
        kind: DependencyKind::Normal,
        source: Source::Registry(Registry::CratesIo),
        requirement: Some(Requirement::parse(requirement).expect("a requirement")),
        features: Vec::new(),
        default_features: true,
        optional: false,
        rust_version: None,
    }
}

/// A crate that is locked at 1.0.0, required as `1.0`, and has releases 1.0.0, 1.1.0 and 2.0.0.
struct Scene {
    site: Dependency,
    releases: Vec<Release>,
    settings: Settings,
    holds: Vec<Hold>,
    selection: Selection,
    closed: Vec<(ProposedUpdate, PullRequestNumber)>,
    current: &'static str,
    is_locked: bool,
    is_patched: bool,
    is_internal: bool,
    other_version: Option<Version>,
}

impl Scene {
    fn new() -> Self {
        Self {
            site: site("1.0"),
            releases: ["1.0.0", "1.1.0", "2.0.0"].map(release).into(),
            settings: Settings { cooldown: Duration::ZERO, ..Settings::default() },
            holds: Vec::new(),
            selection: Selection::default(),
            closed: Vec::new(),
            current: "1.0.0",
            is_locked: true,
            is_patched: false,
            is_internal: false,
            other_version: None,
        }
    }

    /// The decision as text: where it moves (`highest/routine/compatible`), or that it stays; then what was refused.
    fn decide(&self) -> String {
        let candidate = Candidate {
            sites: vec![&self.site],
            current: version(self.current),
            is_locked: self.is_locked,
            releases: &self.releases,
            is_patched: self.is_patched,
            is_internal: self.is_internal,
            other_version: self.other_version.clone(),
        };
        let rules = Rules {
            settings: &self.settings,
            holds: &self.holds,
            selection: &self.selection,
            closed: &self.closed,
            now: time(NOW),
        };
        let refusals = |refused: &[Refusal]| refused.iter().map(|it| format!("; {it}")).collect::<String>();
        let name = |release: Option<&Release>| release.map_or("-".to_owned(), |release| release.version.to_string());
        match decide(&candidate, &rules) {
            Decision::UpToDate => "up to date".to_owned(),
            Decision::Stay(refused) => format!("stays{}", refusals(&refused)),
            Decision::Move(targets) => format!(
                "{}/{}/{}{}",
                targets.highest.version,
                name(targets.routine),
                name(targets.compatible),
                refusals(&targets.refused)
            ),
        }
    }
}

fn check(change: impl FnOnce(&mut Scene), expect: &str) {
    let mut scene = Scene::new();
    change(&mut scene);
    assert_eq!(scene.decide(), expect);
}

#[test]
fn the_highest_release_without_an_objection_is_taken() {
    check(|_| {}, "2.0.0/1.1.0/1.1.0");
    check(|it| it.settings.automerge = Automerge::All, "2.0.0/2.0.0/1.1.0");
    check(|it| it.settings.automerge = Automerge::Patch, "2.0.0/-/1.1.0");
    check(|it| it.settings.automerge = Automerge::Off, "2.0.0/-/1.1.0");
    check(
        |it| {
            it.current = "2.0.0";
            it.site = site("2.0");
        },
        "up to date",
    );
    check(|it| it.releases.clear(), "stays; the manifest is ahead of every release");
}

#[test]
fn each_objection_has_its_reason() {
    check(|it| it.releases[2].yanked = true, "1.1.0/1.1.0/1.1.0; 2.0.0: yanked");
    check(|it| it.releases[2].version = version("2.0.0-rc.1"), "1.1.0/1.1.0/1.1.0");
    check(
        |it| {
            it.settings.cooldown = Duration::from_secs(3 * 24 * 60 * 60);
            it.releases[2].published = Some(time("2026-06-10T12:00:00Z"));
        },
        "1.1.0/1.1.0/1.1.0; 2.0.0: in cooldown until 2026-06-13 12:00 UTC",
    );
    check(
        |it| {
            it.settings.cooldown = Duration::from_secs(60);
            it.releases.iter_mut().for_each(|release| release.published = None);
        },
        "stays; 2.0.0: its age is not known, and a cooldown applies; 1.1.0: its age is not known, and a cooldown applies",
    );
    check(
        |it| {
            it.site.rust_version = Some(RustVersion::parse("1.70").expect("a Rust version"));
            it.releases[2].rust_version = Some(RustVersion::parse("1.85").expect("a Rust version"));
        },
        "1.1.0/1.1.0/1.1.0; 2.0.0: needs Rust 1.85, the package promises 1.70",
    );
    check(
        |it| {
            it.closed =
                vec![(ProposedUpdate { krate: it.site.krate.clone(), to: version("2.0.0") }, PullRequestNumber(7))];
        },
        "1.1.0/1.1.0/1.1.0; 2.0.0: a person closed pull request #7 that proposed it",
    );
    check(
        |it| {
            it.settings.pins = Pins::Keep;
            it.site = site("=1.0.0");
        },
        "stays; 2.0.0: \"=1.0.0\" is pinned, and pins are kept; 1.1.0: \"=1.0.0\" is pinned, and pins are kept",
    );
    check(
        |it| it.settings.strategy = Strategy::Compatible,
        "1.1.0/1.1.0/1.1.0; 2.0.0: outside what strategy \"compatible\" may change",
    );
    check(
        |it| it.settings.strategy = Strategy::Lockfile,
        "1.1.0/1.1.0/1.1.0; 2.0.0: outside what strategy \"lockfile\" may change",
    );
    check(
        |it| {
            it.site = site(">=1.0.0-rc.1, 1.*");
            it.releases[2].version = version("2.0.0-rc.1");
        },
        "1.1.0/1.1.0/1.1.0; 2.0.0-rc.1: \">=1.0.0-rc.1, 1.*\" cannot be rewritten for it in the same form",
    );
    check(
        |it| {
            it.site.features = vec!["default".to_owned(), "std".to_owned()];
            it.releases[2].features.clear();
        },
        "1.1.0/1.1.0/1.1.0; 2.0.0: it no longer has the feature \"std\", which is in use",
    );
    check(
        |it| it.is_patched = true,
        "stays; 2.0.0: a [patch] applies to the version in use only; 1.1.0: a [patch] applies to the version in use only",
    );
    check(
        |it| it.other_version = Some(version("2.0.0")),
        "1.1.0/1.1.0/1.1.0; 2.0.0: used under two names in two versions, the other is 2.0.0",
    );
    check(
        |it| it.selection.packages = vec![(Pattern::new("aa").expect("a pattern"), Some(version("1.1.0")))],
        "1.1.0/1.1.0/1.1.0; 2.0.0: not selected for this run",
    );
    check(|it| it.site = site("9"), "stays; the manifest is ahead of every release");
}

#[test]
fn holds_apply_to_their_last_day_and_to_pre_releases() {
    let hold = |versions: &str, until: &str| Hold {
        krate: Pattern::new("a*").expect("a pattern"),
        versions: versions.parse().expect("a requirement"),
        owner: "platform".to_owned(),
        reason: "FIPS".to_owned(),
        until: until.parse().expect("a date"),
    };
    let refused = "1.1.0/1.1.0/1.1.0; 2.0.0: held by platform until 2026-06-11: FIPS";
    check(|it| it.holds = vec![hold(">=2", "2026-06-11")], refused);
    check(|it| it.holds = vec![hold(">=2", "2026-06-10")], "2.0.0/1.1.0/1.1.0");
    check(|it| it.holds = vec![hold(">=3", "2026-06-11")], "2.0.0/1.1.0/1.1.0");
    check(
        |it| {
            it.holds = vec![hold(">=2", "2026-06-11")];
            it.site = site("1.0.0-rc.1");
            it.releases[2].version = version("2.0.1-rc.1");
        },
        "1.1.0/1.1.0/1.1.0; 2.0.1-rc.1: held by platform until 2026-06-11: FIPS",
    );
}

#[test]
fn a_cooldown_is_not_for_crates_of_the_fleet_nor_for_tags() {
    let young = |it: &mut Scene| {
        it.settings.cooldown = Duration::from_secs(365 * 24 * 60 * 60);
    };
    check(
        |it| {
            young(it);
            it.is_internal = true;
        },
        "2.0.0/1.1.0/1.1.0",
    );
    check(
        |it| {
            young(it);
            let reference = GitReference::Tag("v1.0.0".to_owned());
            it.site.source = Source::Git { url: "https://x.dev/aa".to_owned(), reference };
            it.site.requirement = None;
            for release in &mut it.releases {
                release.tag = Some(format!("v{}", release.version));
                release.published = None;
            }
        },
        "2.0.0/1.1.0/1.1.0",
    );
}

#[test]
fn nothing_goes_below_what_is_written_or_locked() {
    check(|it| it.site = site("1.2"), "2.0.0/-/-");
    check(|it| it.current = "1.5.0", "2.0.0/-/-");
    check(
        |it| {
            it.current = "1.5.0";
            it.releases.pop();
        },
        "up to date",
    );
    check(
        |it| {
            it.releases[1].yanked = true;
            it.releases.pop();
        },
        "up to date",
    );
}

#[test]
fn what_is_written_follows_the_lock() {
    let locked = |it: &mut Scene| {
        it.current = "1.1.0";
        it.releases.pop();
    };
    check(locked, "1.1.0/1.1.0/1.1.0");
    check(
        |it| {
            locked(it);
            it.settings.requirement = RequirementStyle::IfNeeded;
        },
        "up to date",
    );
    check(
        |it| {
            locked(it);
            it.settings.strategy = Strategy::Lockfile;
        },
        "up to date",
    );
    check(
        |it| {
            locked(it);
            it.is_locked = false;
        },
        "up to date",
    );
    check(
        |it| {
            it.current = "1.1.0";
            it.releases[2].yanked = true;
        },
        "1.1.0/1.1.0/1.1.0; 2.0.0: yanked",
    );
}

#[test]
fn edits_keep_the_form_of_what_is_written() {
    let settings = Settings::default();
    let selection = Selection::default();
    let rules = Rules { settings: &settings, holds: &[], selection: &selection, closed: &[], now: time(NOW) };
    let edits = |requirement: &str, to: &str| {
        let edits = edit_of(&site(requirement), &release(to), &rules);
        edits.into_iter().map(|(_, from, to)| format!("{from} → {to}")).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(edits("1.0", "1.5.2"), "1.0 → 1.5");
    assert_eq!(edits("=1.0.0", "2.0.0"), "=1.0.0 → =2.0.0");
    assert_eq!(edits("*", "2.0.0"), "");
    assert_eq!(edits("1", "1.5.2"), "");
}
