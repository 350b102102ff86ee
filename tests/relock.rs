//! Locks: real cargo, and a registry in a folder.

#[path = "support/local_registry.rs"]
mod local_registry;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use depbot::model::{CrateName, Phase};
use depbot::verify::{LockTarget, Relock, RelockError, Toolbox, relock};
use semver::Version;

use local_registry::{LocalRegistry, Published};

/// `(name, version, dependencies)`.
type Release<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// A workspace whose lock was made from older releases, before newer ones came.
struct Case<'a> {
    old: &'a [Release<'a>],
    before: &'a str,
    new: &'a [Release<'a>],
    after: &'a str,
    targets: &'a [(&'a str, &'a str, &'a str)],
    refresh: bool,
}

struct World {
    _root: tempfile::TempDir,
    folder: PathBuf,
    registry: LocalRegistry,
    toolbox: Toolbox,
}

impl World {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = root.path().join("app");
        fs::create_dir_all(folder.join("src")).expect("a folder");
        fs::write(folder.join("src/lib.rs"), "").expect("a file");
        let registry = LocalRegistry::new(&root.path().join("registry"));
        registry.use_in(&folder);
        #[expect(clippy::disallowed_methods, reason = "cargo needs this machine's environment")]
        let mut environment: BTreeMap<_, _> = std::env::vars().collect();
        environment.insert("CARGO_HOME".to_owned(), root.path().join("cargo").display().to_string());
        // What rustup chose for the tests is right for the workspaces made here, which have no toolchain file.
        environment.remove("RUST_RECURSION_COUNT");
        let toolbox = Toolbox { environment, cargo: "cargo".into(), jobs: None };
        Self { _root: root, folder, registry, toolbox }
    }

    fn publish(&self, releases: &[Release<'_>]) {
        for (name, version, dependencies) in releases {
            self.registry.publish(&Published { name, version, dependencies, code: "" });
        }
    }

    fn manifest(&self, dependencies: &str) {
        let text = format!(
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n{dependencies}\n"
        );
        fs::write(self.folder.join("Cargo.toml"), text).expect("a file");
    }

    async fn relock(&self, request: &Relock) -> Result<Vec<String>, RelockError> {
        let relocked = relock(&self.toolbox, &self.folder, request).await?;
        assert_eq!(fs::read_to_string(self.folder.join("Cargo.lock")).expect("a lock"), relocked.after);
        Ok(packages(&relocked.after))
    }
}

impl Case<'_> {
    async fn run(&self) -> Result<Vec<String>, RelockError> {
        let world = World::new();
        world.publish(self.old);
        world.manifest(self.before);
        world.relock(&Relock::default()).await.expect("a first lock");
        world.publish(self.new);
        world.manifest(self.after);
        let target = |(name, from, to): &(&str, &str, &str)| LockTarget {
            krate: CrateName::new(*name).expect("a name"),
            from: Some(Version::parse(from).expect("a version")),
            to: Version::parse(to).expect("a version"),
        };
        let targets = self.targets.iter().map(target).collect();
        world.relock(&Relock { targets, refresh: self.refresh }).await
    }

    async fn holds(&self, expect: &[&str]) {
        match self.run().await {
            Ok(packages) => assert_eq!(packages, expect, "{} → {:?}", self.after, self.targets),
            Err(error) => panic!("{} → {:?}: {error}", self.after, self.targets),
        }
    }
}

/// The packages of a lock, without the workspace's own.
fn packages(lock: &str) -> Vec<String> {
    let lock: toml::Table = lock.parse().expect("a lock is TOML");
    let text = |package: &toml::Value, key: &str| package.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let packages = lock["package"].as_array().expect("packages");
    let foreign = packages.iter().filter(|package| package.get("source").is_some());
    foreign.filter_map(|package| Some(format!("{} {}", text(package, "name")?, text(package, "version")?))).collect()
}

#[tokio::test]
async fn only_what_is_planned_moves() {
    let case = Case {
        old: &[("aa", "1.0.0", &[("cc", "1")]), ("bb", "1.0.0", &[]), ("cc", "1.0.0", &[])],
        before: "aa = '1'\nbb = '1'",
        new: &[("aa", "1.1.0", &[("cc", "1")]), ("bb", "1.1.0", &[]), ("cc", "1.1.0", &[])],
        after: "aa = '1'\nbb = '1'",
        targets: &[("aa", "1.0.0", "1.1.0")],
        refresh: false,
    };
    case.holds(&["aa 1.1.0", "bb 1.0.0", "cc 1.0.0"]).await;
    Case { after: "aa = '1.1'\nbb = '1'", ..case }.holds(&["aa 1.1.0", "bb 1.0.0", "cc 1.0.0"]).await;
    Case { refresh: true, ..case }.holds(&["aa 1.1.0", "bb 1.1.0", "cc 1.1.0"]).await;
    Case { targets: &[("aa", "1.0.0", "1.0.0")], refresh: true, ..case }
        .holds(&["aa 1.0.0", "bb 1.1.0", "cc 1.1.0"])
        .await;
}

#[tokio::test]
async fn a_release_newer_than_planned_leaves_no_trace() {
    let case = Case {
        old: &[("aa", "1.0.0", &[("cc", "1")]), ("bb", "1.0.0", &[]), ("cc", "1.0.0", &[])],
        before: "aa = '1'\nbb = '1'",
        new: &[
            ("aa", "1.1.0", &[("cc", "1")]),
            ("aa", "1.2.0", &[("cc", "1.5")]),
            ("bb", "1.1.0", &[]),
            ("cc", "1.5.0", &[]),
        ],
        after: "aa = '1'\nbb = '1'",
        targets: &[("aa", "1.0.0", "1.1.0"), ("bb", "1.0.0", "1.1.0")],
        refresh: false,
    };
    case.holds(&["aa 1.1.0", "bb 1.1.0", "cc 1.0.0"]).await;
    // Several at once, and what nothing but the lock names.
    let new: &[Release<'_>] = &[
        ("aa", "1.1.0", &[("cc", "1")]),
        ("aa", "1.2.0", &[("cc", "1")]),
        ("bb", "2.0.0", &[]),
        ("bb", "2.1.0", &[]),
        ("cc", "1.5.0", &[]),
        ("cc", "1.6.0", &[]),
    ];
    let targets = &[("aa", "1.0.0", "1.1.0"), ("bb", "1.0.0", "2.0.0"), ("cc", "1.0.0", "1.5.0")];
    Case { new, targets, after: "aa = '1'\nbb = '2'", ..case }.holds(&["aa 1.1.0", "bb 2.0.0", "cc 1.5.0"]).await;
}

#[tokio::test]
async fn an_incompatible_release_that_is_not_the_newest_is_locked() {
    let case = Case {
        old: &[("aa", "1.0.0", &[]), ("bb", "1.0.0", &[("aa", "1")])],
        before: "aa = '1'\nbb = '1'",
        new: &[("aa", "1.5.0", &[]), ("aa", "2.0.0", &[]), ("aa", "2.3.0", &[])],
        after: "aa = '2'\nbb = '1'",
        targets: &[("aa", "1.0.0", "2.0.0")],
        refresh: false,
    };
    case.holds(&["aa 1.0.0", "aa 2.0.0", "bb 1.0.0"]).await;
    // An open requirement admits both; what is locked has to move to let go.
    Case { after: "aa = '>=1'\nbb = '1'", ..case }.holds(&["aa 1.5.0", "aa 2.0.0", "bb 1.0.0"]).await;
}

#[tokio::test]
async fn releases_that_pin_each_other_move_together() {
    let case = Case {
        old: &[("aa", "1.0.0", &[("bb", "=1.0.0")]), ("bb", "1.0.0", &[])],
        before: "aa = '1'\nbb = '1'",
        new: &[("aa", "1.1.0", &[("bb", "=1.1.0")]), ("bb", "1.1.0", &[])],
        after: "aa = '1'\nbb = '1'",
        targets: &[("aa", "1.0.0", "1.1.0"), ("bb", "1.0.0", "1.1.0")],
        refresh: false,
    };
    let too_new: &[Release<'_>] = &[
        ("aa", "1.1.0", &[("bb", "=1.1.0")]),
        ("bb", "1.1.0", &[]),
        ("aa", "1.2.0", &[("bb", "=1.2.0")]),
        ("bb", "1.2.0", &[]),
    ];
    case.holds(&["aa 1.1.0", "bb 1.1.0"]).await;
    Case { new: too_new, ..case }.holds(&["aa 1.1.0", "bb 1.1.0"]).await;
}

#[tokio::test]
async fn what_does_not_resolve_is_a_failure_that_names_crates() {
    let case = Case {
        old: &[("aa", "1.0.0", &[]), ("bb", "1.0.0", &[("aa", "=1.0.0")])],
        before: "aa = '1'\nbb = '1'",
        new: &[("aa", "1.1.0", &[])],
        after: "aa = '1.1'\nbb = '1'",
        targets: &[("aa", "1.0.0", "1.1.0")],
        refresh: false,
    };
    let Err(RelockError::Unresolvable(failure)) = case.run().await else { panic!("it does not resolve") };
    assert_eq!(failure.phase, Phase::Resolve);
    assert!(failure.excerpt.starts_with("error: failed to select a version for `aa`"), "{}", failure.excerpt);
    assert_eq!(failure.suspects, ["aa", "bb"]);

    let gone = Case { after: "aa = { version = '1', features = ['fast'] }", ..case };
    let Err(RelockError::Unresolvable(failure)) = gone.run().await else { panic!("the feature is gone") };
    assert!(failure.excerpt.contains("fast"), "{}", failure.excerpt);
    assert_eq!(failure.suspects.first().map(String::as_str), Some("aa"));
}

#[tokio::test]
async fn a_lock_in_step_is_left_as_it_is() {
    let case = Case {
        old: &[("aa", "1.0.0", &[])],
        before: "aa = '1'",
        new: &[("aa", "1.1.0", &[])],
        after: "aa = '1'",
        targets: &[],
        refresh: false,
    };
    case.holds(&["aa 1.0.0"]).await;
    Case { after: "aa = '1.1'", ..case }.holds(&["aa 1.1.0"]).await;
}

#[tokio::test]
async fn programs_that_a_repository_names_as_its_compiler_do_not_run_while_it_resolves() {
    let world = World::new();
    world.publish(&[("aa", "1.0.0", &[])]);
    world.manifest("aa = \"1\"");
    let file = world.folder.join(".cargo/config.toml");
    let config = fs::read_to_string(&file).expect("a configuration");
    for key in ["rustc", "rustc-wrapper", "rustc-workspace-wrapper"] {
        fs::write(&file, format!("{config}\n[build]\n{key} = \"/no/such/program\"\n")).expect("a file");
        world.relock(&Relock::default()).await.unwrap_or_else(|error| panic!("{key}: {error}"));
    }
}

#[tokio::test]
async fn what_does_not_resolve_is_told_without_paths_of_this_machine() {
    let world = World::new();
    world.manifest("inner = { path = \"inner\" }");
    let error = world.relock(&Relock::default()).await.expect_err("nothing is there");
    let RelockError::Unresolvable(failure) = error else { panic!("{error}") };
    assert!(failure.excerpt.contains("inner/Cargo.toml"), "{}", failure.excerpt);
    assert!(!failure.excerpt.contains(&world.folder.display().to_string()), "{}", failure.excerpt);
}
