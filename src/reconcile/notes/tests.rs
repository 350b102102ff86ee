//! Links and the room for changelogs.

use semver::Version;

use super::*;
use crate::model::{Bump, CrateName};
use crate::reconcile::UpdateFacts;

fn update(krate: &str, origin: Origin, facts: UpdateFacts) -> BodyUpdate {
    let (from, to) = (Version::new(1, 2, 0), Version::new(1, 3, 0));
    let krate = CrateName::new(krate).expect("a crate");
    BodyUpdate { krate, bump: Bump::Minor, published: None, origin, edits: Vec::new(), facts: Some(facts), from, to }
}

fn with_changelog(krate: &str, changelog: &str) -> BodyUpdate {
    update(krate, Origin::CratesIo, UpdateFacts { changelog: Some(changelog.to_owned()), ..UpdateFacts::default() })
}

#[test]
fn only_plain_urls_of_the_web_are_linked_to() {
    let check = |repository: &str, expect: &str| {
        let facts = UpdateFacts {
            repository: Some(repository.to_owned()),
            documentation: Some("https://docs.acme.example/core".to_owned()),
            changelog: None,
        };
        let links = links(&update("core", Origin::Other("registry acme".to_owned()), facts));
        assert_eq!(links, format!("registry acme, [docs](https://docs.acme.example/core){expect}"));
    };
    check("https://git.acme.example/core.git", ", [source](https://git.acme.example/core.git)");
    check(" http://git.acme.example/core?a=b&c#d ", ", [source](http://git.acme.example/core?a=b&c#d)");
    check("javascript:alert(1)", "");
    check("git@acme.example:core.git", "");
    check("https://token@acme.example/core", "");
    check("https://", "");
    check("https://a.example/) @alice [x](https://b.example", "");
    check("https://a.example/|<b>", "");
    check(&format!("https://a.example/{}", "x".repeat(300)), "");
}

#[test]
fn the_docs_of_a_public_crate_are_those_of_the_version() {
    let facts = UpdateFacts { documentation: Some("https://elsewhere.example".to_owned()), ..UpdateFacts::default() };
    assert_eq!(links(&update("serde", Origin::CratesIo, facts)), "[docs](https://docs.rs/serde/1.3.0)");
}

#[test]
fn changelogs_fit_into_their_room_and_short_ones_are_whole() {
    let long = "- a change that is described in words\n".repeat(2_000);
    let updates = [with_changelog("short", "- fixed"), with_changelog("long", &long), with_changelog("other", &long)];
    for room in [1_000, 2_000, 5_000, 10_000, 40_000, 1_000_000] {
        let text = changelogs(&updates, room);
        assert!(text.chars().count() <= room, "{room}");
        assert!(text.contains("\n\n- fixed\n\n</details>"), "{room}: {text}");
        assert!(text.contains("Cut here"), "{room}: {text}");
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    }
    assert_eq!(changelogs(&updates, 100), "");
    assert!(changelogs(&updates, 400).contains("2 more changelogs have no place"));
    assert!(changelogs(&updates, 1_000_000).len() < 3 * LONGEST);
    assert_eq!(changelogs(&[with_changelog("none", " \n")], 1_000), "");
    assert_eq!(changelogs(&[], 1_000), "");
}

#[test]
fn the_same_update_of_two_workspaces_is_told_once() {
    let text = changelogs(&[with_changelog("a", "- fixed"), with_changelog("a", "- fixed")], 10_000);
    assert_eq!(text.matches("<summary>").count(), 1);
}
