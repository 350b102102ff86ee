//! Exact requirements that stand in a manifest for the moment of one call of cargo.
//!
//! `cargo update --precise` moves one package a call, and each call asks the index anew. With exact requirements for all
//! targets one call moves them all, also where they pin each other and where newer releases are not wanted.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::lock::Lock;
use super::relock::LockTarget;

/// The names that lock files have for crates.io.
const CRATES_IO: [&str; 2] =
    ["registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];

/// A manifest with exact requirements at its end. Dropped, it has its own text again.
pub(super) struct Pins {
    manifest: PathBuf,
    original: String,
}

impl Pins {
    /// Writes the requirements that make `targets` the only choice.
    pub(super) fn set(manifest: &Path, lock: &Lock, targets: &[LockTarget]) -> io::Result<Self> {
        let original = fs::read_to_string(manifest)?;
        let pinned = format!("{original}\n{}", requirements(lock, targets));
        let pins = Self { manifest: manifest.to_path_buf(), original };
        fs::write(&pins.manifest, pinned)?;
        Ok(pins)
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        if let Err(error) = fs::write(&self.manifest, &self.original) {
            tracing::error!("{} cannot be written: {error}", self.manifest.display());
        }
    }
}

/// Dependencies of a platform that does not exist: they are locked like all others, and bring no features.
fn requirements(lock: &Lock, targets: &[LockTarget]) -> String {
    let mut text = String::new();
    for (index, LockTarget { krate, to, .. }) in targets.iter().enumerate() {
        let Some(source) = lock.named(krate.as_str()).find_map(|package| package.source.as_deref()) else { continue };
        if source.starts_with("git+") {
            continue;
        }
        // Build metadata is not part of a requirement.
        let version = to.to_string();
        let version = version.split('+').next().unwrap_or_default();
        let registry = match source {
            _ if CRATES_IO.contains(&source) => String::new(),
            _ => format!("registry-index = {:?}\n", source.strip_prefix("registry+").unwrap_or(source)),
        };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "[target.'cfg(any())'.dependencies.depbot-pin-{index}]\npackage = \"{krate}\"\nversion = \"={version}\"\n\
             default-features = false\n{registry}",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::CrateName;
    use crate::verify::lock::LockedPackage;

    #[test]
    fn pins_name_their_registry_and_leave_git_alone() {
        let check = |source: &str, expect: &[&str]| {
            let version = "1.0.0".parse().expect("a version");
            let package = LockedPackage { name: "aa".to_owned(), version, source: Some(source.to_owned()) };
            let lock = Lock { text: None, packages: BTreeSet::from([package]) };
            let to = "1.1.0+spec".parse().expect("a version");
            let target = LockTarget { krate: CrateName::new("aa").expect("a name"), from: None, to };
            let lines: Vec<_> = requirements(&lock, &[target]).lines().skip(1).map(str::to_owned).collect();
            assert_eq!(lines, expect);
        };
        let plain = ["package = \"aa\"", "version = \"=1.1.0\"", "default-features = false"];
        let with = |registry| [plain[0], plain[1], plain[2], registry];
        check("registry+https://github.com/rust-lang/crates.io-index", &plain);
        check("registry+https://acme.dev/index", &with("registry-index = \"https://acme.dev/index\""));
        check("sparse+https://acme.dev/index/", &with("registry-index = \"sparse+https://acme.dev/index/\""));
        check("git+https://acme.dev/aa?tag=v1#0123", &[]);
    }
}
