//! Repositories of every layout, and releases that policy refuses.

use crate::support::git_repo::git;
use crate::support::package::Package;
use crate::support::registry::TestRegistry;
use crate::world::{DEFAULTS, World, manifest, outcomes, repository};

#[test]
fn a_workspace_with_inherited_dependencies_and_a_nested_workspace_move_each_with_its_lock() {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0"), ("beta", "1.0.0")]);
    let root = "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"tools\"]\nresolver = \"2\"\n\n\
                [workspace.dependencies]\nalpha = \"1.0\" # for all\n";
    let member = |name: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
             [dependencies]\nalpha = {{ workspace = true }}\n"
        )
    };
    let tools = format!("{}[workspace]\n", manifest("tools", "one = { path = \"../crates/one\" }\nbeta = \"1.0\"\n\n"));
    let files = [
        ("Cargo.toml", root),
        ("crates/one/Cargo.toml", &member("one")),
        ("crates/one/src/lib.rs", ""),
        ("crates/two/Cargo.toml", &member("two")),
        ("crates/two/src/lib.rs", ""),
        ("tools/Cargo.toml", &tools),
        ("tools/src/lib.rs", ""),
    ];
    let origin = world.repo("app", &files);
    world.cargo(&origin.checkout().join("tools"), &["generate-lockfile", "--quiet"]);
    origin.commit(&[]);
    world.publish(&[("alpha", "1.1.0"), ("beta", "1.1.0")]);
    world.fleet(&[("app", "")]);

    let summary = world.upgrade(0);
    assert_eq!(
        outcomes(&summary, "app"),
        [
            "alpha to 1.1.0 in routine",
            "one not updated [a path dependency, it moves with its repository]",
            "beta to 1.1.0 in routine"
        ]
    );
    assert!(world.show("app", "main", "Cargo.toml").contains("alpha = \"1.1\" # for all"));
    assert_eq!(world.show("app", "main", "crates/one/Cargo.toml"), member("one").trim_end());
    assert_eq!(world.locked("app", "main", "alpha"), ["1.1.0"]);
    let nested = world.show("app", "main", "tools/Cargo.lock");
    assert_eq!(nested.matches("version = \"1.1.0\"").count(), 2, "{nested}");
}

#[test]
fn a_git_dependency_moves_to_the_newest_tag() {
    let world = World::new();
    let library = world.package("library", "");
    let tag = |name: &str| {
        git(&library.checkout(), &["tag", name]);
        git(&library.checkout(), &["push", "--quiet", "origin", name]);
    };
    tag("v0.1.0");
    let url = format!("file://{}", world.origin("library").display());
    world.package("app", &format!("library = {{ git = \"{url}\", tag = \"v0.1.0\" }}\n"));
    library.commit(&[("Cargo.toml", &manifest("library", "").replace("0.1.0", "0.1.4"))]);
    tag("v0.1.4");
    tag("nightly");
    world.fleet(&[("app", "")]);
    let summary = world.upgrade(0);
    assert_eq!(outcomes(&summary, "app"), ["library to 0.1.4 in routine"]);
    assert!(world.show("app", "main", "Cargo.toml").contains("tag = \"v0.1.4\""));
    assert_eq!(world.locked("app", "main", "library"), ["0.1.4"]);
}

#[test]
fn a_repository_without_a_committed_lock_gets_none() {
    let world = World::new();
    world.publish(&[("alpha", "1.0.0")]);
    let origin = world.package("app", "alpha = \"1.0\"\n");
    git(&origin.checkout(), &["rm", "--quiet", "Cargo.lock"]);
    origin.commit(&[(".gitignore", "Cargo.lock\n")]);
    world.publish(&[("alpha", "1.1.0"), ("alpha", "2.0.0")]);
    world.fleet_with(&DEFAULTS.replace(" --locked", ""), &[("app", "")]);
    world.upgrade(0);
    assert_eq!(world.git("app", &["ls-tree", "--name-only", "main"]), ".gitignore\nCargo.toml\nsrc");
    assert!(world.show("app", "main", "Cargo.toml").contains("alpha = \"1.1\""));
    assert_eq!(world.git("app", &["diff", "--name-only", "main", "depbot/review"]), "Cargo.toml");
    let refs = world.refs();
    world.upgrade(0);
    assert_eq!(world.refs(), refs);
}

#[test]
fn young_yanked_and_too_modern_releases_are_refused_with_the_reason() {
    let world = World::new();
    world.publish(&[("young", "1.0.0"), ("yanked", "1.0.0"), ("modern", "1.0.0")]);
    let text = manifest("app", "young = \"1.0\"\nyanked = \"1.0\"\nmodern = \"1.0\"\n");
    let text = text.replace("edition", "rust-version = \"1.70\"\nedition");
    world.repo("app", &[("Cargo.toml", &text), ("src/lib.rs", "")]);
    world.publish(&[("young", "1.1.0"), ("yanked", "1.1.0"), ("modern", "1.1.0"), ("yanked", "1.2.0")]);
    world.registry.publish(Package::new("young", "1.2.0").published("2026-05-31T00:00:00Z"));
    world.registry.publish(Package::new("modern", "1.2.0").rust_version("1.80"));
    world.registry.yank("yanked", "1.2.0");
    world.fleet(&[("app", "")]);
    let summary = world.upgrade(0);
    let mut outcomes = outcomes(&summary, "app");
    outcomes.sort();
    assert_eq!(
        outcomes,
        [
            "modern to 1.1.0 in routine [1.2.0: needs Rust 1.80, the package promises 1.70]",
            "yanked to 1.1.0 in routine [1.2.0: yanked]",
            "young to 1.1.0 in routine [1.2.0: in cooldown until 2026-06-03 00:00 UTC]",
        ]
    );
    let locked = |krate: &str| world.locked("app", "main", krate);
    assert_eq!([locked("young"), locked("yanked"), locked("modern")].concat(), ["1.1.0"; 3]);
}

#[test]
fn a_repository_outside_of_every_registry_is_up_to_date() {
    let world = World::new();
    world.package("app", "");
    world.fleet(&[("app", "")]);
    let summary = world.upgrade(0);
    assert_eq!(repository(&summary, "app").status, depbot::model::RepositoryStatus::UpToDate);
    assert!(world.pull_requests("app").is_empty());
}

#[test]
fn a_registry_named_in_repos_toml_is_asked() {
    let world = World::new();
    let other = TestRegistry::start();
    other.publish(Package::new("inner", "1.0.0"));
    let mut config = world.read("cargo/config.toml");
    config.push_str(&other.named_cargo_config("acme"));
    world.write("cargo/config.toml", &config);
    world.package("app", "inner = { version = \"1.0\", registry = \"acme\" }\n");
    other.publish(Package::new("inner", "1.1.0"));
    world.fleet(&[("app", "")]);
    let text = world.read("repos.toml");
    world.write("repos.toml", &format!("{text}\n[registries.acme]\nindex = {:?}\n", other.index_url()));
    let summary = world.upgrade(0);
    assert_eq!(outcomes(&summary, "app"), ["inner to 1.1.0 in routine"]);
    assert_eq!(world.locked("app", "main", "inner"), ["1.1.0"]);
}
