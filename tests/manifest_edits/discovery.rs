//! Which workspaces a repository has, and what is wrong with it.

use depbot::manifest::{Discovery, Workspace, discover, matters};
use depbot::model::{Dependency, DependencyKind, Source};

use crate::support::{discover_one, files, path};

/// A workspace in one line: `root [member member] lock < read`; the repository's root is `.`.
fn outline(workspace: &Workspace) -> String {
    let name = |folder: &str| if folder.is_empty() { ".".to_owned() } else { folder.to_owned() };
    let members = workspace.members.iter().map(|member| name(member.manifest.parent().as_str()));
    let lock = if workspace.lockfile.is_some() { " lock" } else { "" };
    let reads: String = workspace.reads.iter().map(|folder| format!(" < {}", name(folder.as_str()))).collect();
    format!("{} [{}]{lock}{reads}", name(workspace.root.as_str()), members.collect::<Vec<_>>().join(" "))
}

fn problems(discovery: &Discovery) -> Vec<String> {
    let problem = |problem: &depbot::manifest::ManifestProblem| {
        let line = problem.line.map_or_else(String::new, |line| format!(":{line}"));
        format!("{}{line}: {}", problem.manifest, problem.message)
    };
    discovery.problems.iter().map(problem).collect()
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
fn a_declaration_that_cannot_be_read_fails_alone() {
    let check = |entry: &str, expect: &str| {
        let text = format!("[package]\nname = \"p\"\n[dependencies]\ngood = \"1\"\n{entry}\n");
        let discovery = discover_one(text.as_bytes());
        assert_eq!(problems(&discovery), [format!("Cargo.toml:{expect}")], "{entry}");
        assert_eq!(discovery.workspaces[0].dependencies.len(), 1, "{entry}");
    };
    check(
        "x = \"1.0.0.1\"",
        "5: x: \"1.0.0.1\" is not a version requirement: expected comma after patch version number, found '.'",
    );
    check(
        "x = {\n  version = \"latest\" }",
        "6: x: \"latest\" is not a version requirement: unexpected character 'l' while parsing major version number",
    );
    check(
        "x = \"\"",
        "5: x: \"\" is not a version requirement: unexpected end of input while parsing major version number",
    );
    check("x = 1", "5: x: it is neither a version nor a table");
    check("x = { version = 1 }", "5: x: version is not a string");
    check("x = {}", "5: x: it has no version, and is neither git, nor path, nor inherited");
    check("x = { features = [] }", "5: x: it has no version, and is neither git, nor path, nor inherited");
    check("x = { version = \"1\", optional = \"yes\" }", "5: x: optional is neither true nor false");
    check("x = { version = \"1\", features = \"f\" }", "5: x: features is not a list");
    check("x = { git = \"u\", path = \"p\" }", "5: x: it has both path and git, of which cargo takes one");
    check("x = { git = \"u\", registry = \"r\" }", "5: x: it has both git and a registry, of which cargo takes one");
    check(
        "x = { git = \"u\", tag = \"t\", rev = \"r\" }",
        "5: x: it has more than one of branch, tag and rev, of which cargo takes one",
    );
    check(
        "x = { version = \"1\", registry = \"r\", registry-index = \"u\" }",
        "5: x: it has both registry and registry-index, of which cargo takes one",
    );
    check(
        "x = { package = \"1x\", version = \"1\" }",
        "5: x: \"1x\" is not a valid crate name: it begins with a letter or '_'",
    );
    check("x.workspace = true", "5: x: [workspace.dependencies] has no such entry that can be read");
    check("[package.metadata]\n[dev-dependencies]\ny = false", "7: y: it is neither a version nor a table");
    check("[target.'cfg(unix)']\ndependencies = 1", "6: dependencies is not a table");
}

#[test]
fn edition_2024_has_no_underscores() {
    let of = |edition: &str, entry: &str| {
        let text = format!("[package]\nname = \"p\"\nedition = \"{edition}\"\n{entry}\n");
        let discovery = discover_one(text.as_bytes());
        (discovery.workspaces[0].dependencies.len(), problems(&discovery))
    };
    let message = |text: &str| vec![format!("Cargo.toml:5: x: edition 2024 has no {text}")];
    assert_eq!(of("2021", "[dev_dependencies]\nx = \"1\""), (1, vec![]));
    let refused = message("dev_dependencies: it is written dev-dependencies");
    assert_eq!(of("2024", "[dev_dependencies]\nx = \"1\""), (0, refused));
    let entry = "[dependencies]\nx = { version = \"1\", default_features = false }";
    assert_eq!(of("2021", entry), (1, vec![]));
    assert_eq!(of("2024", entry), (0, message("default_features: it is written default-features")));
}

/// The declarations of a repository's first workspace, in words.
fn declarations(repository: &[(&str, &str)]) -> Vec<String> {
    let discovery = discover(&files(repository));
    assert_eq!(problems(&discovery), Vec::<String>::new());
    let words = |dependency: &Dependency| {
        let mut words = vec![dependency.site.to_string(), dependency.krate.to_string(), dependency.source.to_string()];
        words.extend(dependency.requirement.as_ref().map(ToString::to_string));
        words.extend(dependency.features.iter().map(|feature| format!("+{feature}")));
        words.extend((!dependency.default_features).then(|| "-default".to_owned()));
        words.extend(dependency.optional.then(|| "optional".to_owned()));
        words.extend(dependency.rust_version.map(|version| format!("rust {version}")));
        words.join(" | ")
    };
    discovery.workspaces[0].dependencies.iter().map(words).collect()
}

#[test]
fn a_declaration_says_everything_that_matters_for_a_choice() {
    let text = r#"[package]
name = "p"
rust-version = "1.70"

[dependencies]
a = "1"
b = { package = "bb", version = "2", optional = true, features = ["x", "y"], default-features = false }
c = { registry = "acme", version = "3" }
d = { registry-index = "https://d.dev/index", version = "4" }
e = { git = "https://e.dev/e", tag = "v1.0.0", version = "1" }
f = { git = "https://f.dev/f", branch = "main" }
g = { git = "https://g.dev/g" }
h = { path = "../h", version = "0.1", registry = "acme" }
i = { version = "1", registry = "crates-io" }

[target."cfg(unix)".build-dependencies.j]
version = "1"
"#;
    assert_eq!(
        declarations(&[("Cargo.toml", text)]),
        [
            "Cargo.toml:6 [dependencies] a | a | crates.io | 1 | rust 1.70",
            "Cargo.toml:7 [dependencies] b | bb | crates.io | 2 | +x | +y | -default | optional | rust 1.70",
            "Cargo.toml:8 [dependencies] c | c | registry acme | 3 | rust 1.70",
            "Cargo.toml:9 [dependencies] d | d | registry at https://d.dev/index | 4 | rust 1.70",
            "Cargo.toml:10 [dependencies] e | e | git https://e.dev/e tag v1.0.0 | 1 | rust 1.70",
            "Cargo.toml:11 [dependencies] f | f | git https://f.dev/f branch main | rust 1.70",
            "Cargo.toml:12 [dependencies] g | g | git https://g.dev/g (default branch) | rust 1.70",
            "Cargo.toml:13 [dependencies] h | h | path ../h | 0.1 | rust 1.70",
            "Cargo.toml:14 [dependencies] i | i | crates.io | 1 | rust 1.70",
            "Cargo.toml:16 [target.cfg(unix).build-dependencies] j | j | crates.io | 1 | rust 1.70",
        ]
    );
}

#[test]
fn a_shared_entry_gathers_what_its_members_ask_for() {
    let root = r#"[workspace]
members = ["a", "b", "c"]
[workspace.package]
rust-version = "1.75"
[workspace.dependencies]
x = { version = "1", features = ["f"], default-features = false }
y = "2"
unused = "3"
z = "4"
"#;
    let member = |name: &str, more: &str| format!("[package]\nname = \"{name}\"\n{more}");
    let a = member(
        "a",
        "rust-version.workspace = true\n[dependencies]\nx.workspace = true\nz = { workspace = true, optional = true }\n",
    );
    let b = member(
        "b",
        "rust-version = \"1.70.1\"\n[dependencies]\nx = { workspace = true, features = [\"g\", \"f\"], default-features = true }\nz = { workspace = true, optional = true }\n",
    );
    let c =
        member("c", "[dev-dependencies]\nx.workspace = true\n[target.'cfg(unix)'.dependencies]\ny.workspace = true\n");
    assert_eq!(
        declarations(&[("Cargo.toml", root), ("a/Cargo.toml", &a), ("b/Cargo.toml", &b), ("c/Cargo.toml", &c)]),
        [
            "Cargo.toml:6 [workspace.dependencies] x | x | crates.io | 1 | +f | +g | rust 1.70.1",
            "Cargo.toml:7 [workspace.dependencies] y | y | crates.io | 2",
            "Cargo.toml:8 [workspace.dependencies] unused | unused | crates.io | 3",
            "Cargo.toml:9 [workspace.dependencies] z | z | crates.io | 4 | optional | rust 1.70.1",
        ]
    );
}

#[test]
fn members_inherit_from_the_workspace_package() {
    let root = "[workspace]\nmembers = [\"*\"]\n[workspace.package]\nversion = \"1.2.3\"\nrust-version = \"1.75\"\npublish = false\n";
    let a =
        "[package]\nname = \"a\"\nversion.workspace = true\nrust-version.workspace = true\npublish.workspace = true\n";
    let b = "[package]\nname = \"b\"\nversion = \"0.1.0\"\npublish = [\"acme\"]\n";
    let c = "[package]\nname = \"c\"\nversion = \"0.2.0\"\npublish = []\n";
    let d = "[package]\nname = \"d\"\n";
    let discovery = discover(&files(&[
        ("Cargo.toml", root),
        ("a/Cargo.toml", a),
        ("b/Cargo.toml", b),
        ("c/Cargo.toml", c),
        ("d/Cargo.toml", d),
    ]));
    let words = discovery.workspaces[0].members.iter().map(|member| {
        let version = member.version.as_ref().map_or("-".to_owned(), ToString::to_string);
        let site = member.version_site.as_ref().map_or("-".to_owned(), ToString::to_string);
        let rust = member.rust_version.map_or("-".to_owned(), |rust| rust.to_string());
        format!("{} | {version} | {site} | {rust} | {}", member.package, member.published)
    });
    assert_eq!(
        words.collect::<Vec<_>>(),
        [
            "a | 1.2.3 | Cargo.toml:4 [workspace.package] version | 1.75 | false",
            "b | 0.1.0 | b/Cargo.toml:3 [package] version | - | true",
            "c | 0.2.0 | c/Cargo.toml:3 [package] version | - | false",
            "d | - | - | - | false",
        ]
    );
}

#[test]
fn patches_are_found_in_manifests_and_in_cargos_configuration() {
    let root = r#"[package]
name = "p"
[patch.crates-io]
log = { path = "log" }
renamed = { package = "serde", git = "https://x.dev/serde" }
[patch."https://github.com/a/b"]
b = { path = "b" }
[replace]
"foo:0.1.0" = { git = "https://x.dev/foo" }
"https://github.com/rust-lang/crates.io-index#bar@1.0.0" = { path = "bar" }
"#;
    let configuration = "[patch.crates-io]\nzip = { path = \"zip\" }\n";
    let discovery = discover(&files(&[("Cargo.toml", root), (".cargo/config.toml", configuration)]));
    let words = discovery.workspaces[0].patched.iter().map(|patch| {
        let version = patch.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
        format!("{}:{} [{}] {}{version}", patch.file, patch.line, patch.table.join("."), patch.krate)
    });
    assert_eq!(
        words.collect::<Vec<_>>(),
        [
            "Cargo.toml:4 [patch.crates-io] log",
            "Cargo.toml:5 [patch.crates-io] serde",
            "Cargo.toml:7 [patch.https://github.com/a/b] b",
            "Cargo.toml:9 [replace] foo 0.1.0",
            "Cargo.toml:10 [replace] bar 1.0.0",
            ".cargo/config.toml:2 [patch.crates-io] zip",
        ]
    );
}

#[test]
fn a_byte_order_mark_moves_no_line() {
    let discovery = discover_one("\u{feff}[package]\r\nname = \"p\"\r\n[dependencies]\r\nx = \"1\"\r\n".as_bytes());
    assert_eq!(discovery.workspaces[0].dependencies[0].site.line, 4);
    assert_eq!(discovery.workspaces[0].dependencies[0].kind, DependencyKind::Normal);
    assert!(matches!(discovery.workspaces[0].dependencies[0].source, Source::Registry(_)));
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
