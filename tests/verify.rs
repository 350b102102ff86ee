//! Verdicts: real cargo on tiny packages.

#[path = "support/local_registry.rs"]
mod local_registry;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use depbot::model::{Failure, Phase, Verdict};
use depbot::verify::{Bench, Toolbox, toolchain, verify};

use local_registry::{LocalRegistry, Published};

const CHECK: &str = "cargo check --offline --all-targets";
const TEST: &str = "cargo test --offline";

struct World {
    root: tempfile::TempDir,
    toolbox: Toolbox,
    bench: Bench,
}

impl World {
    /// A package with these files.
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = root.path().join("app");
        write(&folder, "Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
        write(&folder, "src/lib.rs", "");
        files.iter().for_each(|(path, text)| write(&folder, path, text));
        #[expect(clippy::disallowed_methods, reason = "cargo needs this machine's environment")]
        let mut environment: BTreeMap<_, _> = std::env::vars().collect();
        environment.remove("RUST_RECURSION_COUNT");
        environment.insert("CARGO_HOME".to_owned(), root.path().join("cargo").display().to_string());
        let toolbox = Toolbox { environment, cargo: "cargo".into(), jobs: Some(2) };
        let bench = Bench { target: root.path().join("target"), root: folder, listener: None };
        Self { root, toolbox, bench }
    }

    async fn verify(&self, commands: &[&str], compare: Option<&[&str]>) -> Verdict {
        let commands: Vec<_> = commands.iter().map(ToString::to_string).collect();
        let compare: Option<BTreeSet<_>> = compare.map(|names| names.iter().map(ToString::to_string).collect());
        let limit = Duration::from_secs(120);
        verify(&self.toolbox, &self.bench, &self.bench.root, &commands, limit, compare.as_ref()).await
    }

    async fn failure(&self, commands: &[&str], compare: Option<&[&str]>) -> Failure {
        match self.verify(commands, compare).await {
            Verdict::Fail(failure) => failure,
            Verdict::Pass { .. } => panic!("{commands:?} pass"),
        }
    }

    async fn passes(&self, commands: &[&str], compare: Option<&[&str]>) -> Vec<String> {
        match self.verify(commands, compare).await {
            Verdict::Pass { red_before, .. } => red_before,
            Verdict::Fail(failure) => panic!("{failure:#?}"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

#[tokio::test]
async fn a_green_tree_passes_with_what_was_run() {
    let world = World::new(&[("src/lib.rs", "#[test]\nfn works() {}\n")]);
    let Verdict::Pass { runs, red_before } = world.verify(&[CHECK, TEST], None).await else { panic!("it is green") };
    let phases: Vec<_> = runs.iter().map(|run| (run.phase, run.command.as_str())).collect();
    assert_eq!(phases, [(Phase::Check, CHECK), (Phase::Test, TEST)]);
    assert!(red_before.is_empty());
    assert!(world.bench.target.is_dir() && !world.bench.root.join("target").exists());
}

#[tokio::test]
async fn an_error_of_the_compiler_is_the_excerpt_and_its_crate_a_suspect() {
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\nhelp-er = \"1\"\nbroken = \"1\"\n";
    let world = World::new(&[("Cargo.toml", manifest), ("src/lib.rs", "pub fn f() -> u8 {\n    help_er::gone()\n}\n")]);
    let registry = LocalRegistry::new(&world.path("registry"));
    registry.use_in(&world.bench.root);
    let release = |name, version, code| registry.publish(&Published { name, version, code, dependencies: &[] });
    release("help-er", "1.0.0", "");
    release("broken", "1.0.0", "");
    let failure = world.failure(&[CHECK, TEST], None).await;
    assert_eq!((failure.phase, failure.command.as_str()), (Phase::Check, CHECK));
    assert!(failure.excerpt.starts_with("error[E0425]"), "{}", failure.excerpt);
    assert!(failure.excerpt.contains("src/lib.rs:2:"), "{}", failure.excerpt);
    assert!(!failure.excerpt.contains("could not compile"), "{}", failure.excerpt);
    assert_eq!(failure.suspects, ["help-er"]);

    release("broken", "1.1.0", "compile_error!(\"it needs a newer system\");");
    fs::remove_file(world.bench.root.join("Cargo.lock")).expect("a lock");
    let failure = world.failure(&[CHECK], None).await;
    assert!(failure.excerpt.contains("it needs a newer system"), "{}", failure.excerpt);
    assert_eq!(failure.suspects.first().map(String::as_str), Some("broken"));
}

#[tokio::test]
async fn only_tests_that_were_green_are_held_against_a_tree() {
    let files = [
        (
            "src/lib.rs",
            "/// ```\n/// panic!(\"doc\");\n/// ```\npub fn f() {}\n#[test]\nfn red() {\n    assert_eq!(1, 2);\n}\n",
        ),
        ("tests/cli.rs", "#[test]\nfn fails() {\n    panic!(\"no luck\");\n}\n#[test]\nfn works() {}\n"),
        ("tests/dies.rs", "#[test]\nfn aborts() {\n    std::process::abort();\n}\n"),
    ];
    let world = World::new(&files);
    let all = ["app (doc): src/lib.rs - f (line 1)", "app: red", "cli: fails", "dies"];
    let failure = world.failure(&[TEST], None).await;
    assert_eq!((failure.phase, failure.tests.as_slice()), (Phase::Test, all.map(str::to_owned).as_slice()));
    assert!(failure.excerpt.contains("src/lib.rs:7:5"), "{}", failure.excerpt);

    assert_eq!(world.passes(&[TEST], Some(&all)).await, all);

    let known: Vec<_> = all.into_iter().filter(|name| *name != "cli: fails").collect();
    let failure = world.failure(&[TEST], Some(&known)).await;
    assert_eq!(failure.tests, ["cli: fails"]);
    assert!(failure.excerpt.contains("no luck") && !failure.excerpt.contains("src/lib.rs"), "{}", failure.excerpt);
}

#[tokio::test]
async fn a_test_that_passes_when_it_runs_again_is_not_held_against_a_tree() {
    let code = "#[test]\nfn flaky() {\n    let seen = concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/seen\");\n    \
                let before = std::path::Path::new(seen).exists();\n    std::fs::write(seen, \"\").unwrap();\n    \
                assert!(before);\n}\n";
    let world = World::new(&[("src/lib.rs", code)]);
    assert!(world.passes(&[TEST], None).await.is_empty());
}

#[tokio::test]
async fn a_compiler_that_was_killed_is_tried_again() {
    let world = World::new(&[]);
    let killed = "sh -c 'test -e seen && exit 0; touch seen; echo \"(signal: 9, SIGKILL: kill)\"; exit 101'";
    assert!(world.passes(&[killed], None).await.is_empty());
    let failure = world.failure(&["sh -c 'echo \"(signal: 9, SIGKILL: kill)\"; exit 101'"], None).await;
    assert!(failure.excerpt.contains("SIGKILL"), "{}", failure.excerpt);
}

#[tokio::test]
async fn a_command_that_was_killed_itself_is_tried_again() {
    let world = World::new(&[]);
    assert!(world.passes(&["sh -c 'test -e seen && exit 0; touch seen; kill -9 $$'"], None).await.is_empty());
    let failure = world.failure(&["sh -c 'echo once >>runs; kill -9 $$'"], None).await;
    assert!(failure.tests.is_empty() && failure.timed_out.is_none(), "{failure:?}");
    let runs = fs::read_to_string(world.bench.root.join("runs")).expect("it ran");
    assert_eq!(runs, "once\nonce\n");
}

#[tokio::test]
async fn a_command_that_does_not_end_is_ended() {
    let world = World::new(&[]);
    let limit = Duration::from_millis(200);
    let commands = ["sh -c 'echo at work; sleep 1000'".to_owned()];
    let verdict = verify(&world.toolbox, &world.bench, &world.bench.root, &commands, limit, None).await;
    let Verdict::Fail(failure) = verdict else { panic!("it cannot pass") };
    assert_eq!(failure.timed_out, Some(limit));
    assert!(failure.excerpt.ends_with("at work"), "{}", failure.excerpt);
}

#[tokio::test]
async fn what_cannot_be_run_is_a_failure() {
    let world = World::new(&[]);
    let check = async |command: &str, excerpt: &str| {
        let failure = world.failure(&[command], None).await;
        assert!(failure.excerpt.contains(excerpt), "{}", failure.excerpt);
    };
    check("no-such-program --flag", "there is no program no-such-program").await;
    check("cargo test 'a", "a quote is not closed").await;
    check("cargo no-such-command", "no such command").await;
}

#[tokio::test]
async fn code_of_packages_cannot_read_secrets_from_its_environment() {
    let spy =
        "for (name, value) in std::env::vars() {\n        assert!(!value.contains(\"s3cret\"), \"{name}\");\n    }";
    let build = format!("fn main() {{\n    {spy}\n}}\n");
    let test = format!("#[test]\nfn spies() {{\n    {spy}\n}}\n");
    let mut world = World::new(&[("build.rs", &build), ("src/lib.rs", &test)]);
    for name in ["GITHUB_TOKEN", "CARGO_REGISTRIES_ACME_TOKEN", "CARGO_REGISTRY_TOKEN", "DEPBOT_GITHUB_TOKEN", "X"] {
        world.toolbox.environment.insert(name.to_owned(), "s3cret".to_owned());
    }
    // Proof that the spies would see one.
    let failure = world.failure(&["X=s3cret cargo test --offline"], None).await;
    assert!(failure.excerpt.contains("panicked at build.rs") && failure.excerpt.contains('X'), "{}", failure.excerpt);
    world.passes(&[TEST], None).await;
}

#[tokio::test]
async fn the_toolchain_is_the_one_of_the_folder() {
    let world = World::new(&[]);
    let version = toolchain(&world.toolbox, &world.bench.root).await.expect("a toolchain");
    assert!(version.starts_with("rustc 1."), "{version}");
}

#[cfg(unix)]
#[tokio::test]
async fn asking_for_the_toolchain_shows_no_secret() {
    use std::os::unix::fs::PermissionsExt;

    let mut world = World::new(&[("rustc", "#!/bin/sh\necho \"rustc 1.0.0 ($GITHUB_TOKEN)\"\n")]);
    let rustc = world.bench.root.join("rustc");
    fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755)).expect("a program");
    world.toolbox.cargo = rustc.with_file_name("cargo");
    world.toolbox.environment.insert("GITHUB_TOKEN".to_owned(), "s3cret".to_owned());
    let version = toolchain(&world.toolbox, &world.bench.root).await.expect("a toolchain");
    assert_eq!(version, "rustc 1.0.0 ()");
}
