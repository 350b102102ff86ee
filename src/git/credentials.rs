//! The tokens that open repositories, by host.

use std::collections::BTreeMap;
use std::fmt;

/// One token per host. Printing it shows the hosts only.
#[derive(Clone, Default)]
pub struct Credentials {
    tokens: BTreeMap<String, String>,
}

impl Credentials {
    /// No credentials at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same, and `token` for `host`: a name like `github.com`, with `:port` where the address has one.
    #[must_use]
    pub fn with(mut self, host: impl AsRef<str>, token: impl Into<String>) -> Self {
        self.tokens.insert(host.as_ref().to_ascii_lowercase(), token.into());
        self
    }

    /// The token for an address: of exactly its host and port.
    ///
    /// There is none for a connection that can be listened to: http to anything but this machine.
    pub(super) fn token(&self, url: &reqwest::Url) -> Option<&str> {
        let host = url.host_str()?.to_ascii_lowercase();
        if url.scheme() != "https" && !is_this_machine(&host) {
            return None;
        }
        let key = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        self.tokens.get(&key).map(String::as_str)
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.tokens.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_its_own_host_only_and_never_in_the_clear() {
        let credentials = Credentials::none().with("GitHub.com", "secret").with("[::1]:9", "y");
        let check = |url: &str, expect: Option<&str>| {
            let url = reqwest::Url::parse(url).expect("a valid URL");
            assert_eq!(credentials.token(&url), expect, "{url}");
        };
        check("https://github.com/acme/app", Some("secret"));
        check("https://GITHUB.COM/acme/app", Some("secret"));
        check("https://github.com:8443/acme/app", None);
        check("http://github.com/acme/app", None);
        check("https://github.com.evil.example/acme/app", None);
        check("http://[::1]:9/app", Some("y"));
    }

    #[test]
    fn printing_credentials_shows_no_token() {
        assert_eq!(format!("{:?}", Credentials::none().with("github.com", "secret")), r#"{"github.com"}"#);
    }
}
