//! What manifests declare: dependencies, members, patches; and what cannot be read of it.

use depbot::manifest::discover;
use depbot::model::{Dependency, DependencyKind, Source};

use crate::support::{discover_one, files, problems};

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
