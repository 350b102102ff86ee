//! Who depbot is on GitHub: a token, or an App that is given one for each owner.

use std::fmt;

use octocrab::secrecy::SecretString;

/// What opens GitHub. Printing it shows no secret.
#[derive(Clone)]
pub struct GitHubCredentials(pub(super) Kind);

#[derive(Clone)]
pub(super) enum Kind {
    /// Sent as it is.
    Token(SecretString),
    /// Proves itself with its key and is given tokens.
    App { id: String, private_key: SecretString },
}

impl GitHubCredentials {
    /// A personal access token of either kind, a workflow's `GITHUB_TOKEN`, or any other that GitHub gives out.
    pub fn token(token: &str) -> Self {
        Self(Kind::Token(SecretString::from(token.trim())))
    }

    /// A GitHub App: its id (or client id), and its private key as the PEM text that GitHub lets one download.
    ///
    /// Its installation is looked up for each owner; tokens are renewed before they end.
    pub fn app(id: &str, private_key: &str) -> Self {
        Self(Kind::App { id: id.trim().to_owned(), private_key: SecretString::from(private_key) })
    }
}

impl fmt::Debug for GitHubCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Token(_) => f.write_str("a token"),
            Kind::App { id, .. } => write!(f, "the app {id}"),
        }
    }
}
