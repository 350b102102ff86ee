//! An index file as text in, releases out.
//!
//! Format: the Cargo book, "Registry Index", "JSON schema": one JSON object a line, one line a release.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use semver::{Version, VersionReq};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::{CrateName, DependencyKind, Release, ReleaseDependency, RustVersion};

/// The newest line format that is understood; lines of a newer one are left out, as cargo does.
const NEWEST_FORMAT: u32 = 2;

/// An index file in which not one line can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its answer is not an index file")]
pub struct NotAnIndexFile;

/// A line; its large parts are decoded only for the releases that are wanted.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    vers: Cow<'a, str>,
    #[serde(default, borrow)]
    deps: Option<&'a RawValue>,
    #[serde(default, borrow)]
    features: Option<&'a RawValue>,
    #[serde(default, borrow)]
    features2: Option<&'a RawValue>,
    #[serde(default)]
    yanked: Option<bool>,
    #[serde(default, borrow)]
    links: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    rust_version: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pubtime: Option<Cow<'a, str>>,
    #[serde(default)]
    v: Option<u32>,
}

#[derive(Deserialize)]
struct LineDependency<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    req: Cow<'a, str>,
    #[serde(default)]
    optional: Option<bool>,
    #[serde(default, borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    registry: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    package: Option<Cow<'a, str>>,
}

type Features = BTreeMap<String, Vec<String>>;

/// The releases of `krate` that are not older than `floor`, by version, oldest first.
///
/// Left out without a word, because cargo cannot use them either: lines of a newer format, of another crate, and those
/// with an invalid version or requirement. Of two lines with the same version the later counts.
pub fn parse(krate: &CrateName, file: &[u8], floor: Option<&Version>) -> Result<Vec<Release>, NotAnIndexFile> {
    let mut releases = BTreeMap::new();
    let mut lines =
        file.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).peekable();
    let mut readable = lines.peek().is_none();
    for line in lines {
        let Ok(line) = serde_json::from_slice::<Line<'_>>(line) else { continue };
        readable = true;
        if line.v.unwrap_or(1) > NEWEST_FORMAT || line.name != krate.as_str() {
            continue;
        }
        let Ok(version) = Version::parse(&line.vers) else { continue };
        if floor.is_some_and(|floor| version < *floor) {
            continue;
        }
        if let Some(release) = decoded(&line, version) {
            releases.insert(release.version.clone(), release);
        }
    }
    if readable { Ok(releases.into_values().collect()) } else { Err(NotAnIndexFile) }
}

/// The release of a line; `None` when a part of it cannot be read.
fn decoded(line: &Line<'_>, version: Version) -> Option<Release> {
    let dependencies: Vec<LineDependency<'_>> = decoded_part(line.deps)?;
    let mut features: Features = decoded_part(line.features)?;
    for (feature, values) in decoded_part::<Features>(line.features2)? {
        features.entry(feature).or_default().extend(values);
    }
    add_implicit_features(&mut features, &dependencies);
    Some(Release {
        version,
        yanked: line.yanked.unwrap_or(false),
        published: line.pubtime.as_deref().and_then(|time| time.parse::<Timestamp>().ok()),
        rust_version: line.rust_version.as_deref().and_then(|text| RustVersion::parse(text).ok()),
        features,
        dependencies: dependencies
            .iter()
            .map(release_dependency)
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .flatten()
            .collect(),
        links: line.links.as_deref().map(str::to_owned),
        tag: None,
    })
}

/// A part of a line; the default where it is absent or null, `None` where it cannot be read.
fn decoded_part<'a, T: Deserialize<'a> + Default>(part: Option<&'a RawValue>) -> Option<T> {
    match part.map(RawValue::get) {
        None | Some("null") => Some(T::default()),
        Some(json) => serde_json::from_str(json).ok(),
    }
}

/// `None` when its requirement cannot be read; `Some(None)` when its name is not one that depbot can follow.
fn release_dependency(dependency: &LineDependency<'_>) -> Option<Option<ReleaseDependency>> {
    let requirement = VersionReq::parse(&dependency.req).ok()?;
    let package = dependency.package.as_ref().unwrap_or(&dependency.name);
    let Ok(krate) = CrateName::new(package.as_ref()) else { return Some(None) };
    let kind = match dependency.kind.as_deref() {
        Some("dev") => DependencyKind::Development,
        Some("build") => DependencyKind::Build,
        Some(_) | None => DependencyKind::Normal,
    };
    let optional = dependency.optional.unwrap_or(false);
    let registry = dependency.registry.as_deref().map(str::to_owned);
    Some(Some(ReleaseDependency { krate, requirement, kind, optional, registry }))
}

/// Adds the features that cargo adds: one for each optional dependency that no feature names with `dep:`.
///
/// Rule: the Cargo book, "Features", "Optional dependencies".
fn add_implicit_features(features: &mut Features, dependencies: &[LineDependency<'_>]) {
    let named: BTreeSet<&str> = features.values().flatten().filter_map(|value| value.strip_prefix("dep:")).collect();
    let implicit: Vec<&str> = dependencies
        .iter()
        .filter(|dependency| dependency.optional.unwrap_or(false))
        .map(|dependency| dependency.name.as_ref())
        .filter(|name| !named.contains(name) && !features.contains_key(*name))
        .collect();
    for name in implicit {
        features.entry(name.to_owned()).or_insert_with(|| vec![format!("dep:{name}")]);
    }
}

/// Where an index has the file of a crate, relative to its root.
///
/// Rule: the Cargo book, "Registry Index", "Index files".
pub fn path_of(krate: &CrateName) -> String {
    let name = krate.as_str().to_lowercase();
    let part = |from: usize, count: usize| name.chars().skip(from).take(count).collect::<String>();
    match name.chars().count() {
        0 => name,
        1 => format!("1/{name}"),
        2 => format!("2/{name}"),
        3 => format!("3/{}/{name}", part(0, 1)),
        _ => format!("{}/{}/{name}", part(0, 2), part(2, 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn krate(name: &str) -> CrateName {
        CrateName::new(name).expect("a valid name")
    }

    fn parsed(lines: &str, floor: Option<&str>) -> Vec<Release> {
        let floor = floor.map(|text| Version::parse(text).expect("a valid version"));
        parse(&krate("a"), lines.as_bytes(), floor.as_ref()).expect("an index file")
    }

    fn versions(lines: &str, floor: Option<&str>) -> Vec<String> {
        parsed(lines, floor).iter().map(|release| release.version.to_string()).collect()
    }

    #[test]
    fn files_lie_where_cargo_puts_them() {
        let check = |name: &str, path: &str| assert_eq!(path_of(&krate(name)), path);
        check("a", "1/a");
        check("AB", "2/ab");
        check("abc", "3/a/abc");
        check("serde", "se/rd/serde");
        check("Inflector", "in/fl/inflector");
        check("_x-y_z", "_x/-y/_x-y_z");
        check("größe", "gr/öß/größe");
    }

    #[test]
    fn lines_that_cargo_cannot_use_are_left_out() {
        let check = |line: &str| {
            assert_eq!(versions(&format!("{line}\n{{\"name\":\"a\",\"vers\":\"1.0.0\"}}"), None), ["1.0.0"], "{line}");
        };
        check(r#"{"name":"a","vers":"2.0.0","v":3}"#);
        check(r#"{"name":"a","vers":"2.0"}"#);
        check(r#"{"name":"b","vers":"2.0.0"}"#);
        check(r#"{"name":"a","vers":"2.0.0","deps":[{"name":"x","req":"one"}]}"#);
        check(r#"{"name":"a","vers":"2.0.0","deps":{}}"#);
        check(r#"{"name":"a","ver"#);
        check("<html>");
        check("");
    }

    #[test]
    fn releases_are_ordered_and_not_below_the_floor() {
        let lines = [
            r#"{ "vers" : "1.10.0", "name" : "a", "news": [1, {"x": 2}] }"#,
            r#"{"name":"a","vers":"1.9.0","yanked":false}"#,
            r#"{"name":"a","vers":"0.9.0","yanked":false}"#,
            r#"{"name":"a","vers":"1.9.0","yanked":true,"deps":null,"features":null,"features2":null}"#,
        ]
        .join("\n");
        assert_eq!(versions(&lines, None), ["0.9.0", "1.9.0", "1.10.0"]);
        assert_eq!(versions(&lines, Some("1.9.0")), ["1.9.0", "1.10.0"]);
        assert_eq!(versions(&lines, Some("9.0.0")), [""; 0]);
        assert!(parsed(&lines, None)[1].yanked, "the later of two lines counts");
    }

    #[test]
    fn a_file_without_a_readable_line_is_an_error() {
        assert_eq!(parse(&krate("a"), b"<html>\n</html>", None), Err(NotAnIndexFile));
        assert_eq!(parse(&krate("a"), b"\n", None), Ok(Vec::new()));
    }

    #[test]
    fn a_line_is_decoded_whole() {
        let line = r#"{"name":"a","vers":"1.0.0","deps":[
            {"name":"json","package":"serde_json","req":"^1","optional":true,"kind":"normal"},
            {"name":"cc","req":"^1","kind":"build","registry":"https://x.example/"},
            {"name":"t","req":"*","kind":"dev","optional":false,"features":[],"default_features":true,"target":null}],
            "cksum":"","features":{"std":[]},"features2":{"std":["alloc"],"full":["json?/std"]},
            "links":"z","rust_version":"1.70","pubtime":"2026-01-02T03:04:05Z","yanked":true,"v":2}"#;
        let line = line.replace('\n', " ");
        let [release] = &parsed(&line, None)[..] else { panic!("one release") };
        assert_eq!(release.features["json"], ["dep:json"]);
        assert_eq!(release.features["std"], ["alloc"]);
        assert_eq!(release.features["full"], ["json?/std"]);
        assert_eq!(release.links.as_deref(), Some("z"));
        assert_eq!(release.rust_version.map(|rust| rust.to_string()).as_deref(), Some("1.70"));
        assert_eq!(release.published.map(|time| time.to_string()).as_deref(), Some("2026-01-02T03:04:05Z"));
        let dependencies: Vec<_> =
            release.dependencies.iter().map(|d| (d.krate.as_str(), d.kind, d.optional)).collect();
        assert_eq!(
            dependencies,
            [
                ("serde_json", DependencyKind::Normal, true),
                ("cc", DependencyKind::Build, false),
                ("t", DependencyKind::Development, false)
            ]
        );
        assert_eq!(release.dependencies[1].registry.as_deref(), Some("https://x.example/"));
    }

    #[test]
    fn an_optional_dependency_is_no_feature_where_dep_names_it() {
        let check = |features: &str, expect: &[&str]| {
            let line = format!(
                r#"{{"name":"a","vers":"1.0.0","deps":[{{"name":"x","req":"1","optional":true}}],"features":{features}}}"#
            );
            let found = parsed(&line, None);
            assert_eq!(found[0].features.keys().collect::<Vec<_>>(), expect, "{features}");
        };
        check("{}", &["x"]);
        check(r#"{"y":["dep:x"]}"#, &["y"]);
        check(r#"{"y":["x"]}"#, &["x", "y"]);
        check(r#"{"x":["dep:x"]}"#, &["x"]);
    }
}
