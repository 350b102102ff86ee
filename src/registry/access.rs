//! What an index may be sent to prove who asks, and its name for people; secrets are never shown.

use std::fmt;

/// A secret: a token or a password. Its `Debug` hides it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret as it is.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the one place that sends it.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How one index is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The index's name for people: `crates.io`, or its URL without credentials.
    pub source_name: String,
    /// The token that cargo's configuration has for it. It is only sent where the index asks for one.
    pub token: Option<Secret>,
    /// The user and password of its URL.
    pub login: Option<Login>,
}

/// A user and a password, as a URL may carry them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret,
}

impl Access {
    /// Access to an index that everybody may read.
    pub fn anonymous(source_name: impl Into<String>) -> Self {
        Self { source_name: source_name.into(), token: None, login: None }
    }
}

/// Takes user and password out of a URL: what is left can be shown. The user of an ssh URL stays, it is part of the
/// address.
pub(super) fn split_login(url: &str) -> (String, Option<Login>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let Some((login, host)) = authority.rsplit_once('@') else { return (url.to_owned(), None) };
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    if scheme.ends_with("ssh") {
        return (format!("{scheme}://{user}@{host}{path}"), None);
    }
    let login = Login { user: percent_decoded(user), password: Secret::new(percent_decoded(password)) };
    (format!("{scheme}://{host}{path}"), Some(login))
}

/// Undoes the percent encoding of a URL's user or password; what is not an encoding stays as it is.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                decoded.push(code);
                at += 3;
            }
            None => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_leave_the_url() {
        let check = |url: &str, public: &str, login: Option<(&str, &str)>| {
            let (text, found) = split_login(url);
            assert_eq!(text, public);
            let found = found.as_ref().map(|login| (login.user.as_str(), login.password.reveal()));
            assert_eq!(found, login, "{url}");
        };
        check("https://a.example/index/", "https://a.example/index/", None);
        check("sparse+https://bob:s%40c@a.example:8/i", "sparse+https://a.example:8/i", Some(("bob", "s@c")));
        check("https://token@a.example", "https://a.example", Some(("token", "")));
        check("https://a.example/x@y", "https://a.example/x@y", None);
        check("git@a.example:x/y", "git@a.example:x/y", None);
        check("ssh://git@a.example/x", "ssh://git@a.example/x", None);
        check("ssh://git:secret@a.example/x", "ssh://git@a.example/x", None);
    }

    #[test]
    fn a_secret_is_never_shown() {
        let access = Access { token: Some(Secret::new("hunter2")), ..Access::anonymous("x") };
        assert!(!format!("{access:?}").contains("hunter2"));
    }
}
