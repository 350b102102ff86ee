//! Names, paths and ids, each checked once when it is made.

use std::fmt;

/// A text that is not a valid name of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid {kind}: {problem}")]
pub struct NameError {
    kind: &'static str,
    text: String,
    problem: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $problem_of:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes `text` as it is, or says why it is not one.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                let problem_of: fn(&str) -> Option<&'static str> = $problem_of;
                match problem_of(&text) {
                    None => Ok(Self(text)),
                    Some(problem) => Err(NameError { kind: $kind, text, problem }),
                }
            }

            /// The text of it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name!(
    /// The name of a package in a registry: a letter or `_`, then letters, digits, `-` and `_`; at most 64 characters.
    ///
    /// Rules: the Cargo book, "The `name` field", and crates.io's limits.
    CrateName,
    "crate name",
    crate_name_problem
);

name!(
    /// The short name of a repository, unique in its fleet: by default the last part of its URL.
    RepoName,
    "repository name",
    |text| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        match text {
            "" => Some("it is empty"),
            "." | ".." => Some("it is a folder of its own"),
            _ if !text.chars().all(fits) => Some("only letters, digits, '-', '_' and '.' can be in it"),
            _ => None,
        }
    }
);

name!(
    /// The name of a registry as manifests and cargo's configuration write it.
    RegistryName,
    "registry name",
    |text| {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        match text {
            "" => Some("it is empty"),
            _ if !text.chars().all(fits) => Some("only letters, digits, '-' and '_' can be in it"),
            _ => None,
        }
    }
);

name!(
    /// The short name of a git branch, without `refs/heads/`.
    ///
    /// Rules: git-check-ref-format.
    BranchName,
    "branch name",
    branch_name_problem
);

name!(
    /// The id of a git commit: 40 lower-case hexadecimal digits.
    CommitId,
    "commit id",
    git_id_problem
);

name!(
    /// The id of a git tree: 40 lower-case hexadecimal digits.
    TreeId,
    "tree id",
    git_id_problem
);

name!(
    /// The id of one execution over the fleet: its start in UTC, and a suffix where two began in the same second.
    RunId,
    "run id",
    |text| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        match text {
            "" => Some("it is empty"),
            _ if !text.chars().all(fits) => Some("only letters, digits, '-' and '_' can be in it"),
            _ => None,
        }
    }
);

name!(
    /// A path inside a repository: relative, `/` between its parts, no `.` or `..`; empty for the repository's root.
    RepoPath,
    "path inside a repository",
    |text| {
        let bad_part = |part: &str| part.is_empty() || part == "." || part == "..";
        match text {
            "" => None,
            _ if text.contains('\\') => Some("its parts are separated by '/'"),
            _ if text.split('/').any(bad_part) => Some("it is relative and has no empty, '.' or '..' part"),
            _ => None,
        }
    }
);

impl RepoPath {
    /// The repository's root folder.
    pub fn root() -> Self {
        Self(String::new())
    }

    /// The folder that holds this path; the root's folder is the root.
    pub fn parent(&self) -> Self {
        Self(self.0.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned()))
    }

    /// The path `relative` as seen from this folder, with `.` and `..` resolved; `None` when it leaves the repository.
    pub fn join(&self, relative: &str) -> Option<Self> {
        let mut parts: Vec<&str> = self.0.split('/').filter(|part| !part.is_empty()).collect();
        for part in relative.split(['/', '\\']) {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                _ => parts.push(part),
            }
        }
        Some(Self(parts.join("/")))
    }

    /// Whether this path is `folder` or lies below it.
    pub fn is_within(&self, folder: &Self) -> bool {
        folder.0.is_empty()
            || self.0.strip_prefix(&folder.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The last part: a file or folder name; empty for the root.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

fn crate_name_problem(text: &str) -> Option<&'static str> {
    let starts = |c: char| c.is_alphabetic() || c == '_';
    let continues = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    match text.chars().next() {
        None => Some("it is empty"),
        Some(first) if !starts(first) => Some("it begins with a letter or '_'"),
        Some(_) if !text.chars().all(continues) => Some("only letters, digits, '-' and '_' can be in it"),
        Some(_) if text.len() > 64 => Some("it has more than 64 characters"),
        Some(_) => None,
    }
}

fn branch_name_problem(text: &str) -> Option<&'static str> {
    let forbidden = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    match text {
        "" => Some("it is empty"),
        "@" => Some("'@' alone is not a branch"),
        _ if text.starts_with('-') => Some("it begins with '-'"),
        _ if text.ends_with('.') => Some("it ends with '.'"),
        _ if text.contains("..") || text.contains("@{") => Some("it contains '..' or '@{'"),
        _ if text.chars().any(forbidden) => Some("it contains a space or one of ~^:?*[\\"),
        _ if text.split('/').any(bad_part) => Some("a part of it is empty, begins with '.' or ends with '.lock'"),
        _ => None,
    }
}

fn git_id_problem(text: &str) -> Option<&'static str> {
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() != 40 || !text.bytes().all(hexadecimal)).then_some("it has 40 hexadecimal digits")
}

impl CommitId {
    /// The first ten digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..10]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_when_made() {
        for good in ["serde", "_x", "tokio-util", "a1"] {
            assert!(CrateName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "1a", "a b", "a/b"] {
            assert!(CrateName::new(bad).is_err(), "{bad}");
        }
        for bad in ["", "-x", "a..b", "a//b", "a.lock", "x/.y", "a b"] {
            assert!(BranchName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_that_leaves_the_repository_is_none() {
        let folder = RepoPath::new("crates/app").expect("a valid path");
        assert_eq!(folder.join("../core").map(|p| p.to_string()), Some("crates/core".into()));
        assert_eq!(folder.join("./src/./main.rs").map(|p| p.to_string()), Some("crates/app/src/main.rs".into()));
        assert_eq!(folder.join("../../.."), None);
    }

    #[test]
    fn within_compares_whole_parts() {
        let path = |text| RepoPath::new(text).expect("a valid path");
        assert!(path("a/b").is_within(&path("a")));
        assert!(!path("ab").is_within(&path("a")));
        assert!(path("ab").is_within(&RepoPath::root()));
    }
}
