//! Small makers of values for these tests.

use depbot::manifest::{Discovery, Files, ManifestProblem, discover};
use depbot::model::RepoPath;
use semver::Version;

/// A path inside a repository.
pub(crate) fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("a valid path")
}

/// A version.
pub(crate) fn version(text: &str) -> Version {
    Version::parse(text).expect("a valid version")
}

/// The files of a repository.
pub(crate) fn files(files: &[(&str, &str)]) -> Files {
    files.iter().map(|(name, text)| (path(name), text.as_bytes().to_vec())).collect()
}

/// What is found in a repository with one manifest.
pub(crate) fn discover_one(text: &[u8]) -> Discovery {
    discover(&Files::from([(path("Cargo.toml"), text.to_vec())]))
}

/// The problems as `file:line: message`.
pub(crate) fn problems(discovery: &Discovery) -> Vec<String> {
    let problem = |problem: &ManifestProblem| {
        let line = problem.line.map_or_else(String::new, |line| format!(":{line}"));
        format!("{}{line}: {}", problem.manifest, problem.message)
    };
    discovery.problems.iter().map(problem).collect()
}
