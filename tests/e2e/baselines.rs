//! Trees that were red before, repositories that fail alone, and what an exit code says.

use depbot::model::{PullRequestState, RepositoryStatus};

use crate::support::git_repo::Origin;
use crate::support::package::Package;
use crate::support::registry::{Fault, TestRegistry};
use crate::world::{DEFAULTS, World, manifest, outcomes, repository};

const TESTED: &str = "merge-when = \"verified\"\nverify = [\"cargo test --quiet --locked\"]\n";

/// A repository with a test that fails whatever is updated.
fn red(world: &World) -> Origin {
    world.registry.publish(Package::new("alpha", "1.0.0").lib("pub fn one() -> u32 { 1 }"));
    let code =
        "#[test]\nfn is_red() { panic!(\"it always was\") }\n#[test]\nfn is_green() { assert_eq!(alpha::one(), 1) }\n";
    let origin = world.repo("app", &[("Cargo.toml", &manifest("app", "alpha = \"1.0\"\n")), ("src/lib.rs", code)]);
    world.registry.publish(Package::new("alpha", "1.1.0").lib("pub fn one() -> u32 { 1 }"));
    origin
}

#[test]
fn a_test_that_was_red_before_blames_no_update() {
    let world = World::new();
    red(&world);
    world.fleet_with(TESTED, &[("app", "")]);
    let summary = world.upgrade(0);
    assert_eq!(outcomes(&summary, "app"), ["alpha to 1.1.0 in routine"]);
    let pull_request = &world.pull_requests("app")[0];
    assert_eq!(pull_request.state, PullRequestState::Merged);
    assert!(pull_request.body.contains("is_red"), "{}", pull_request.body);
}

#[test]
fn a_main_branch_without_a_lock_is_looked_at_with_one() {
    let world = World::new();
    let origin = red(&world);
    crate::support::git_repo::git(&origin.checkout(), &["rm", "--quiet", "Cargo.lock"]);
    origin.commit(&[(".gitignore", "Cargo.lock\n")]);
    world.fleet_with(TESTED, &[("app", "")]);
    let summary = world.upgrade(0);
    assert_eq!(outcomes(&summary, "app"), ["alpha to 1.1.0 in routine"]);
    assert_eq!(world.git("app", &["ls-tree", "--name-only", "main"]), ".gitignore\nCargo.toml\nsrc");
}

#[test]
fn a_main_branch_that_needs_its_submodules_says_so() {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0")]);
    let origin = world.package("app", "alpha = \"1.0\"\n");
    let commit = world.git("app", &["rev-parse", "main"]);
    let link = format!("160000,{commit},words");
    crate::support::git_repo::git(&origin.checkout(), &["update-index", "--add", "--cacheinfo", &link]);
    let code = "const WORDS: &str = include_str!(\"../words/words.txt\");\n";
    let modules = "[submodule \"words\"]\n\tpath = words\n\turl = ../words.git\n";
    origin.commit(&[("src/lib.rs", code), (".gitmodules", modules)]);
    world.publish(&[("alpha", "1.1.0")]);
    world.fleet_with(TESTED, &[("app", "")]);
    let summary = world.upgrade(1);
    assert!(matches!(repository(&summary, "app").status, RepositoryStatus::RedBefore(_)));
    let [note] = repository(&summary, "app").notes.as_slice() else { panic!("{summary:?}") };
    assert!(note.contains("submodules"), "{note}");
}

#[test]
fn a_lane_on_top_of_a_green_one_needs_no_look_at_the_main_branch() {
    let world = World::new();
    world.registry.publish(Package::new("alpha", "1.0.0").lib("pub fn one() {}"));
    let code = "pub fn two() { alpha::one() }\n";
    world.repo("app", &[("Cargo.toml", &manifest("app", "alpha = \"1.0\"\n")), ("src/lib.rs", code)]);
    world.registry.publish(Package::new("alpha", "1.1.0").lib("pub fn one() {}"));
    world.registry.publish(Package::new("alpha", "2.0.0"));
    world.fleet_with(TESTED, &[("app", "")]);
    let summary = world.upgrade(0);
    assert_eq!(outcomes(&summary, "app"), ["alpha to 1.1.0 in routine [2.0.0: breaks the repository (test)]"]);
    let verified = &repository(&summary, "app").verifications;
    assert!(verified.iter().all(|verification| !verification.units.is_empty()), "{verified:#?}");
}

#[test]
fn a_strict_baseline_says_that_the_main_branch_is_red() {
    let world = World::new();
    red(&world);
    world.fleet_with(&format!("{TESTED}baseline = \"strict\"\n"), &[("app", "")]);
    let summary = world.upgrade(1);
    let RepositoryStatus::RedBefore(failure) = &repository(&summary, "app").status else {
        panic!("{:?}", repository(&summary, "app").status)
    };
    assert_eq!(failure.tests, ["tests: is_red"]);
    assert!(world.pull_requests("app").is_empty());
}

#[test]
fn a_test_that_an_update_turns_red_is_blamed_beside_one_that_was_red_before() {
    let world = World::new();
    red(&world);
    world.registry.publish(Package::new("alpha", "1.1.0").lib("pub fn one() -> u32 { 2 }"));
    world.fleet_with(TESTED, &[("app", "")]);
    let summary = world.upgrade(0);
    assert_eq!(outcomes(&summary, "app"), ["alpha not updated [1.1.0: breaks the repository (test)]"]);
    assert!(world.pull_requests("app").is_empty());
}

#[test]
fn what_cannot_be_used_fails_alone_and_the_rest_is_done() {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0")]);
    let broken = [("Cargo.toml", &*manifest("broken", "alpha = \"1.0\"\n")), ("src/lib.rs", "fn open( {}\n")];
    world.repo("broken", &broken);
    world.package("app", "alpha = \"1.0\"\n");
    let bare = world.path("forge/empty.git");
    crate::support::git_repo::git(&world.path("forge"), &["init", "--quiet", "--bare", &bare.display().to_string()]);
    world.publish(&[("alpha", "1.1.0")]);
    world.fleet(&[("gone", ""), ("broken", ""), ("empty", ""), ("app", "")]);
    let ran = world.run(&["upgrade", "--all"], 1);
    let summary = world.summary();
    let status = |name: &str| repository(&summary, name).status.clone();
    assert!(matches!(status("gone"), RepositoryStatus::Failed { stage, .. } if stage == "sync"));
    assert!(matches!(status("empty"), RepositoryStatus::Failed { stage, .. } if stage == "sync"));
    assert!(matches!(status("broken"), RepositoryStatus::RedBefore(_)), "{:?}", status("broken"));
    assert_eq!(status("app"), RepositoryStatus::Merged);
    assert_eq!(outcomes(&summary, "broken"), ["alpha not updated [1.1.0: the main branch itself fails (check)]"]);
    assert!(ran.stdout.contains("gone"), "{}", ran.stdout);
}

#[test]
fn a_dead_registry_fails_only_its_own_dependencies() {
    let world = World::new();
    let other = TestRegistry::start();
    other.publish(Package::new("inner", "1.0.0"));
    world.publish(&[("alpha", "1.0.0")]);
    let config = format!("[registries.acme]\nindex = {:?}\n", other.index_url());
    let dependencies = "alpha = \"1.0\"\ninner = { version = \"1.0\", registry = \"acme\" }\n";
    let files = [("Cargo.toml", &*manifest("app", dependencies)), ("src/lib.rs", ""), (".cargo/config.toml", &*config)];
    world.repo("app", &files);
    world.publish(&[("alpha", "1.1.0")]);
    other.fail_always("/index/in/ne/inner", Fault::Status(404));
    other.fail_always("/index/", Fault::Status(403));
    world.fleet(&[("app", "")]);
    let ran = world.depbot(&["plan", "--all"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let outcomes = outcomes(&world.summary(), "app");
    assert_eq!(outcomes[0], "alpha to 1.1.0 in routine");
    assert!(outcomes[1].starts_with("inner not updated ["), "{outcomes:?}");
}

#[test]
fn a_machine_without_cargo_is_told_so_with_exit_code_3() {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0")]);
    world.package("app", "alpha = \"1.0\"\n");
    world.fleet(&[("app", "")]);
    let refs = world.refs();
    let output = world.command(&["upgrade", "--all"]).env("PATH", world.path("home")).output().expect("it starts");
    assert_eq!(output.status.code(), Some(3));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("cargo") && stderr.contains("rustup.rs"), "{stderr}");
    assert_eq!(world.refs(), refs);
}

#[test]
fn a_state_folder_that_cannot_be_used_is_exit_code_3_and_nothing_is_done() {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0")]);
    world.package("app", "alpha = \"1.0\"\n");
    world.publish(&[("alpha", "1.1.0")]);
    world.fleet(&[("app", "")]);
    world.write("file", "");
    world.write(
        "damaged/journal.sqlite",
        "this is no journal, though it is as long as the head of one and then some more",
    );
    let refs = world.refs();
    for (state, expect) in [("file", "file"), ("damaged", "journal.sqlite")] {
        let ran = world.run(&["upgrade", "--all", "--state", state], 3);
        assert!(ran.stderr.contains(expect), "{}", ran.stderr);
        assert_eq!(world.refs(), refs);
    }
}

#[test]
fn wrong_usage_is_exit_code_2_and_nothing_is_done() {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0")]);
    world.package("app", "alpha = \"1.0\"\n");
    world.fleet(&[("app", "")]);
    let check = |arguments: &[&str], expect: &str| {
        let ran = world.run(arguments, 2);
        assert!(ran.stderr.contains(expect), "{arguments:?}: {}", ran.stderr);
        assert!(!world.path(".depbot").exists(), "{arguments:?}");
    };
    check(&["upgrade"], "--all");
    check(&["upgrade", "unknown"], "the configuration has no repository \"unknown\"");
    check(&["upgrade", "--all", "--config", "elsewhere.toml"], "elsewhere.toml");
    check(&["upgrade", "--plan", "no-plan.json"], "no-plan.json");
    world.fleet_with(&format!("{DEFAULTS}strategy = \"newest\"\n"), &[("app", "")]);
    check(&["upgrade", "--all"], "repos.toml:");
}
