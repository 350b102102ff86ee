//! What a package says about itself: its changelog and its links, read from the `.crate` file that cargo has downloaded.
//!
//! A `.crate` is a gzipped tar whose entries are below `<name>-<version>/` (the Cargo book, `cargo package`). It is read as
//! a stream, once, with limits; nothing of it is written anywhere. Which part of a changelog matters is decided elsewhere.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use semver::Version;
use serde::Deserialize;

use crate::model::CrateName;

/// The largest file that is read out of a package, in bytes.
const LARGEST_FILE: u64 = 2 << 20;
/// How much of a package is unpacked in search of its files, in bytes.
const LARGEST_PACKAGE: u64 = 64 << 20;
/// The names of changelogs without their extension, the best first.
const CHANGELOGS: &[&str] = &["changelog", "changes", "history", "releases"];
/// Their extensions.
const EXTENSIONS: &[&str] = &["md", "markdown", "txt", ""];
/// How cargo's folders for the packages of crates.io begin: the sparse index, and the git one.
const CRATES_IO_FOLDERS: &[&str] = &["index.crates.io-", "github.com-"];

/// Which registry a package is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PackageOrigin {
    /// crates.io, or what replaces it.
    CratesIo,
    /// Another registry.
    Elsewhere,
}

/// What a package says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageFacts {
    /// Its changelog, whole.
    pub changelog: Option<String>,
    /// `package.repository`.
    pub repository: Option<String>,
    /// `package.homepage`.
    pub homepage: Option<String>,
    /// `package.documentation`.
    pub documentation: Option<String>,
}

#[derive(Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    repository: Option<String>,
    homepage: Option<String>,
    documentation: Option<String>,
}

/// Reads what the package `krate` of this version says, if cargo has downloaded it below `cargo_home`.
///
/// `None` when it is not there, when several registries have it and it is not clear which is meant, or when it cannot be
/// read. Must run inside tokio.
pub async fn package_facts(
    cargo_home: &Path,
    krate: &CrateName,
    version: &Version,
    origin: PackageOrigin,
) -> Option<PackageFacts> {
    let cache = cargo_home.join("registry").join("cache");
    let package = format!("{krate}-{version}");
    let read = move || facts_of(&find(&cache, &package, origin)?, &package).ok();
    tokio::task::spawn_blocking(read).await.ok().flatten()
}

/// The file of `package` in the folder of its registry.
fn find(cache: &Path, package: &str, origin: PackageOrigin) -> Option<PathBuf> {
    let folders = fs::read_dir(cache).ok()?.flatten();
    let (public, other): (Vec<PathBuf>, Vec<PathBuf>) = folders
        .map(|folder| folder.path().join(format!("{package}.crate")))
        .filter(|file| file.is_file())
        .partition(|file| is_public(file));
    // Another registry may have another package of this name. Where crates.io is replaced, only the folder of its
    // replacement has it.
    let candidates = match origin {
        PackageOrigin::CratesIo if !public.is_empty() => return public.into_iter().max(),
        PackageOrigin::CratesIo | PackageOrigin::Elsewhere => other,
    };
    match <[PathBuf; 1]>::try_from(candidates) {
        Ok([file]) => Some(file),
        Err(_) => None,
    }
}

fn is_public(file: &Path) -> bool {
    let folder = file.parent().and_then(Path::file_name).map(|name| name.to_string_lossy());
    folder.is_some_and(|folder| CRATES_IO_FOLDERS.iter().any(|start| folder.starts_with(start)))
}

/// One pass over a package, which ends when there is nothing better to find.
fn facts_of(file: &Path, package: &str) -> io::Result<PackageFacts> {
    let unpacked = GzDecoder::new(File::open(file)?).take(LARGEST_PACKAGE);
    let mut archive = tar::Archive::new(unpacked);
    let mut changelog: Option<(usize, String)> = None;
    let mut manifest: Option<Package> = None;
    // Raw: an entry that gives the next one a longer name, of whatever length, is an entry like others.
    for entry in archive.entries()?.raw(true) {
        // What is damaged or cut off ends it; what was read before counts.
        let Ok(mut entry) = entry else { break };
        let path = entry.path_bytes().into_owned();
        let Some(name) = name_in(&path, package) else { continue };
        if !entry.header().entry_type().is_file() || entry.size() > LARGEST_FILE {
            continue;
        }
        if name == "Cargo.toml" {
            manifest = text_of(&mut entry).and_then(|text| Some(toml::from_str::<Manifest>(&text).ok()?.package));
        } else if let Some(rank) = rank_of(name).filter(|rank| changelog.as_ref().is_none_or(|(best, _)| rank < best)) {
            changelog = text_of(&mut entry).map(|text| (rank, text)).or(changelog);
        }
        if manifest.is_some() && changelog.as_ref().is_some_and(|(rank, _)| *rank == 0) {
            break;
        }
    }
    let Package { repository, homepage, documentation } =
        manifest.unwrap_or(Package { repository: None, homepage: None, documentation: None });
    Ok(PackageFacts { changelog: changelog.map(|(_, text)| text), repository, homepage, documentation })
}

/// The name of a file directly in the package's folder.
fn name_in<'a>(path: &'a [u8], package: &str) -> Option<&'a str> {
    let path = std::str::from_utf8(path).ok()?;
    let name = path.strip_prefix(package)?.strip_prefix('/')?;
    (!name.contains(['/', '\\'])).then_some(name)
}

/// Which changelog this is, 0 for the best; `None` for another file.
fn rank_of(name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
    let place = CHANGELOGS.iter().position(|known| *known == stem)?;
    let form = EXTENSIONS.iter().position(|known| *known == extension)?;
    Some(place * EXTENSIONS.len() + form)
}

fn text_of(entry: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    entry.take(LARGEST_FILE).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}
