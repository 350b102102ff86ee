//! Where things are: the API's address, the host of its repositories, and a repository's place on it.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use super::{ForgeError, RepoRef};
use crate::fleet::normalized_url;
use crate::git::redact;

/// The address of an API, and the host whose repositories it speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    /// Without a slash at its end: `https://api.github.com`, `https://github.acme.dev/api/v3`.
    pub(super) api: String,
    /// The API's host, with its port where the address has one.
    api_host: String,
    /// The host of repositories: `github.com`, `github.acme.dev`, with its port where the address has one.
    pub(super) host: String,
}

/// A repository on GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The organisation or user.
    pub(super) owner: String,
    /// The repository's name.
    pub(super) name: String,
}

impl Site {
    /// Reads the address of an API.
    pub(super) fn new(api_url: &str) -> Result<Self, ForgeError> {
        let refuse = |problem: &str| ForgeError::NotAllowed {
            reason: format!("the API address {} cannot be used: {problem}", redact(api_url)),
        };
        let url = Url::parse(api_url.trim()).map_err(|_| refuse("it is not a URL"))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(refuse("it does not begin with https://"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return Err(refuse("it has more than a host and a path"));
        }
        let name = url.host_str().ok_or_else(|| refuse("it names no host"))?;
        if url.scheme() == "http" && !is_this_machine(name) {
            return Err(refuse("it begins with http://, so that everybody on the way could read the token"));
        }
        let with_port = |name: &str| url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let api_host = with_port(name);
        let path = url.path().trim_end_matches('/');
        let api = format!("{}://{api_host}{path}", url.scheme());
        let host = with_port(name.strip_prefix("api.").filter(|_| path.is_empty()).unwrap_or(name));
        Ok(Self { api, api_host, host })
    }

    /// Where a repository is, if it is on this site.
    pub(super) fn place(&self, repo: &RepoRef) -> Result<Place, ForgeError> {
        let refuse = |problem: String| ForgeError::NotAllowed { reason: format!("{} {problem}", redact(&repo.url)) };
        let normalized = normalized_url(&repo.url);
        let (host, path) = normalized.split_once('/').unwrap_or((&normalized, ""));
        if !self.is_host(host, &repo.url) {
            return Err(refuse(format!("is not on {}", self.host)));
        }
        match path.split('/').collect::<Vec<_>>()[..] {
            [owner, name] if is_name(owner) && is_name(name) => {
                Ok(Place { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(refuse(format!("names no repository of {}", self.host))),
        }
    }

    /// The route that an address of this API stands for; `None` for addresses elsewhere.
    pub(super) fn route(&self, location: &str) -> Option<String> {
        if location.starts_with('/') && !location.starts_with("//") {
            return Some(location.to_owned());
        }
        let url = Url::parse(location).ok()?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let is_here = format!("{}{port}", url.host_str()?) == self.api_host
            && self.api.starts_with(&format!("{}://", url.scheme()));
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        is_here.then(|| format!("{}{query}", url.path()))
    }

    /// ssh says nothing of the port that https is on, and github.com has a second name for ssh.
    fn is_host(&self, host: &str, url: &str) -> bool {
        let by_http = url.trim().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http"));
        let own = self.host.to_ascii_lowercase();
        if by_http && url.contains("://") {
            return host == own;
        }
        let name = own.rsplit_once(':').map_or(own.as_str(), |(name, _)| name);
        host == own || host == name || host.strip_prefix("ssh.") == Some(name)
    }
}

impl Place {
    /// The route of something in this repository: `rest` begins without a slash and may be empty.
    pub(super) fn route(&self, rest: &str) -> String {
        let slash = if rest.is_empty() { "" } else { "/" };
        format!("/repos/{}/{}{slash}{rest}", self.owner, self.name)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// A text as it can stand in a path or a query; slashes stay.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text != "." && text != ".." && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RepoName;

    #[test]
    fn an_api_address_tells_the_host_of_its_repositories() {
        let check = |url: &str, expect: Option<(&str, &str)>| {
            let site = Site::new(url).ok();
            assert_eq!(site.as_ref().map(|site| (site.api.as_str(), site.host.as_str())), expect, "{url}");
        };
        check("https://api.github.com", Some(("https://api.github.com", "github.com")));
        check("https://api.github.com/", Some(("https://api.github.com", "github.com")));
        check("https://github.acme.dev/api/v3/", Some(("https://github.acme.dev/api/v3", "github.acme.dev")));
        check("https://api.acme.ghe.com", Some(("https://api.acme.ghe.com", "acme.ghe.com")));
        check("https://api.acme.dev/api/v3", Some(("https://api.acme.dev/api/v3", "api.acme.dev")));
        check("http://127.0.0.1:8080/api/v3", Some(("http://127.0.0.1:8080/api/v3", "127.0.0.1:8080")));
        check("https://ghe:8443/api/v3", Some(("https://ghe:8443/api/v3", "ghe:8443")));
        check("https://me:secret@api.github.com", None);
        check("http://api.github.com", None);
        check("ftp://api.github.com", None);
        check("api.github.com", None);
    }

    #[test]
    fn a_repository_has_its_place_in_every_form_of_its_url() {
        let check = |api: &str, url: &str, expect: Option<&str>| {
            let site = Site::new(api).expect("a valid address");
            let repo = RepoRef { name: RepoName::new("payments").expect("a valid name"), url: url.to_owned() };
            assert_eq!(site.place(&repo).ok().map(|place| place.to_string()).as_deref(), expect, "{url}");
        };
        let public = "https://api.github.com";
        for url in [
            "https://github.com/acme/payments",
            "https://x:secret@github.com/acme/payments.git",
            "git@github.com:acme/payments.git",
            "ssh://git@github.com/acme/payments",
            "ssh://git@ssh.github.com:443/acme/payments.git",
        ] {
            check(public, url, Some("acme/payments"));
        }
        check(public, "https://github.acme.dev/acme/payments", None);
        check(public, "https://github.com.evil.example/acme/payments", None);
        check(public, "https://github.com/acme", None);
        check(public, "https://github.com/acme/payments/tree", None);
        check(public, "https://github.com/acme/a%2Fb", None);
        check(public, "https://github.com/acme/..", None);
        check(public, "/srv/fleet/payments.git", None);
        check(public, "", None);
        let own = "https://GitHub.acme.dev:8443/api/v3";
        check(own, "https://github.acme.dev:8443/Acme/Payments.git", Some("Acme/Payments"));
        check(own, "git@github.acme.dev:Acme/Payments.git", Some("Acme/Payments"));
        check(own, "https://github.acme.dev/acme/payments", None);
    }

    #[test]
    fn only_addresses_of_the_api_are_followed() {
        let check = |api: &str, location: &str, expect: Option<&str>| {
            let site = Site::new(api).expect("a valid address");
            assert_eq!(site.route(location).as_deref(), expect, "{location}");
        };
        let public = "https://api.github.com";
        check(public, "https://api.github.com/repositories/7/pulls?page=2", Some("/repositories/7/pulls?page=2"));
        check(public, "/repositories/7", Some("/repositories/7"));
        check(public, "http://api.github.com/repositories/7", None);
        check(public, "https://evil.example/repositories/7", None);
        check(public, "//evil.example/repositories/7", None);
        check("https://ghe/api/v3", "https://ghe/api/v3/repositories/7", Some("/api/v3/repositories/7"));
    }

    #[test]
    fn branches_are_encoded_where_a_path_has_them() {
        let check = |text: &str, expect: &str| assert_eq!(encoded(text), expect);
        check("depbot/routine", "depbot/routine");
        check("a#b&c%d+é", "a%23b%26c%25d%2B%C3%A9");
    }
}
