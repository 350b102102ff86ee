//! Titles, commit messages and bodies, word for word.

use std::time::Duration;

use depbot::model::{
    Bump, CommandRun, CrateName, Edit, EditField, Lane, Outcome, Phase, PullRequestNumber, Refusal, Rejection,
    RepoName, RepoPath, RustVersion, Settlement, Site,
};
use depbot::reconcile::{
    BodyFacts, BodyUpdate, Origin, UpdateFacts, body, changelog_section, commit_message, marker, title,
};
use semver::Version;

use crate::world::tree;

fn version(text: &str) -> Version {
    Version::parse(text).expect("a version")
}

fn site(line: usize) -> Site {
    Site {
        manifest: RepoPath::new("Cargo.toml").expect("a path"),
        table: vec!["dependencies".into()],
        key: "it".into(),
        line,
    }
}

fn update(krate: &str, from: &str, to: &str) -> BodyUpdate {
    let (from, to) = (version(from), version(to));
    BodyUpdate {
        krate: CrateName::new(krate).expect("a crate"),
        bump: Bump::between(&from, &to),
        published: Some("2026-11-11T12:00:00Z".parse().expect("a time")),
        origin: Origin::CratesIo,
        edits: vec![Edit { site: site(9), field: EditField::Requirement, from: from.to_string(), to: to.to_string() }],
        facts: None,
        from,
        to,
    }
}

fn left(krate: &str, current: &str, latest: &str, rejection: Rejection) -> Settlement {
    Settlement {
        workspace: RepoPath::root(),
        krate: CrateName::new(krate).expect("a crate"),
        site: site(20),
        source: "crates.io".into(),
        requirement: Some(current.into()),
        current: Some(version(current)),
        latest: Some(version(latest)),
        outcome: Outcome::NotUpdated { refused: vec![Refusal::of(&version(latest), rejection)] },
    }
}

fn facts(lane: Lane, updates: Vec<BodyUpdate>) -> BodyFacts {
    let run = |phase, command: &str, seconds| CommandRun {
        phase,
        command: command.into(),
        took: Duration::from_secs(seconds),
    };
    BodyFacts {
        repo: RepoName::new("payments").expect("a name"),
        lane,
        updates,
        left_out: Vec::new(),
        runs: vec![
            run(Phase::Check, "cargo check --workspace --all-targets --locked", 41),
            run(Phase::Test, "cargo test --workspace --locked", 185),
        ],
        toolchain: "rustc 1.95.0 (f2a1c9e31 2026-10-12)".into(),
        tree: tree('a'),
        red_before: Vec::new(),
        lock_changes: Vec::new(),
        stacked_on: None,
        merge_line: "depbot merges this when the checks are green.".into(),
        now: "2026-11-23T04:00:00Z".parse().expect("a time"),
    }
}

#[test]
fn titles_say_what_moves() {
    let check = |lane, updates: &[BodyUpdate], expect: &str| assert_eq!(title(lane, updates), expect);
    let (serde, axum) = (update("serde", "1.0.203", "1.0.220"), update("axum", "0.7.5", "0.8.9"));
    check(Lane::Routine, std::slice::from_ref(&serde), "Update serde to 1.0.220");
    check(Lane::Routine, &[serde.clone(), serde.clone()], "Update serde to 1.0.220");
    check(Lane::Routine, &[serde.clone(), update("bytes", "1.6.0", "1.11.0")], "Update 2 dependencies");
    check(Lane::Review, std::slice::from_ref(&axum), "Update axum to 0.8.9");
    check(Lane::Review, &[axum.clone(), serde.clone()], "Update 2 dependencies (review: 1 major)");
    check(Lane::Review, &[serde.clone(), update("bytes", "1.6.0", "1.11.0")], "Update 2 dependencies (review)");
    check(Lane::Security, std::slice::from_ref(&serde), "Update serde to 1.0.220 (security)");
    check(Lane::Routine, &[], "Refresh Cargo.lock");
    assert_eq!(
        commit_message(Lane::Review, &[axum, serde]),
        "Update 2 dependencies (review: 1 major)\n\n- axum 0.7.5 → 0.8.9\n- serde 1.0.203 → 1.0.220"
    );
}

#[test]
fn a_short_body() {
    insta::assert_snapshot!(body(&facts(Lane::Routine, vec![update("serde", "1.0.203", "1.0.220")])));
}

#[test]
fn a_body_with_everything() {
    let mut internal = update("acme-core", "1.3.0", "1.4.0");
    internal.origin = Origin::Other("registry acme".into());
    internal.published = None;
    let mut facts = facts(Lane::Review, vec![update("axum", "0.7.5", "0.8.9"), internal]);
    facts.merge_line = "This waits for a person's review.".into();
    facts.stacked_on = Some(PullRequestNumber(128));
    facts.red_before = vec!["rates::rounds_half_even".into()];
    facts.lock_changes = vec!["Updating h2 0.4.5 -> 0.4.12".into(), "Adding atomic-waker 1.1.2".into()];
    let rust = |text| RustVersion::parse(text).expect("a Rust version");
    let held = |owner: &str| Rejection::Held {
        owner: owner.into(),
        reason: "FIPS build, ask @alice about #411 <b>".into(),
        until: "2026-12-31".parse().expect("a date"),
    };
    facts.left_out = vec![
        left(
            "sqlx",
            "0.7.4",
            "0.9.0",
            Rejection::Culprit {
                phase: Phase::Check,
                excerpt: "error[E0308]: mismatched types\n```\n@everyone </details>".into(),
            },
        ),
        left("openssl", "0.10.64", "0.11.2", held("platform")),
        left("hyper", "1.3.1", "1.8.1", Rejection::RustVersion { needs: rust("1.88"), limit: rust("1.80") }),
        left("ledger", "0.1.0", "0.1.0", Rejection::PathDependency),
    ];
    let young = || Rejection::Cooldown { until: "2026-11-25T09:12:00Z".parse().expect("a time") };
    let modern =
        |to: &str| Refusal::of(&version(to), Rejection::RustVersion { needs: rust("1.85"), limit: rust("1.80") });
    let mut clap = left("clap", "4.5.1", "4.6.9", Rejection::Yanked);
    clap.outcome = Outcome::NotUpdated { refused: ["4.6.9", "4.6.8", "4.6.7"].map(modern).into() };
    facts.left_out.push(clap);
    facts.left_out.extend((0..10).map(|index| left(&format!("young-{index}"), "1.0.0", "1.0.1", young())));
    insta::assert_snapshot!(body(&facts));
}

const CHANGELOG: &str = "\
# Changelog

## [Unreleased]

## [1.4.0] - 2026-11-10

### Added

- `Ledger<T>` keeps its order, thanks @alice (#411, fixes acme/core#12) </details>

```rust
let ledger: Ledger<u8> = Ledger::new(); // @alice
```

1.3.1
-----
* A [leak](https://github.com/acme/core/pull/40) is gone.

## 1.3.0

- older
";

#[test]
fn links_and_changelogs_of_packages() {
    let mut internal = update("acme-core", "1.3.0", "1.4.0");
    internal.origin = Origin::Other("registry acme".into());
    internal.facts = Some(UpdateFacts {
        repository: Some("https://git.acme.example/core".into()),
        documentation: Some("https://docs.acme.example/core".into()),
        changelog: changelog_section(CHANGELOG, &internal.from, &internal.to),
    });
    let mut public = update("serde", "1.0.203", "1.0.220");
    public.facts = Some(UpdateFacts {
        repository: Some("https://github.com/serde-rs/serde".into()),
        documentation: None,
        changelog: None,
    });
    insta::assert_snapshot!(body(&facts(Lane::Routine, vec![internal, public])));
}

#[test]
fn long_changelogs_leave_room_for_everything_else() {
    let updates = (0..60).map(|index| {
        let mut update = update(&format!("crate-{index}"), "1.0.0", "1.1.0");
        let changelog = Some(format!("- changed {}\n", "words ".repeat(20)).repeat(500));
        update.facts = Some(UpdateFacts { changelog, ..UpdateFacts::default() });
        update
    });
    let text = body(&facts(Lane::Routine, updates.collect()));
    assert!(text.chars().count() < marker::BODY_LIMIT - 8_000, "{}", text.chars().count());
    assert!(text.contains("### Changelogs"), "there is room for a part of each");
    assert!(text.ends_with("</details>") && text.contains("Hold these versions for a while"));
}

#[test]
fn a_refresh_of_the_lock_alone() {
    let mut facts = facts(Lane::Routine, Vec::new());
    facts.lock_changes = vec!["Updating h2 0.4.5 -> 0.4.12".into()];
    insta::assert_snapshot!(body(&facts));
}

#[test]
fn the_hold_to_paste_is_toml_that_repos_toml_takes() {
    let text =
        body(&facts(Lane::Routine, vec![update("serde", "1.0.203", "1.0.220"), update("axum", "0.7.5", "0.8.0-rc.1")]));
    let snippet = text.split("```toml\n").nth(1).and_then(|rest| rest.split("\n```").next()).expect("a snippet");
    let table: toml::Table = toml::from_str(snippet).expect("it is TOML");
    let holds = table["hold"].as_array().expect("a list");
    assert_eq!(holds.len(), 2);
    for hold in holds {
        let range = semver::VersionReq::parse(hold["versions"].as_str().expect("text")).expect("a requirement");
        assert!(range.matches(&version(if hold["crate"].as_str() == Some("axum") { "0.8.0-rc.1" } else { "1.0.220" })));
        assert_eq!(hold["until"].to_string(), "2026-12-23");
        assert_eq!(hold["repos"][0].as_str(), Some("payments"));
    }
}
