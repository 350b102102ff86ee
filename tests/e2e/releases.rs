//! Releases of the fleet's own libraries, and the waves that carry them on.

use depbot::model::{EventBody, RepositoryStatus};

use crate::support::git_repo::git;
use crate::world::{World, repository};

/// A library of which version 0.1.0 is tagged, and a service that uses that tag.
fn library_and_service() -> World {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0")]);
    let library = world.package("library", "alpha = \"1.0\"\n");
    git(&library.checkout(), &["tag", "v0.1.0"]);
    git(&library.checkout(), &["push", "--quiet", "origin", "v0.1.0"]);
    let url = format!("file://{}", world.origin("library").display());
    world.package("service", &format!("library = {{ git = \"{url}\", tag = \"v0.1.0\" }}\n"));
    world.publish(&[("alpha", "1.1.0")]);
    world.fleet(&[("service", ""), ("library", "release = \"tag\"\n")]);
    world
}

#[test]
fn a_merged_library_is_tagged_once_and_its_users_move_to_the_tag_in_the_same_run() {
    let world = library_and_service();
    let summary = world.upgrade(0);
    assert_eq!(repository(&summary, "library").wave, 1);
    assert_eq!(repository(&summary, "service").wave, 2);
    assert_eq!(repository(&summary, "library").released.as_deref(), Some("v0.1.1"));
    assert!(world.show("library", "main", "Cargo.toml").contains("version = \"0.1.1\""));
    assert_eq!(world.locked("library", "main", "library"), ["0.1.1"]);
    let of = |reference: &str| world.git("library", &["rev-parse", reference]);
    assert_eq!(of("v0.1.1^{commit}"), of("main"));
    assert!(world.show("service", "main", "Cargo.toml").contains("tag = \"v0.1.1\""));
    assert_eq!(world.locked("service", "main", "alpha"), ["1.1.0"]);

    let refs = world.refs();
    world.upgrade(0);
    assert_eq!(world.refs(), refs);
    let is_tagged = |body: &EventBody| matches!(body, EventBody::ReleaseTagged { .. });
    assert_eq!(world.events().iter().filter(|event| is_tagged(&event.body)).count(), 1);
    let plan = world.run(&["plan", "service"], 0).stdout;
    assert!(plan.contains("0 updates"), "the newest tag is not proposed to itself: {plan}");
}

#[test]
fn a_merge_by_a_person_is_tagged_by_the_next_run() {
    let world = library_and_service();
    world.fleet(&[("library", "release = \"tag\"\nautomerge = \"off\"\n"), ("service", "")]);
    let summary = world.upgrade(0);
    assert_eq!(repository(&summary, "library").status, RepositoryStatus::Waiting);
    assert_eq!(world.git("library", &["tag"]), "v0.1.0");
    world.run(&["pr", "merge", "library", "1"], 0);
    let summary = world.upgrade(0);
    assert_eq!(repository(&summary, "library").released.as_deref(), Some("v0.2.0"));
    assert_eq!(world.git("library", &["tag"]), "v0.1.0\nv0.2.0");
    assert!(world.show("service", "depbot/review", "Cargo.toml").contains("tag = \"v0.2.0\""));
    let library: Vec<_> = world.changes().into_iter().filter(|change| change.starts_with("library")).collect();
    assert_eq!(library.len(), 2, "{library:?}");
}

#[test]
fn a_major_of_a_released_library_waits_with_a_version_of_its_own() {
    let world = library_and_service();
    world.publish(&[("alpha", "2.0.0")]);
    world.upgrade(0);
    assert!(world.show("library", "main", "Cargo.toml").contains("version = \"0.1.1\""));
    assert!(world.show("library", "depbot/review", "Cargo.toml").contains("version = \"0.2.0\""));
    let refs = world.refs();
    world.upgrade(0);
    assert_eq!(world.refs(), refs, "a second run has nothing to do");
    let is_refreshed = |change: &String| change.ends_with("Refreshed");
    assert!(!world.changes().iter().any(is_refreshed), "{:?}", world.changes());
    world.run(&["pr", "merge", "library", "2"], 0);
    world.upgrade(0);
    assert_eq!(world.git("library", &["tag"]), "v0.1.0\nv0.1.1\nv0.2.0");
    assert!(world.show("service", "depbot/review", "Cargo.toml").contains("tag = \"v0.2.0\""));
}
