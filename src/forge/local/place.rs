//! Where on this machine a repository and its pull requests are.

use std::path::{Path, PathBuf};

use crate::forge::ForgeError;

/// The file with the pull requests of all repositories in a folder.
const DATABASE: &str = "pull-requests.sqlite";

/// A repository on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The repository's folder.
    pub(super) repository: PathBuf,
    /// The file with its pull requests.
    pub(super) database: PathBuf,
    /// What it is called in there: its folder's name.
    pub(super) key: String,
}

/// Finds the repository of a `file://` URL or a path.
pub(super) fn locate(url: &str) -> Result<Place, ForgeError> {
    let path = local_path(url)?;
    let not_found = || ForgeError::NotFound { what: format!("the repository {}", path.display()) };
    let repository = std::fs::canonicalize(&path).map_err(|_| not_found())?;
    let folder = repository.parent().ok_or_else(not_found)?;
    let key = repository.file_name().ok_or_else(not_found)?.to_string_lossy().into_owned();
    Ok(Place { database: folder.join(DATABASE), key, repository })
}

fn local_path(url: &str) -> Result<PathBuf, ForgeError> {
    let Some((scheme, _)) = url.split_once("://") else { return Ok(Path::new(url).to_path_buf()) };
    let not_local = || ForgeError::NotAllowed {
        reason: format!("the local forge has repositories on this machine only, not one of a {scheme}:// URL"),
    };
    let parsed = reqwest::Url::parse(url).map_err(|_| not_local())?;
    match parsed.scheme() {
        "file" => parsed.to_file_path().map_err(|()| not_local()),
        _ => Err(not_local()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_a_file_url_or_a_path() {
        let check = |url: &str, expect: Option<&str>| {
            assert_eq!(local_path(url).ok(), expect.map(PathBuf::from), "{url}");
        };
        check("/srv/fleet/payments.git", Some("/srv/fleet/payments.git"));
        check("fleet/payments.git", Some("fleet/payments.git"));
        check("file:///srv/my%20fleet/p%C3%A4y.git", Some("/srv/my fleet/päy.git"));
        check("https://user:secret@git.example/payments", None);
        check("file://elsewhere/srv/payments.git", None);
    }

    #[test]
    fn a_refused_url_shows_no_credentials() {
        let message = local_path("https://user:secret@git.example/payments").expect_err("it is remote").to_string();
        assert!(!message.contains("secret"), "{message}");
    }
}
