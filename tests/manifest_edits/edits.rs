//! Which bytes an upgrade of a manifest changes.
//!
//! A case is one text in which `⟦old→new⟧` marks each value that is to change: the manifest before is the text with the
//! old values, the manifest after the text with the new ones, so that every other byte is the same by construction.

use depbot::config::RequirementStyle;
use depbot::manifest::{EditError, Rewrite, apply, discover, rewrite};
use depbot::model::{Dependency, Edit, EditField, GitReference, Site, Source};
use proptest::prelude::*;

use crate::support::{discover_one, files, path, version};

/// Every dependency has a release of this version.
const NEWEST: &str = "2.1.3";

/// The text before and after.
fn sides(marked: &str) -> (String, String) {
    let (mut before, mut after) = (String::new(), String::new());
    let mut rest = marked;
    while let Some((plain, marker)) = rest.split_once('⟦') {
        let (marker, tail) = marker.split_once('⟧').expect("a marker is closed");
        let (old, new) = marker.split_once('→').expect("a marker has two sides");
        before.extend([plain, old]);
        after.extend([plain, new]);
        rest = tail;
    }
    before.push_str(rest);
    after.push_str(rest);
    (before, after)
}

/// The edit that brings a dependency to the newest release, if its manifest changes for that.
fn edit_of(dependency: &Dependency) -> Option<Edit> {
    if let Source::Git { reference: GitReference::Tag(tag), .. } = &dependency.source {
        let (prefix, _) = tag.split_at(tag.find(|c: char| c.is_ascii_digit())?);
        let (from, to) = (tag.clone(), format!("{prefix}{NEWEST}"));
        return (from != to).then(|| Edit { site: dependency.site.clone(), field: EditField::Tag, from, to });
    }
    if matches!(dependency.source, Source::Path(_)) {
        return None;
    }
    let requirement = dependency.requirement.as_ref()?;
    let Ok(Rewrite::To(to)) = rewrite(requirement, &version(NEWEST), RequirementStyle::Bump) else { return None };
    let from = requirement.as_str().to_owned();
    Some(Edit { site: dependency.site.clone(), field: EditField::Requirement, from, to })
}

fn upgraded(manifest: &[u8]) -> Result<Vec<u8>, String> {
    let discovery = discover_one(manifest);
    if let Some(problem) = discovery.problems.first() {
        return Err(format!("line {:?}: {}", problem.line, problem.message));
    }
    let dependencies = discovery.workspaces.iter().flat_map(|workspace| &workspace.dependencies);
    let edits: Vec<Edit> = dependencies.filter_map(edit_of).collect();
    apply(manifest, &edits.iter().collect::<Vec<_>>()).map_err(|error| error.to_string())
}

fn check(name: &str, marked: &str) {
    let (before, after) = sides(marked);
    match upgraded(before.as_bytes()) {
        Ok(result) => assert_eq!(String::from_utf8_lossy(&result), after, "{name}"),
        Err(problem) => panic!("{name}: {problem}"),
    }
}

/// A case whose package table is not the point.
fn check_in_package(name: &str, marked: &str) {
    check(name, &format!("[package]\nname = \"app\"\nversion = \"0.1.0\"\n\n{marked}"));
}

#[test]
fn every_way_to_write_an_entry_is_edited_in_its_place() {
    let cases = [
        ("string", "[dependencies]\nserde = \"⟦1.0→2.1⟧\"\n"),
        ("literal string", "[dependencies]\nserde = '⟦1.0→2.1⟧'\n"),
        ("multi-line string", "[dependencies]\nserde = \"\"\"⟦1.0→2.1⟧\"\"\"\n"),
        ("multi-line string that begins on its own line", "[dependencies]\nserde = \"\"\"\n⟦1.0→2.1⟧\"\"\"\n"),
        ("multi-line literal string", "[dependencies]\nserde = '''\n⟦1.0→2.1⟧'''\n"),
        ("continued lines on both sides", "[dependencies]\nserde = \"\"\"\\\n  \\\r\n ⟦\\u0031.0→2.1⟧\\  \n\"\"\"\n"),
        ("continued line", "[dependencies]\nserde = \"\"\"\\\n    ⟦1.0→2.1⟧\"\"\"\n"),
        ("inline table", "[dependencies]\nserde = { version = \"⟦1.0→2.1⟧\", features = [\"derive\"] }\n"),
        ("inline table, version last", "[dependencies]\nserde = {features=[\"derive\"],version=\"⟦1→2⟧\"}\n"),
        (
            "inline dotted",
            "[dependencies]\nserde = { version = \"⟦1→2⟧\", default-features = false, optional = true }\n",
        ),
        ("table", "[dependencies.serde]\nversion = \"⟦1.0.1→2.1.3⟧\"\nfeatures = [\"derive\"]\n"),
        ("table with spaces in its header", "[ dependencies . serde ]\nversion = \"⟦1.0.1→2.1.3⟧\"\n"),
        ("table with quoted parts", "[\"dependencies\".'serde']\n\"version\" = \"⟦1.0.1→2.1.3⟧\"\n"),
        ("dotted keys", "[dependencies]\nserde.version = \"⟦1.0→2.1⟧\"\nserde.features = [\"derive\"]\n"),
        ("dotted keys, quoted and spaced", "[dependencies]\n\"serde\" . 'version'  =  \"⟦1.0→2.1⟧\"\n"),
        ("quoted key", "[dependencies]\n\"serde\" = \"⟦1.0→2.1⟧\"\n"),
        ("literal key", "[dependencies]\n'serde' = \"⟦1.0→2.1⟧\"\n"),
        ("escaped key", "[dependencies]\n\"s\\u0065rde\" = \"⟦1.0→2.1⟧\"\n"),
        ("renamed", "[dependencies]\nold = { package = \"serde\", version = \"⟦1→2⟧\" }\n"),
        ("two names of one crate", "[dependencies]\na = { package = \"x\", version = \"⟦1→2⟧\" }\nx = \"⟦0.9→2.1⟧\"\n"),
        ("named registry", "[dependencies]\nx = { registry = \"acme\", version = \"⟦1→2⟧\" }\n"),
        ("registry by index", "[dependencies]\nx = { registry-index = \"https://x.dev/i\", version = \"⟦1→2⟧\" }\n"),
        (
            "artifact",
            "[dependencies]\nx = { version = \"⟦1→2⟧\", artifact = [\"bin\", \"cdylib:y\"], target = \"wasm32\" }\n",
        ),
        ("public", "[dependencies]\nx = { version = \"⟦1→2⟧\", public = true }\n"),
        ("default_features", "[dependencies]\nx = { version = \"⟦1→2⟧\", default_features = false }\n"),
    ];
    for (name, marked) in cases {
        check_in_package(name, marked);
    }
}

#[test]
fn every_table_of_dependencies_is_read() {
    let cases = [
        ("dev", "[dev-dependencies]\nx = \"⟦1→2⟧\"\n"),
        ("build", "[build-dependencies]\nx = \"⟦1→2⟧\"\n"),
        ("legacy dev", "[dev_dependencies]\nx = \"⟦1→2⟧\"\n"),
        ("legacy build", "[build_dependencies.x]\nversion = \"⟦1→2⟧\"\n"),
        (
            "both spellings: the legacy one is dead",
            "[dev_dependencies]\nx = \"1\"\n[dev-dependencies]\nx = \"⟦1→2⟧\"\n",
        ),
        ("target", "[target.'cfg(unix)'.dependencies]\nx = \"⟦1→2⟧\"\n"),
        ("target in basic quotes", "[target.\"cfg(target_os = \\\"linux\\\")\".dev-dependencies]\nx = \"⟦1→2⟧\"\n"),
        ("target by triple", "[target.x86_64-pc-windows-msvc.build-dependencies.x]\nversion = \"⟦1→2⟧\"\n"),
        ("target, legacy", "[target.'cfg(windows)'.dev_dependencies]\nx = \"⟦1→2⟧\"\n"),
        ("target, dotted", "[target]\n'cfg(unix)'.dependencies.x = \"⟦1→2⟧\"\n"),
        ("inline table of dependencies", "[target.'cfg(unix)']\ndependencies = { x = \"⟦1→2⟧\", y = \"⟦1.1→2.1⟧\" }\n"),
        (
            "the same crate in three tables",
            "[dependencies]\nx = \"⟦1→2⟧\"\n[dev-dependencies]\nx = \"⟦1.2→2.1⟧\"\n[target.'cfg(unix)'.dependencies]\nx = \"⟦1.2.3→2.1.3⟧\"\n",
        ),
        (
            "tables in pieces",
            "[dependencies.a]\nversion = \"⟦1→2⟧\"\n[features]\nf = []\n[dependencies.b]\nversion = \"⟦1→2⟧\"\n",
        ),
    ];
    for (name, marked) in cases {
        check_in_package(name, marked);
    }
    check(
        "virtual",
        "[workspace]\nmembers = []\n[workspace.dependencies]\nx = \"⟦1→2⟧\"\ny = { version = \"⟦1→2⟧\" }\n",
    );
    check(
        "dotted at the root",
        "package.name = \"p\"\ndependencies.x = \"⟦1→2⟧\"\ndependencies.y.version = \"⟦1→2⟧\"\n",
    );
    check("inline at the root", "package = { name = \"p\" }\ndependencies = { x = \"⟦1→2⟧\" }\n");
    check("[project]", "[project]\nname = \"p\"\n[dependencies]\nx = \"⟦1→2⟧\"\n");
}

#[test]
fn everything_beside_the_value_keeps_its_bytes() {
    let cases = [
        ("CRLF", "[dependencies]\r\nx = \"⟦1→2⟧\"\r\n# end\r\n"),
        ("mixed line ends", "[dependencies]\r\nx = \"⟦1→2⟧\"\ny = \"⟦1.1→2.1⟧\"\r\n\n"),
        ("CRLF in a multi-line string", "[dependencies]\r\nx = \"\"\"\r\n⟦1→2⟧\"\"\"\r\n"),
        ("no final newline", "[dependencies]\nx = \"⟦1→2⟧\""),
        ("no space", "[dependencies]\nx=\"⟦1→2⟧\""),
        ("tabs", "[dependencies]\n\tx\t=\t\"⟦1→2⟧\"\t# one\t\n"),
        ("trailing spaces", "[dependencies]   \nx = \"⟦1→2⟧\"   \n"),
        ("comments", "# a\n[dependencies] # b \"1\"\n# x = \"1\"\nx = \"⟦1→2⟧\" # x = \"1\"\n# c"),
        ("unicode", "[dependencies]\n# größer → 漢字 🦀\nx = \"⟦1→2⟧\" # 🦀\ny = \"⟦1→2⟧\"\n"),
        ("unicode features", "[dependencies]\nx = { features = [\"ü\"], version = \"⟦1→2⟧\" }\n"),
        ("spaces in a requirement", "[dependencies]\nx = \" >= 1.2 , < ⟦2→3⟧ \"\ny = \"  ⟦1→2⟧ \"\n"),
        ("escapes", "[dependencies]\nx = \"⟦\\u0031.2→2.1⟧\"\n"),
        ("tab of alignment", "[dependencies]\nx       = { version = \"⟦1→2⟧\"      , optional = true     }\n"),
        (
            "array over lines",
            "[dependencies]\nx = { version = \"⟦1→2⟧\", features = [\n  # why\n  \"a\",\n  \"b\",\n] }\n",
        ),
        ("table order", "[dependencies.z]\nfeatures = [\"1\"]\nversion = \"⟦1→2⟧\"\n\n\n\n[lib]\nname = \"l\"\n"),
        ("the same text elsewhere", "[dependencies]\nx = \"⟦1.0.0→2.1.3⟧\"\n[package.metadata.x]\nx = \"1.0.0\"\n"),
        (
            "a value like the version",
            "[dependencies.x]\nfeatures = [\"1.0.0\"]\nversion = \"⟦1.0.0→2.1.3⟧\"\n[badges]\nv = { v = \"1.0.0\" }\n",
        ),
        ("unsorted keys", "[dependencies]\nz = \"⟦1→2⟧\"\na = \"⟦1→2⟧\"\nM = \"⟦1→2⟧\"\n"),
        ("empty table", "[dependencies]\n"),
        (
            "unknown tables",
            "[dependencies]\nx = \"⟦1→2⟧\"\n[lints.rust]\nunsafe_code = \"deny\"\n[[bin]]\nname = \"b\"\n",
        ),
    ];
    for (name, marked) in cases {
        check_in_package(name, marked);
    }
    check("BOM", "\u{feff}[package]\nname = \"p\"\n[dependencies]\nx = \"⟦1→2⟧\" # ü\n");
    check("BOM and CRLF", "\u{feff}[package]\r\nname = \"p\"\r\n[dependencies]\r\nx = { version = '⟦1→2⟧' }\r\n");
    check("one line", "dependencies.x=\"⟦1→2⟧\"\npackage.name=\"p\"");
}

#[test]
fn what_has_no_registry_requirement_stays() {
    let cases = [
        ("path", "[dependencies]\nx = { path = \"../x\" }\n"),
        ("path with version", "[dependencies]\nx = { path = \"../x\", version = \"1\" }\n"),
        ("path with registry", "[dependencies]\nx = { path = \"../x\", version = \"1\", registry = \"acme\" }\n"),
        ("git", "[dependencies]\nx = { git = \"https://x.dev/x\" }\n"),
        ("git branch", "[dependencies]\nx = { git = \"https://x.dev/x\", branch = \"main\" }\n"),
        ("git rev", "[dependencies]\nx = { git = \"https://x.dev/x\", rev = \"abc\" }\n"),
        ("git tag", "[dependencies]\nx = { git = \"https://x.dev/x\", tag = \"⟦v1.0.0→v2.1.3⟧\" }\n"),
        ("git tag of a crate", "[dependencies.x]\ngit = \"https://x.dev/x\"\ntag = '⟦x-v1.0.0→x-v2.1.3⟧'\n"),
        ("git tag, dotted", "[dependencies]\nx.git = \"https://x.dev/x\"\nx.tag = \"⟦x/1.0.0→x/2.1.3⟧\" # tag\n"),
        ("star", "[dependencies]\nx = \"*\"\n"),
        ("open range", "[dependencies]\nx = \">=1.0\"\n"),
        ("up to date", "[dependencies]\nx = \"2.1.3\"\ny = \"2\"\n"),
        ("ahead", "[dependencies]\nx = \"3\"\n"),
    ];
    for (name, marked) in cases {
        check_in_package(name, marked);
    }
}

#[test]
fn an_inherited_entry_is_edited_once_at_the_root() {
    let root = "[workspace]\nmembers = [\"a\", \"b\"]\n[workspace.dependencies]\nx = { version = \"1\" } # here\n";
    let a = "[package]\nname = \"a\"\n[dependencies]\nx.workspace = true\n";
    let b = "[package]\nname = \"b\"\n[dev-dependencies]\nx = { workspace = true, features = [\"f\"] }\ny = \"1\"\n";
    let repository = files(&[("Cargo.toml", root), ("a/Cargo.toml", a), ("b/Cargo.toml", b)]);
    let discovery = discover(&repository);
    let edits: Vec<Edit> = discovery.workspaces[0].dependencies.iter().filter_map(edit_of).collect();
    let of = |manifest: &str| edits.iter().filter(|edit| edit.site.manifest == path(manifest)).collect::<Vec<_>>();
    assert_eq!(apply(root.as_bytes(), &of("Cargo.toml")), Ok(root.replace("\"1\"", "\"2\"").into_bytes()));
    assert_eq!(of("a/Cargo.toml"), Vec::<&Edit>::new());
    assert_eq!(apply(b.as_bytes(), &of("b/Cargo.toml")), Ok(b.replace("y = \"1\"", "y = \"2\"").into_bytes()));
}

// --- Single edits ---

fn edit(table: &[&str], key: &str, field: EditField, from: &str, to: &str) -> Edit {
    let table = table.iter().map(|part| (*part).to_owned()).collect();
    let site = Site { manifest: path("Cargo.toml"), table, key: key.to_owned(), line: 1 };
    Edit { site, field, from: from.to_owned(), to: to.to_owned() }
}

#[test]
fn a_packages_own_version_is_edited_where_it_is_written() {
    let check = |marked: &str| {
        let (before, after) = sides(marked);
        let discovery = discover_one(before.as_bytes());
        let member = &discovery.workspaces[0].members[0];
        let site = member.version_site.clone().expect("a version is written");
        let from = member.version.as_ref().expect("a version").to_string();
        let edit = Edit { site, field: EditField::PackageVersion, from, to: "0.2.0".to_owned() };
        assert_eq!(apply(before.as_bytes(), &[&edit]), Ok(after.into_bytes()));
    };
    check("[package]\nname = \"p\"\nversion = \"⟦0.1.0→0.2.0⟧\" # v\n");
    check("[package]\r\nversion='⟦0.1.0→0.2.0⟧'\r\nname = \"p\"\r\n");
    check("[project]\nname = \"p\"\nversion = \"⟦0.1.0→0.2.0⟧\"\n");
    check("[workspace.package]\nversion = \"⟦0.1.0→0.2.0⟧\"\n[package]\nname = \"p\"\nversion.workspace = true\n");
    check(
        "[workspace]\npackage.version = \"⟦0.1.0→0.2.0⟧\"\n[package]\nname = \"p\"\nversion = { workspace = true }\n",
    );
}

#[test]
fn an_edit_that_does_not_fit_changes_nothing() {
    let text = b"[package]\nname = \"p\"\n[dependencies]\nx = \"1.0\"\ny = { path = \"../y\" }\nz = 1\n";
    let check = |edits: &[Edit], expect: &str| {
        let error = apply(text, &edits.iter().collect::<Vec<_>>()).expect_err(expect);
        assert_eq!(error.to_string(), expect);
    };
    let requirement = |key: &str, from: &str, to: &str| edit(&["dependencies"], key, EditField::Requirement, from, to);
    check(&[requirement("w", "1", "2")], "there is no such value at Cargo.toml:1 [dependencies] w");
    check(&[requirement("y", "1", "2")], "there is no such value at Cargo.toml:1 [dependencies] y");
    check(&[requirement("z", "1", "2")], "there is no such value at Cargo.toml:1 [dependencies] z");
    check(&[requirement("x", "1.1", "2")], "Cargo.toml:1 [dependencies] x is \"1.0\" where \"1.1\" was expected");
    check(
        &[requirement("x", "1.0", "2"), requirement("x", "1.0", "3")],
        "Cargo.toml:1 [dependencies] x is to become two different texts",
    );
    check(
        &[requirement("x", "1.0", "2\"")],
        "\"2\\\"\" cannot be written at Cargo.toml:1 [dependencies] x without other quotes",
    );
    check(
        &[edit(&["dependencies"], "x", EditField::Tag, "1.0", "2")],
        "there is no such value at Cargo.toml:1 [dependencies] x",
    );
    let broken = apply(b"[package\n", &[]).expect_err("not TOML");
    assert!(matches!(broken, EditError::Unreadable { line: Some(1), .. }), "{broken}");
}

#[test]
fn the_same_edit_given_twice_is_made_once() {
    let text = b"[dependencies]\nx = \"1.0\"\n";
    let edit = edit(&["dependencies"], "x", EditField::Requirement, "1.0", "2.0");
    assert_eq!(apply(text, &[&edit, &edit]), Ok(b"[dependencies]\nx = \"2.0\"\n".to_vec()));
    assert_eq!(apply(text, &[]), Ok(text.to_vec()));
}

// --- Texts that nobody wrote ---

const AWKWARD: &str = r#"[package]
name = "p"
version='0.1.0'
[dependencies]
"a" = "\u0031.2" # 🦀
b.version = '''1.0'''
c = { version = """\
  1.2, <2""", features = ["ü"] }
[target.'cfg(unix)'.dev_dependencies.d]
git = "u"
tag = "v1.0.0"
[workspace]
members = ["a/*"]
exclude = ["a"]
[workspace.dependencies]
e = "= 1.*"
[patch.crates-io]
f = { path = "f" }
"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_manifest_is_a_problem_or_is_edited_and_never_a_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0usize..4, any::<u8>()), 0..6),
        members in any::<bool>(),
    ) {
        let text = format!("\u{feff}{}", AWKWARD.replace("\n[", "\r\n["));
        let text = if members { text } else { text.replace("members", "mem") };
        let mut bytes = text.into_bytes();
        for (place, length, byte) in damage {
            let place = place.index(bytes.len());
            let end = bytes.len().min(place + length);
            bytes.splice(place..end, [byte]);
        }
        let discovery = discover_one(&bytes);
        let dependencies = discovery.workspaces.iter().flat_map(|workspace| &workspace.dependencies);
        let edits: Vec<Edit> = dependencies.filter_map(edit_of).collect();
        if !edits.is_empty() {
            let result = apply(&bytes, &edits.iter().collect::<Vec<_>>());
            let result = result.map_err(|error| TestCaseError::fail(error.to_string()))?;
            let again = discover_one(&result);
            prop_assert_eq!(&again.problems, &discovery.problems);
            let left = again.workspaces.iter().flat_map(|workspace| &workspace.dependencies).filter_map(edit_of).count();
            prop_assert_eq!(left, 0);
        }
    }
}
