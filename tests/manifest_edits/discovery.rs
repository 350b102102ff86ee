//! Which workspaces a repository has, and which of them cargo refuses.

use depbot::manifest::{Workspace, discover, matters};

use crate::support::{discover_one, files, path, problems};

/// A workspace in one line: `root [member member] lock < read`; the repository's root is `.`.
fn outline(workspace: &Workspace) -> String {
    let name = |folder: &str| if folder.is_empty() { ".".to_owned() } else { folder.to_owned() };
    let members = workspace.members.iter().map(|member| name(member.manifest.parent().as_str()));
    let lock = if workspace.lockfile.is_some() { " lock" } else { "" };
    let reads: String = workspace.reads.iter().map(|folder| format!(" < {}", name(folder.as_str()))).collect();
    format!("{} [{}]{lock}{reads}", name(workspace.root.as_str()), members.collect::<Vec<_>>().join(" "))
}

/// Workspaces first, then problems. A file's text may be short for a manifest: `P` is a package named after its folder
/// (followed by more lines), `L` a lock.
fn check(name: &str, repository: &[(&str, &str)], expect: &[&str]) {
    let text = |file: &str, text: &str| match text.split_once('|').unwrap_or((text, "")) {
        ("P", more) => {
            let package = file.rsplit('/').nth(1).unwrap_or("root").replace('.', "_");
            format!("[package]\nname = \"{package}\"\nversion = \"1.0.0\"\n{more}")
        }
        ("L", _) => "version = 4\n".to_owned(),
        _ => text.to_owned(),
    };
    let texts: Vec<(&str, String)> = repository.iter().map(|(file, short)| (*file, text(file, short))).collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(file, text)| (*file, text.as_str())).collect();
    let discovery = discover(&files(&texts));
    let found: Vec<String> = discovery.workspaces.iter().map(outline).chain(problems(&discovery)).collect();
    assert_eq!(found, expect, "{name}");
}

#[test]
fn workspaces_are_what_cargo_takes_them_for() {
    check("nothing", &[], &[]);
    check("lone package", &[("Cargo.toml", "P"), ("Cargo.lock", "L")], &[". [.] lock"]);
    check(
        "members by name and glob",
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"app\", \"crates/*\"]\n"),
            ("app/Cargo.toml", "P"),
            ("crates/a/Cargo.toml", "P"),
            ("crates/b/Cargo.toml", "P"),
            ("crates/b/deeper/Cargo.toml", "P"),
            ("Cargo.lock", "L"),
        ],
        &[". [app crates/a crates/b] lock"],
    );
    check(
        "globs: two stars, a question mark, a class",
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"a/**\", \"b?\", \"c[12]\", \"./d/\"]\n"),
            ("a/x/y/Cargo.toml", "P"),
            ("b1/Cargo.toml", "P"),
            ("b10/Cargo.toml", "P"),
            ("c2/Cargo.toml", "P"),
            ("c3/Cargo.toml", "P"),
            ("d/Cargo.toml", "P"),
        ],
        &[". [a/x/y b1 c2 d]"],
    );
    check(
        "a root package with members",
        &[("Cargo.toml", "P|[workspace]\nmembers = [\"a\"]\n"), ("a/Cargo.toml", "P")],
        &[". [. a]"],
    );
    check(
        "path dependencies inside the root join, one through another",
        &[
            ("Cargo.toml", "P|[workspace]\n[dependencies]\na = { path = \"a\" }\n"),
            ("a/Cargo.toml", "P|[target.'cfg(unix)'.dev-dependencies]\nb = { path = \"../lib/b\", version = \"1\" }\n"),
            ("lib/b/Cargo.toml", "P|[build-dependencies.c]\npath = '../c'\n"),
            ("lib/c/Cargo.toml", "P"),
            ("lib/d/Cargo.toml", "P"),
        ],
        &[". [. a lib/b lib/c]"],
    );
    check(
        "an inherited path dependency joins",
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"a\"]\n[workspace.dependencies]\nx = { path = \"x\" }\ny = { path = \"y\" }\n",
            ),
            ("a/Cargo.toml", "P|[dependencies]\nx.workspace = true\n"),
            ("x/Cargo.toml", "P"),
            ("y/Cargo.toml", "P"),
        ],
        &[". [a x]"],
    );
    check(
        "excluded crates are their own, with their own lock",
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"crates/b\", \"tools\"]\n"),
            ("crates/a/Cargo.toml", "P"),
            ("crates/b/Cargo.toml", "P"),
            ("crates/b/Cargo.lock", "L"),
            ("tools/x/Cargo.toml", "P"),
        ],
        &[". [crates/a]", "crates/b [crates/b] lock", "tools/x [tools/x]"],
    );
    check(
        "what is named stays in although its folder is excluded",
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"x/a\"]\nexclude = [\"x\"]\n"),
            ("x/a/Cargo.toml", "P"),
            ("x/b/Cargo.toml", "P"),
        ],
        &[". [x/a]", "x/b [x/b]"],
    );
    check(
        "fuzz with its own workspace",
        &[
            ("Cargo.toml", "P"),
            ("fuzz/Cargo.toml", "P|[workspace]\n[dependencies]\nroot = { path = \"..\" }\n"),
            ("fuzz/Cargo.lock", "L"),
        ],
        &[". [.]", "fuzz [fuzz] lock < ."],
    );
    check(
        "package.workspace points to a root beside",
        &[
            ("ws/Cargo.toml", "[workspace]\nmembers = [\"../a\", \"b\"]\n"),
            ("a/Cargo.toml", "P|workspace = \"../ws\"\n"),
            ("ws/b/Cargo.toml", "P"),
        ],
        &["ws [a ws/b]"],
    );
    check(
        "several workspaces, one reading the other",
        &[
            ("server/Cargo.toml", "[workspace]\nmembers = [\"*\"]\n"),
            ("server/api/Cargo.toml", "P|[dependencies]\nwire = { path = \"../../common/wire\" }\n"),
            (
                "common/Cargo.toml",
                "[workspace]\nmembers = [\"wire\", \"base\"]\n[workspace.dependencies]\nbase = { path = \"base\" }\n",
            ),
            ("common/wire/Cargo.toml", "P|[dependencies]\nbase.workspace = true\n"),
            ("common/base/Cargo.toml", "P"),
        ],
        &["common [common/base common/wire]", "server [server/api] < common/base < common/wire"],
    );
    check(
        "a patch reads its folder",
        &[
            ("Cargo.toml", "P|[workspace]\nexclude = [\"forks\"]\n[patch.crates-io]\nlog = { path = \"forks/log\" }\n"),
            ("forks/log/Cargo.toml", "P"),
        ],
        &[". [.] < forks/log", "forks/log [forks/log]"],
    );
    check(
        "packages beside each other",
        &[("a/Cargo.toml", "P"), ("b/Cargo.toml", "P|[dependencies]\na = { path = \"../a\" }\n")],
        &["a [a]", "b [b] < a"],
    );
    check(
        "below a package without a workspace, cargo takes each for its own",
        &[("Cargo.toml", "P|[dependencies]\nm = { path = \"m\" }\n"), ("m/Cargo.toml", "P"), ("xtask/Cargo.toml", "P")],
        &[". [.] < m", "m [m]", "xtask [xtask]"],
    );
    check(
        "a path that leaves the repository or is not there",
        &[("Cargo.toml", "P|[dependencies]\na = { path = \"../../elsewhere\" }\nb = { path = \"submodule\" }\n")],
        &[". [.]"],
    );
}

#[test]
fn material_that_is_no_package_of_the_repository_is_left_alone() {
    check(
        "fixtures below a workspace",
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"),
            ("a/Cargo.toml", "P"),
            ("a/tests/fixtures/broken/Cargo.toml", "[package\n"),
            ("a/tests/fixtures/locked/Cargo.toml", "P"),
            ("a/tests/fixtures/locked/Cargo.lock", "L"),
            ("other/Cargo.toml", "{{ template }}"),
        ],
        &[". [a]"],
    );
    check(
        "fixtures below a package",
        &[
            ("Cargo.toml", "P"),
            ("tests/fixtures/x/Cargo.toml", "P"),
            ("templates/x/Cargo.toml", "[package]\nname = \"{{name}}\"\n"),
            ("examples/demo/Cargo.toml", "P"),
            ("target/package/x/Cargo.toml", "P|[workspace]\n"),
            ("vendor/x/Cargo.toml", "P"),
            ("vendor/x/Cargo.lock", "L"),
            ("testdata/ws/Cargo.toml", "[workspace]\nmembers = [\"gone\"]\n"),
        ],
        &[". [.]"],
    );
    check(
        "a package of tests with its own lock, and the fixtures of a tool around cargo",
        &[
            ("Cargo.toml", "P"),
            ("tests/e2e/Cargo.toml", "P|[workspace]\n"),
            ("tests/e2e/Cargo.lock", "L"),
            ("tests/upgrade/all/in/Cargo.toml", "P|[workspace]\n"),
            ("tests/upgrade/all/in/Cargo.lock", "L"),
            ("test/packages/x/Cargo.toml", "P"),
            ("test/packages/x/Cargo.lock", "L"),
            ("tests/fixtures/Cargo.toml", "P"),
            ("tests/fixtures/Cargo.lock", "L"),
        ],
        &[". [.]", "tests/e2e [tests/e2e] lock"],
    );
    check(
        "an example with its own lock, and one that is a member",
        &[
            ("Cargo.toml", "P|[workspace]\nmembers = [\"examples/in\"]\nexclude = [\"examples/out\"]\n"),
            ("examples/in/Cargo.toml", "P"),
            ("examples/out/Cargo.toml", "P"),
            ("examples/out/Cargo.lock", "L"),
            ("examples/none/Cargo.toml", "P"),
        ],
        &[". [. examples/in]", "examples/out [examples/out] lock"],
    );
    check(
        "a vendored package that is a path dependency",
        &[("Cargo.toml", "P|[workspace]\n[dependencies]\nv = { path = \"vendor/v\" }\n"), ("vendor/v/Cargo.toml", "P")],
        &[". [. vendor/v]"],
    );
}

#[test]
fn what_cargo_refuses_fails_its_workspace_alone() {
    check(
        "not TOML",
        &[("a/Cargo.toml", "[package]\nname = \"a\"\nversion = \n"), ("b/Cargo.toml", "P")],
        &["b [b]", "a/Cargo.toml:3: it is not TOML: string values must be quoted, expected literal string"],
    );
    check(
        "duplicate keys",
        &[("a/Cargo.toml", "P|[dependencies]\nx = \"1\"\nx = \"2\"\n"), ("b/Cargo.toml", "P")],
        &["b [b]", "a/Cargo.toml:6: it is not TOML: duplicate key"],
    );
    check(
        "a member that is not there",
        &[
            ("w/Cargo.toml", "[workspace]\nmembers = [\n  \"a\",\n  \"gone\", # here\n]\n"),
            ("w/a/Cargo.toml", "P"),
            ("b/Cargo.toml", "P"),
        ],
        &["b [b]", "w/Cargo.toml:4: the member \"gone\" is not there"],
    );
    check(
        "a glob that finds nothing",
        &[("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n")],
        &["Cargo.toml:2: the member \"crates/*\" is not there"],
    );
    check(
        "a member that cannot be read",
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n"),
            ("a/Cargo.toml", "P"),
            ("b/Cargo.toml", "P|x =\n"),
        ],
        &["b/Cargo.toml:4: it is not TOML: string values must be quoted, expected literal string"],
    );
    check(
        "an unreadable root says nothing about what is below",
        &[("Cargo.toml", "<<<<<<< HEAD\n[workspace]\n"), ("a/Cargo.toml", "P"), ("fuzz/Cargo.toml", "P|[workspace]\n")],
        &["fuzz [fuzz]", "Cargo.toml:1: it is not TOML: key with no value, expected `=`"],
    );
    check(
        "a member that is a root",
        &[("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"), ("a/Cargo.toml", "P|[workspace]\n")],
        &["a [a]", "Cargo.toml:2: the member a is the root of a workspace itself"],
    );
    check(
        "a workspace that does not know the package",
        &[("ws/Cargo.toml", "[workspace]\n"), ("a/Cargo.toml", "P|workspace = \"../ws\"\n")],
        &["ws []", "a/Cargo.toml:4: package.workspace is \"../ws\", which does not have it as a member"],
    );
    check(
        "a lock that nothing can use",
        &[("Cargo.toml", "P|[workspace]\n"), ("a/Cargo.toml", "P"), ("a/Cargo.lock", "L")],
        &[". [.]", "a/Cargo.toml: it has a lock, but Cargo.toml neither has it as a member nor excludes it"],
    );
    check(
        "no package, no workspace",
        &[("Cargo.toml", "[dependencies]\nx = \"1\"\n")],
        &["Cargo.toml: it has neither [package] nor [workspace]"],
    );
    check(
        "a virtual workspace with dependencies of its own",
        &[("Cargo.toml", "[workspace]\n\n[dependencies]\nx = \"1\"\n")],
        &["Cargo.toml:3: a workspace without a package of its own has no [dependencies]"],
    );
    check(
        "a member outside that does not know its root",
        &[("ws/Cargo.toml", "[workspace]\nmembers = [\"../a\"]\n"), ("a/Cargo.toml", "P")],
        &["a [a]", "ws/Cargo.toml:2: the member a is not below the root and does not name it as package.workspace"],
    );
    check(
        "a path dependency that is a root inside of the workspace",
        &[("Cargo.toml", "P|[workspace]\n[dependencies]\na = { path = \"a\" }\n"), ("a/Cargo.toml", "P|[workspace]\n")],
        &["a [a]", "Cargo.toml: the member a is the root of a workspace itself"],
    );
    check("no name", &[("Cargo.toml", "\n[package]\nversion = \"1.0.0\"\n")], &["Cargo.toml:2: [package] has no name"]);
    assert_eq!(problems(&discover_one(b"[package]\n# \xff\n")), ["Cargo.toml:2: it is not UTF-8"]);
}

#[test]
fn a_survey_wants_few_files() {
    for wanted in [
        "Cargo.toml",
        "a/Cargo.lock",
        ".cargo/config",
        "x/.cargo/config.toml",
        "rust-toolchain",
        "a/rust-toolchain.toml",
    ] {
        assert!(matters(&path(wanted)), "{wanted}");
    }
    for other in
        ["config.toml", "src/Cargo.toml.orig", "target/x/Cargo.toml", "node_modules/x/Cargo.toml", "src/main.rs"]
    {
        assert!(!matters(&path(other)), "{other}");
    }
}
