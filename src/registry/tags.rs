//! The tags of a git repository as releases of the crates in it.

use std::collections::BTreeMap;

use semver::Version;

use crate::model::{CrateName, Release};

/// The releases of `krate` among `tags` that are not older than `floor`, by version, oldest first.
///
/// Tags of the crate's own (`crate-v1.2.3`, `crate-1.2.3`, `crate/v1.2.3`, `crate/1.2.3`, `crate@1.2.3`) count; where
/// it has none, those of the whole repository (`v1.2.3`, `1.2.3`) do. A tag says nothing of features or dependencies.
pub fn releases(krate: &CrateName, tags: &[String], floor: Option<&Version>) -> Vec<Release> {
    let own = versions(tags, |tag| own_version(krate, tag));
    let found = if own.is_empty() { versions(tags, plain_version) } else { own };
    found
        .into_iter()
        .filter(|(version, _)| floor.is_none_or(|floor| version >= floor))
        .map(|(version, tag)| release(version, tag))
        .collect()
}

/// The version that a tag names for `krate`, in either of the forms of [`releases`].
pub fn version_of(krate: &CrateName, tag: &str) -> Option<Version> {
    own_version(krate, tag).or_else(|| plain_version(tag))
}

fn versions(tags: &[String], version_of: impl Fn(&str) -> Option<Version>) -> BTreeMap<Version, &str> {
    let mut found: BTreeMap<Version, &str> = BTreeMap::new();
    for tag in tags {
        if let Some(version) = version_of(tag) {
            found.entry(version).or_insert(tag);
        }
    }
    found
}

fn own_version(krate: &CrateName, tag: &str) -> Option<Version> {
    let rest = tag.strip_prefix(krate.as_str())?.strip_prefix(['-', '/', '@'])?;
    plain_version(rest)
}

fn plain_version(tag: &str) -> Option<Version> {
    Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok()
}

fn release(version: Version, tag: &str) -> Release {
    Release {
        version,
        yanked: false,
        published: None,
        rust_version: None,
        features: BTreeMap::new(),
        dependencies: Vec::new(),
        links: None,
        tag: Some(tag.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_versions_of_the_crate() {
        let check = |tags: &[&str], floor: Option<&str>, expect: &[&str]| {
            let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
            let floor = floor.map(|text| Version::parse(text).expect("a valid version"));
            let krate = CrateName::new("acme").expect("a valid name");
            let found = releases(&krate, &tags, floor.as_ref());
            let found: Vec<_> = found.iter().filter_map(|release| release.tag.as_deref()).collect();
            assert_eq!(found, expect);
        };
        check(&["v1.10.0", "v1.9.0", "nightly", "v2", "1.2"], None, &["v1.9.0", "v1.10.0"]);
        check(&["1.0.0", "v1.1.0"], None, &["1.0.0", "v1.1.0"]);
        check(
            &["acme-v1.0.0", "acme-1.1.0", "acme/1.2.0", "acme/v1.3.0"],
            Some("1.1.0"),
            &["acme-1.1.0", "acme/1.2.0", "acme/v1.3.0"],
        );
        check(&["v9.0.0", "acme-v1.0.0", "acme-core-v2.0.0", "other-v3.0.0"], None, &["acme-v1.0.0"]);
        check(&["other-v3.0.0", "v1.0.0-rc.1"], None, &["v1.0.0-rc.1"]);
    }
}
