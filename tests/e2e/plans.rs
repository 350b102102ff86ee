//! Plans: they change nothing, and what they say is what is carried out.

use depbot::model::RepositoryStatus;

use crate::world::{World, outcomes, repository};

fn two_repositories() -> World {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0"), ("beta", "1.0.0")]);
    world.package("app", "alpha = \"1.0\"\nbeta = \"1.0\"\n");
    world.package("other", "alpha = \"1.0\"\n");
    world.publish(&[("alpha", "1.1.0"), ("beta", "2.0.0")]);
    world.fleet(&[("app", ""), ("other", "")]);
    world
}

#[test]
fn a_plan_and_a_dry_run_change_nothing() {
    let world = two_repositories();
    let refs = world.refs();
    let check = |arguments: &[&str], expect: &str| {
        let ran = world.run(arguments, 0);
        assert!(ran.stdout.contains(expect), "{arguments:?}: {}", ran.stdout);
        assert_eq!(world.refs(), refs, "{arguments:?}");
        assert!(world.pull_requests("app").is_empty(), "{arguments:?}");
    };
    check(&["plan", "--all"], "alpha");
    check(&["plan", "app", "--json"], "\"2.0.0\"");
    check(&["upgrade", "--all", "--dry-run"], "alpha");
    check(&["upgrade", "--all", "--dry-run", "--json"], "\"1.1.0\"");
}

#[test]
fn a_saved_plan_is_carried_out_exactly_though_newer_releases_appear() {
    let world = two_repositories();
    world.run(&["plan", "--all", "--out", "plan.json"], 0);
    world.publish(&[("alpha", "1.2.0"), ("beta", "3.0.0")]);
    world.run(&["upgrade", "--plan", "plan.json"], 0);
    assert_eq!(world.locked("app", "main", "alpha"), ["1.1.0"]);
    assert_eq!(world.locked("app", "depbot/review", "beta"), ["2.0.0"]);
    assert_eq!(world.locked("other", "main", "alpha"), ["1.1.0"]);
}

#[test]
fn a_saved_plan_is_refused_for_the_repository_that_has_moved_and_no_other() {
    let world = two_repositories();
    world.run(&["plan", "--all", "--out", "plan.json"], 0);
    let clone = world.path("forge/app.git.checkout");
    crate::support::git_repo::git(&clone, &["commit", "--quiet", "--allow-empty", "--message=moved"]);
    crate::support::git_repo::git(&clone, &["push", "--quiet", "origin", "HEAD"]);
    world.run(&["upgrade", "--plan", "plan.json"], 1);
    let summary = world.summary();
    let RepositoryStatus::Failed { message, .. } = &repository(&summary, "app").status else { panic!("it has moved") };
    assert!(message.starts_with("the plan was made for commit "), "{message}");
    assert_eq!(repository(&summary, "other").status, RepositoryStatus::Merged);
    assert!(world.pull_requests("app").is_empty());
}

#[test]
fn one_crate_at_one_version_is_carried_through_the_fleet() {
    let world = two_repositories();
    world.publish(&[("alpha", "1.2.0")]);
    world.run(&["upgrade", "--all", "--package", "alpha@1.1.0"], 0);
    let summary = world.summary();
    assert!(outcomes(&summary, "app")[0].starts_with("alpha to 1.1.0 in routine"), "{:?}", outcomes(&summary, "app"));
    assert_eq!(outcomes(&summary, "app")[1], "beta not updated [not selected for this run]");
    assert_eq!(world.locked("app", "main", "alpha"), ["1.1.0"]);
    assert_eq!(world.locked("app", "main", "beta"), ["1.0.0"]);
    assert_eq!(world.locked("other", "main", "alpha"), ["1.1.0"]);
    world.run(&["upgrade", "other", "--package", "alph*"], 0);
    assert_eq!(world.locked("other", "main", "alpha"), ["1.2.0"]);
    assert_eq!(world.locked("app", "main", "alpha"), ["1.1.0"]);
}
