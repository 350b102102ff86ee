//! What goes where: updates that merge by themselves, those that wait for a person, and those that do not pass.

use depbot::model::RepositoryStatus;

use crate::support::package::Package;
use crate::world::{World, outcomes, repository};

#[test]
fn a_routine_update_merges_by_itself_and_a_second_run_does_nothing() {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0")]);
    world.package("app", "alpha = \"1.0\"\n");
    world.publish(&[("alpha", "1.1.0")]);
    world.fleet(&[("app", "")]);

    let summary = world.upgrade(0);
    assert_eq!(repository(&summary, "app").status, RepositoryStatus::Merged);
    assert_eq!(outcomes(&summary, "app"), ["alpha to 1.1.0 in routine"]);
    assert_eq!(world.locked("app", "main", "alpha"), ["1.1.0"]);
    assert!(world.show("app", "main", "Cargo.toml").contains("alpha = \"1.1\""));
    assert_eq!(world.pull_request_lines("app"), ["#1 merged depbot/routine: Update alpha to 1.1.0"]);
    assert_eq!(world.head("app", "depbot/routine"), None);

    let refs = world.refs();
    let summary = world.upgrade(0);
    assert_eq!(repository(&summary, "app").status, RepositoryStatus::UpToDate);
    assert_eq!(world.refs(), refs);
    assert_eq!(world.pull_requests("app").len(), 1);
}

#[test]
fn a_major_waits_for_review_on_top_of_the_merged_minor_of_the_same_crate() {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0")]);
    world.package("app", "alpha = \"1.0\"\n");
    world.publish(&[("alpha", "1.2.0"), ("alpha", "2.0.0")]);
    world.fleet(&[("app", "")]);

    let summary = world.upgrade(0);
    assert_eq!(repository(&summary, "app").status, RepositoryStatus::Waiting);
    assert_eq!(
        world.pull_request_lines("app"),
        ["#1 merged depbot/routine: Update alpha to 1.2.0", "#2 open depbot/review: Update alpha to 2.0.0",]
    );
    assert_eq!(world.locked("app", "main", "alpha"), ["1.2.0"]);
    assert_eq!(world.locked("app", "depbot/review", "alpha"), ["2.0.0"]);
    assert_eq!(world.git("app", &["merge-base", "main", "depbot/review"]), world.git("app", &["rev-parse", "main"]));
    let refs = world.refs();
    world.upgrade(0);
    assert_eq!(world.refs(), refs, "what waits for a person is left as it is");
}

#[test]
fn a_culprit_among_five_updates_is_named_with_the_compilers_words_and_the_rest_ships() {
    let world = World::new();
    let names = ["alpha", "beta", "gamma", "delta", "omega"];
    for name in names {
        world.registry.publish(Package::new(name, "1.0.0").lib("pub fn used() {}"));
    }
    let dependencies: String = names.iter().map(|name| format!("{name} = \"1\"\n")).collect();
    let code: String = names.iter().map(|name| format!("pub fn {name}() {{ {name}::used() }}\n")).collect();
    world.repo("app", &[("Cargo.toml", &crate::world::manifest("app", &dependencies)), ("src/lib.rs", &code)]);
    for name in names {
        let code = if name == "gamma" { "pub fn gone() {}" } else { "pub fn used() {}" };
        world.registry.publish(Package::new(name, "1.1.0").lib(code));
    }
    world.fleet(&[("app", "")]);

    let summary = world.upgrade(0);
    let outcomes = outcomes(&summary, "app");
    let gamma = outcomes.iter().find(|line| line.starts_with("gamma")).expect("every dependency has an outcome");
    assert_eq!(gamma, "gamma not updated [1.1.0: breaks the repository (check)]");
    assert_eq!(outcomes.iter().filter(|line| line.ends_with("to 1.1.0 in routine")).count(), 4, "{outcomes:?}");
    assert_eq!(world.locked("app", "main", "gamma"), ["1.0.0"]);
    assert_eq!(world.locked("app", "main", "omega"), ["1.1.0"]);
    let body = &world.pull_requests("app")[0].body;
    assert!(body.contains("cannot find function `used` in crate `gamma`"), "{body}");
}
