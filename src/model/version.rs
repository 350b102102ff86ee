//! What cargo says about versions beyond the semver crate: compatibility, and Rust versions.

use std::fmt;

use semver::Version;

use super::CrateName;

/// Whether cargo may use `to` in the place of `from` without a change of a caret requirement: both have the same
/// left-most non-zero number, and neither is a pre-release of another release.
///
/// Rule: the Cargo book, "SemVer compatibility".
pub fn is_compatible(from: &Version, to: &Version) -> bool {
    let pre_release = !from.pre.is_empty() || !to.pre.is_empty();
    if pre_release && (from.major, from.minor, from.patch) != (to.major, to.minor, to.patch) && !to.pre.is_empty() {
        return false;
    }
    match (from.major, from.minor) {
        (0, 0) => (to.major, to.minor, to.patch) == (0, 0, from.patch),
        (0, minor) => (to.major, to.minor) == (0, minor),
        (major, _) => to.major == major,
    }
}

/// The version that a git tag of `krate` names: `1.2.3`, `v1.2.3`, `krate-v1.2.3`, `krate/1.2.3` and the like.
///
/// Only full versions count: a tag `v1` is moved by its owner and is no release.
pub fn version_in_tag(tag: &str, krate: &CrateName) -> Option<Version> {
    let own = tag.strip_prefix(krate.as_str()).and_then(|rest| rest.strip_prefix(['-', '/', '@', '_']));
    let rest = own.unwrap_or(tag);
    Version::parse(rest.strip_prefix('v').unwrap_or(rest)).ok()
}

/// A version of Rust as `package.rust-version` has it: two or three numbers, no pre-release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RustVersion {
    major: u64,
    minor: u64,
    patch: Option<u64>,
}

/// A text that is not a version of Rust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a Rust version like 1.70 or 1.70.1")]
pub struct RustVersionError(String);

impl RustVersion {
    /// Reads `1`, `1.70` or `1.70.1`; a pre-release suffix (as `rustc --version` may print) is ignored.
    pub fn parse(text: &str) -> Result<Self, RustVersionError> {
        let error = || RustVersionError(text.to_owned());
        let numbers = text.trim().split(['-', '+']).next().unwrap_or_default();
        let mut parts = numbers.split('.').map(|part| part.parse::<u64>().map_err(|_| error()));
        let major = parts.next().ok_or_else(error)??;
        let minor = parts.next().transpose()?.unwrap_or(0);
        let patch = parts.next().transpose()?;
        if parts.next().is_some() {
            return Err(error());
        }
        Ok(Self { major, minor, patch })
    }

    /// Whether a toolchain or limit of this version can build what needs `needed`.
    pub fn satisfies(&self, needed: &Self) -> bool {
        let numbers = |version: &Self| (version.major, version.minor, version.patch.unwrap_or(0));
        numbers(self) >= numbers(needed)
    }
}

impl fmt::Display for RustVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compatibility_follows_the_leftmost_non_zero_number() {
        let check = |from: &str, to: &str, expect: bool| {
            let version = |text: &str| Version::parse(text).expect("a valid version");
            assert_eq!(is_compatible(&version(from), &version(to)), expect, "{from} → {to}");
        };
        check("1.2.3", "1.9.0", true);
        check("1.2.3", "2.0.0", false);
        check("0.3.1", "0.3.9", true);
        check("0.3.1", "0.4.0", false);
        check("0.0.3", "0.0.4", false);
        check("1.0.0-rc.1", "1.0.0", true);
        check("1.0.0-rc.1", "1.0.0-rc.2", true);
        check("1.2.0", "1.3.0-rc.1", false);
    }

    #[test]
    fn tags_name_versions_of_their_own_crate_only() {
        let check = |tag: &str, expect: Option<&str>| {
            let krate = CrateName::new("acme-core").expect("a crate name");
            assert_eq!(version_in_tag(tag, &krate).map(|version| version.to_string()).as_deref(), expect, "{tag}");
        };
        check("1.2.3", Some("1.2.3"));
        check("v1.2.3-rc.1", Some("1.2.3-rc.1"));
        check("acme-core-v1.2.3", Some("1.2.3"));
        check("acme-core/1.2.3", Some("1.2.3"));
        check("acme-util-v1.2.3", None);
        check("v1", None);
        check("nightly", None);
    }

    #[test]
    fn rust_versions_compare_by_number() {
        let rust = |text| RustVersion::parse(text).expect("a Rust version");
        assert!(rust("1.70").satisfies(&rust("1.70.0")));
        assert!(!rust("1.70").satisfies(&rust("1.70.1")));
        assert!(rust("1.100").satisfies(&rust("1.99.9")));
        assert!(RustVersion::parse("nightly").is_err());
        assert!(RustVersion::parse("1.2.3.4").is_err());
    }
}
