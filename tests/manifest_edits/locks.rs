//! Locks of every format, what a declaration is locked at, and what differs between two.

use depbot::lockfile::{Lockfile, difference, parse};
use depbot::manifest::{Workspace, discover};
use depbot::model::CrateName;

use crate::support::files;

const INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn read(text: &str) -> Lockfile {
    parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A lock of format 4: `name version` or `name version source`, then what it depends on, `=>` between.
fn lock(packages: &[&str]) -> Lockfile {
    let mut text = "version = 4\n".to_owned();
    for package in packages {
        let (package, uses) = package.split_once(" => ").unwrap_or((package, ""));
        let mut words = package.split(' ');
        let mut word = || words.next();
        let (name, version, source) = (word().unwrap_or_default(), word().unwrap_or_default(), word());
        text += &format!("\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
        match source {
            Some("path") => {}
            Some(source) => text += &format!("source = \"{source}\"\n"),
            None => text += &format!("source = \"{INDEX}\"\n"),
        }
        let uses: Vec<String> =
            uses.split(", ").filter(|used| !used.is_empty()).map(|used| format!("\"{used}\"")).collect();
        if !uses.is_empty() {
            text += &format!("dependencies = [{}]\n", uses.join(", "));
        }
    }
    read(&text)
}

#[test]
fn every_format_says_the_same() {
    let head = |version: &str| format!("# generated\n{version}\n");
    let app =
        |uses: &str| format!("[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"{uses}\",\n]\n\n");
    let libc =
        |more: &str| format!("[[package]]\nname = \"libc\"\nversion = \"0.2.1\"\nsource = \"{INDEX}\"\n{more}\n");
    let checksum = "ab".repeat(32);
    let new = libc(&format!("checksum = \"{checksum}\"\n"));
    let full = format!("libc 0.2.1 ({INDEX})");
    let metadata = format!("[metadata]\n\"checksum {full}\" = \"{checksum}\"\n");
    let v1 = [head(""), app(&full), libc(""), metadata.clone()].concat();
    let rooted = [head(""), app(&full).replace("[[package]]", "[root]"), libc(""), metadata].concat();
    let v2 = [head(""), app("libc"), new.clone()].concat();
    let v3 = [head("version = 3"), app("libc"), new.clone()].concat();
    let v4 = [head("version = 4"), app("libc 0.2.1"), new].concat();
    for (format, text) in [(1, &v1), (1, &rooted), (2, &v2), (3, &v3), (4, &v4), (4, &v4.replace('\n', "\r\n"))] {
        let lock = read(text);
        assert_eq!(lock.format, format, "{text}");
        let of = |name: &str| lock.named(&CrateName::new(name).expect("a name")).next().expect("it is there").clone();
        assert_eq!(of("app").source, None);
        assert_eq!(of("app").dependencies[0].version.to_string(), "0.2.1");
        assert_eq!(of("libc").source.as_deref(), Some(INDEX));
        assert_eq!(of("libc").checksum.as_deref(), Some(checksum.as_str()), "format {format}");
    }
}

#[test]
fn a_git_source_keeps_its_reference_and_commit() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let source = format!("git+https://x.dev/a?tag=v1.0.0#{commit}");
    assert_eq!(lock(&[&format!("a 1.0.0 {source}")]).packages[0].source.as_deref(), Some(source.as_str()));
    let sparse = "sparse+https://crates.acme.dev/index/";
    assert_eq!(lock(&[&format!("a 1.0.0 {sparse}")]).packages[0].source.as_deref(), Some(sparse));
}

#[test]
fn what_is_no_lock_is_an_error_with_its_line() {
    let check = |text: &str, line: Option<usize>| {
        let error = parse(text).expect_err(text);
        assert_eq!(error.line, line, "{error}");
    };
    check("version = 4\n[[package]\n", Some(2));
    check("version = 4\n<<<<<<< HEAD\n[[package]]\n", Some(2));
    check("version = 4\n\n[[package]]\nname = \"a\"\nversion = \"one\"\n", Some(5));
    check("version = 99\n", None);
    assert_eq!(read("").packages, []);
}

fn workspace() -> Workspace {
    let root = "[workspace]\nmembers = [\"a\", \"b\"]\n[workspace.dependencies]\nshared = \"1.2\"\nunused = \"1\"\n";
    let a = r#"[package]
name = "a"
[dependencies]
rand = "0.8"
newer = { package = "rand", version = "0.9" }
zip = { git = "https://x.dev/zip", tag = "v1" }
b = { path = "../b" }
patched = "1"
stale = "2"
"#;
    let b = "[package]\nname = \"b\"\n[dependencies]\nshared.workspace = true\nrand = \">=0.7\"\n";
    let discovery = discover(&files(&[("Cargo.toml", root), ("a/Cargo.toml", a), ("b/Cargo.toml", b)]));
    assert_eq!(discovery.problems, []);
    discovery.workspaces[0].clone()
}

#[test]
fn a_declaration_is_locked_at_what_its_member_uses() {
    let zip = "git+https://x.dev/zip?tag=v1#0123456789abcdef0123456789abcdef01234567";
    let lock = lock(&[
        "a 0.0.0 path => b, patched, rand 0.8.5, rand 0.9.1, stale, zip",
        "b 0.0.0 path => rand 0.9.1, shared 1.9.0",
        "patched 1.0.3 path",
        "rand 0.7.3",
        "rand 0.8.5",
        "rand 0.9.1",
        "shared 1.9.0",
        "shared 2.0.0",
        "stale 1.0.0",
        "unused 1.0.0",
        &format!("zip 1.4.0 {zip}"),
    ]);
    let workspace = workspace();
    let locked = workspace.dependencies.iter().map(|dependency| {
        let version = lock.locked_version(&workspace, dependency).map_or("-".to_owned(), |version| version.to_string());
        format!("{} {} {version}", dependency.site.manifest, dependency.site.key)
    });
    assert_eq!(
        locked.collect::<Vec<_>>(),
        [
            "Cargo.toml shared 1.9.0",
            "Cargo.toml unused -",
            "a/Cargo.toml rand 0.8.5",
            "a/Cargo.toml newer 0.9.1",
            "a/Cargo.toml zip 1.4.0",
            "a/Cargo.toml b 0.0.0",
            "a/Cargo.toml patched 1.0.3",
            "a/Cargo.toml stale -",
            "b/Cargo.toml rand 0.9.1",
        ]
    );
}

#[test]
fn a_difference_says_what_moved_came_and_went() {
    let check = |old: &[&str], new: &[&str], expect: &[&str]| {
        let difference = difference(&lock(old), &lock(new));
        assert_eq!(difference.is_empty(), expect == ["nothing"]);
        assert_eq!(difference.to_string().lines().collect::<Vec<_>>(), expect, "{old:?} and {new:?}");
    };
    check(&[], &[], &["nothing"]);
    check(&["a 1.0.0", "b 1.0.0"], &["b 1.0.0", "a 1.0.0"], &["nothing"]);
    check(
        &["a 1.0.0", "gone 0.3.0"],
        &["a 1.1.0", "new 0.1.0"],
        &["a 1.0.0 → 1.1.0", "new 0.1.0 added", "gone 0.3.0 removed"],
    );
    check(&["a 1.0.0"], &["a 2.0.0"], &["a 1.0.0 → 2.0.0"]);
    check(&["a 1.0.0", "a 2.0.0"], &["a 1.1.0", "a 2.2.0"], &["a 1.0.0 → 1.1.0", "a 2.0.0 → 2.2.0"]);
    check(&["a 1.0.0", "a 2.0.0"], &["a 2.2.0", "a 3.0.0"], &["a 1.0.0 → 3.0.0", "a 2.0.0 → 2.2.0"]);
    check(&["a 1.0.0"], &["a 1.0.0", "a 2.0.0"], &["a 2.0.0 added"]);
    check(&["a 1.0.0", "a 2.0.0"], &["a 2.0.0"], &["a 1.0.0 removed"]);
    let git = |commit: &str| format!("a 1.0.0 git+https://x.dev/a?branch=main#{}", commit.repeat(20));
    check(&[&git("01")], &[&git("ab")], &["a 1.0.0 (0101010101) → 1.0.0 (ababababab)"]);
}

#[test]
fn a_difference_names_crates_that_are_there_more_often_than_before() {
    let duplicated = |old: &[&str], new: &[&str]| {
        let difference = difference(&lock(old), &lock(new));
        let words = |(krate, versions): &(CrateName, Vec<semver::Version>)| {
            format!("{krate} {}", versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        difference.duplicated.iter().map(words).collect::<Vec<_>>()
    };
    assert_eq!(duplicated(&["a 1.0.0"], &["a 1.0.0", "a 2.0.0"]), ["a 1.0.0 2.0.0"]);
    assert_eq!(duplicated(&["a 1.0.0", "a 2.0.0"], &["a 1.0.1", "a 2.0.0"]), Vec::<String>::new());
    assert_eq!(duplicated(&[], &["a 1.0.0"]), Vec::<String>::new());
    assert_eq!(duplicated(&[], &["a 1.0.0", "a 2.0.0"]), ["a 1.0.0 2.0.0"]);
}
