//! What packages say about themselves, read from `.crate` files, honest and hostile ones.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use depbot::model::CrateName;
use depbot::registry::{PackageFacts, PackageOrigin, package_facts};
use flate2::Compression;
use flate2::write::GzEncoder;
use semver::Version;
use tar::{Builder, EntryType, Header};

const PUBLIC: &str = "index.crates.io-1949cf8c6b5b557f";
const MANIFEST: &str = "[package]\nname = \"core\"\nversion = \"1.2.0\"\nrepository = \"https://git.example/core\"\n\
                        homepage = \"https://core.example\"\ndocumentation = \"https://docs.example/core\"\n";

/// A `.crate` with these files, paths as they are given.
fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (path, content) in files {
        append(&mut tar, path.as_bytes(), EntryType::Regular, content);
    }
    gzipped(&tar.into_inner().expect("an archive"))
}

fn append(tar: &mut Builder<Vec<u8>>, path: &[u8], kind: EntryType, content: &[u8]) {
    let mut header = Header::new_gnu();
    header.as_mut_bytes()[..path.len()].copy_from_slice(path);
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    tar.append(&header, content).expect("an entry");
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).expect("compressed");
    gzip.finish().expect("compressed")
}

fn place(home: &Path, folder: &str, bytes: &[u8]) {
    let folder = home.join("registry/cache").join(folder);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("core-1.2.0.crate"), bytes).expect("written");
}

async fn read(home: &Path, origin: PackageOrigin) -> Option<PackageFacts> {
    package_facts(home, &CrateName::new("core").expect("a name"), &Version::new(1, 2, 0), origin).await
}

async fn read_one(bytes: &[u8]) -> Option<PackageFacts> {
    let home = tempfile::tempdir().expect("a folder");
    place(home.path(), PUBLIC, bytes);
    let facts = read(home.path(), PackageOrigin::CratesIo).await;
    let files = |folder: &Path| fs::read_dir(folder).expect("a folder").count();
    assert_eq!(
        (files(home.path()), files(&home.path().join("registry/cache").join(PUBLIC))),
        (1, 1),
        "nothing is written"
    );
    facts
}

async fn changelog_in(files: &[(&str, &[u8])]) -> Option<String> {
    read_one(&package(files)).await.and_then(|facts| facts.changelog)
}

#[tokio::test]
async fn a_package_has_a_changelog_and_links() {
    let facts = read_one(&package(&[
        ("core-1.2.0/Cargo.toml", MANIFEST.as_bytes()),
        ("core-1.2.0/src/lib.rs", b""),
        ("core-1.2.0/CHANGELOG.md", "\u{feff}## 1.2.0\r\n- é\n".as_bytes()),
    ]))
    .await;
    let some = |text: &str| Some(text.to_owned());
    let expect = PackageFacts {
        changelog: some("## 1.2.0\r\n- é\n"),
        repository: some("https://git.example/core"),
        homepage: some("https://core.example"),
        documentation: some("https://docs.example/core"),
    };
    assert_eq!(facts, Some(expect));
}

#[tokio::test]
async fn the_best_of_the_changelogs_at_the_root_is_taken() {
    for (names, expect) in [
        (&["CHANGELOG.md", "CHANGES.md"] as &[_], "CHANGELOG.md"),
        (&["HISTORY.md", "changes.md", "Releases.md"], "changes.md"),
        (&["RELEASES.md"], "RELEASES.md"),
        (&["Changelog.txt", "History.md", "ChangeLog"], "Changelog.txt"),
        (&["CHANGELOG"], "CHANGELOG"),
        (&["docs/CHANGELOG.md", "CHANGELOG.md.orig", "CHANGELOG.rs", "README.md"], ""),
    ] {
        let paths: Vec<String> = names.iter().map(|name| format!("core-1.2.0/{name}")).collect();
        let files: Vec<(&str, &[u8])> =
            paths.iter().zip(names).map(|(path, name)| (path.as_str(), name.as_bytes())).collect();
        assert_eq!(changelog_in(&files).await.unwrap_or_default(), expect, "{names:?}");
    }
}

#[tokio::test]
async fn another_registry_with_the_same_package_is_not_asked() {
    let (public, own, other) = (
        package(&[("core-1.2.0/CHANGELOG.md", b"public")]),
        package(&[("core-1.2.0/CHANGELOG.md", b"own")]),
        package(&[("core-1.2.0/CHANGELOG.md", b"other")]),
    );
    let home = tempfile::tempdir().expect("a folder");
    let check = async |origin, expect: &str| {
        let found = read(home.path(), origin).await.and_then(|facts| facts.changelog);
        assert_eq!(found.unwrap_or_default(), expect, "{origin:?}");
    };
    check(PackageOrigin::CratesIo, "").await;
    place(home.path(), "crates.acme.example-0123456789abcdef", &own);
    check(PackageOrigin::CratesIo, "own").await;
    place(home.path(), PUBLIC, &public);
    check(PackageOrigin::CratesIo, "public").await;
    check(PackageOrigin::Elsewhere, "own").await;
    place(home.path(), "crates.other.example-0123456789abcdef", &other);
    check(PackageOrigin::Elsewhere, "").await;
    check(PackageOrigin::CratesIo, "public").await;
}

#[tokio::test]
async fn files_that_are_too_large_or_no_files_are_passed_over() {
    let large = vec![b'x'; (2 << 20) + 1];
    assert_eq!(
        changelog_in(&[("core-1.2.0/CHANGELOG.md", &large), ("core-1.2.0/CHANGES.md", b"small")]).await.as_deref(),
        Some("small")
    );
    for path in [
        "../core-1.2.0/CHANGELOG.md",
        "/core-1.2.0/CHANGELOG.md",
        "other-1.2.0/CHANGELOG.md",
        "core-1.2.0/../CHANGELOG.md",
        "CHANGELOG.md",
    ] {
        assert_eq!(changelog_in(&[(path, b"hostile")]).await, None, "{path}");
    }
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Directory, EntryType::Fifo, EntryType::GNUSparse] {
        let mut tar = Builder::new(Vec::new());
        append(&mut tar, b"core-1.2.0/CHANGELOG.md", kind, b"hostile");
        append(&mut tar, b"core-1.2.0/CHANGES.md", EntryType::Regular, b"fine");
        let facts = read_one(&gzipped(&tar.into_inner().expect("an archive"))).await;
        assert_eq!(facts.and_then(|facts| facts.changelog).as_deref(), Some("fine"), "{kind:?}");
    }
}

#[tokio::test]
async fn a_manifest_that_cannot_be_read_says_nothing() {
    for manifest in ["", "[package", "[package]\nrepository = 3\n", "[workspace]\n", &"a.".repeat(100_000)] {
        let files: [(&str, &[u8]); 2] =
            [("core-1.2.0/Cargo.toml", manifest.as_bytes()), ("core-1.2.0/CHANGELOG.md", b"fine")];
        let facts = read_one(&package(&files)).await.expect("facts");
        assert_eq!((facts.repository, facts.changelog.as_deref()), (None, Some("fine")));
    }
    assert_eq!(changelog_in(&[("core-1.2.0/CHANGELOG.md", b"\xff\xfe1")]).await.as_deref(), Some("\u{fffd}\u{fffd}1"));
}

#[tokio::test]
async fn damaged_and_hostile_archives_end_early_and_harmlessly() {
    let whole = package(&[("core-1.2.0/CHANGELOG.md", b"fine"), ("core-1.2.0/Cargo.toml", MANIFEST.as_bytes())]);
    for end in 0..whole.len() {
        read_one(&whole[..end]).await;
    }
    for bytes in [&b""[..], b"no archive", &gzipped(b""), &gzipped(&[0xff; 2048])] {
        assert_eq!(read_one(bytes).await.and_then(|facts| facts.changelog), None);
    }
    let mut tar = Builder::new(Vec::new());
    append(&mut tar, b"core-1.2.0/CHANGES.md", EntryType::Regular, b"fine");
    append(&mut tar, b"././@LongLink", EntryType::GNULongName, &vec![b'x'; 8 << 20]);
    append(&mut tar, b"pax", EntryType::XHeader, b"99999999999999999999 size=1\n");
    append(&mut tar, b"core-1.2.0/bomb", EntryType::Regular, &vec![0; 65 << 20]);
    append(&mut tar, b"core-1.2.0/CHANGELOG.md", EntryType::Regular, b"behind the bomb");
    let facts = read_one(&gzipped(&tar.into_inner().expect("an archive"))).await;
    assert_eq!(facts.and_then(|facts| facts.changelog).as_deref(), Some("fine"));
}
