//! Addresses of git repositories: which kind they are, and how they are shown.

use std::path::PathBuf;

use super::GitError;

/// `url` as it may be shown and stored: without user and password where these are secrets, and without a query.
///
/// The user of an ssh address stays: it is part of the address.
pub fn redact(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let authority = match authority.rsplit_once('@') {
        None => authority.to_owned(),
        Some((user, host)) if is_ssh(scheme) => {
            format!("{}@{host}", user.split(':').next().unwrap_or_default())
        }
        Some((_, host)) => host.to_owned(),
    };
    format!("{scheme}://{authority}{path}")
}

/// The address to hand to libgit2 for `url`: a plain path becomes absolute, everything else must have a transport.
pub(super) fn checked(url: &str) -> Result<String, GitError> {
    let refuse = |reason: &str| Err(GitError::Address { url: redact(url), reason: reason.to_owned() });
    if url.is_empty() {
        return refuse("it is empty");
    }
    if let Some((scheme, rest)) = url.split_once("://") {
        return match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" | "ssh" if rest.is_empty() => refuse("it names no host"),
            "ssh" => SshAddress::parse(url).map(|_| url.to_owned()),
            "http" | "https" | "file" => Ok(url.to_owned()),
            _ => refuse("only https, http, ssh, file and plain paths are supported"),
        };
    }
    if is_scp_like(url) {
        return SshAddress::parse(url).map(|_| url.to_owned());
    }
    std::path::absolute(url)
        .ok()
        .and_then(|path| path.to_str().map(file_url))
        .map_or_else(|| refuse("it is not a path that can be written as text"), Ok)
}

/// The folder that a `file://` address names.
pub(super) fn local_folder(url: &str) -> Option<PathBuf> {
    url.strip_prefix("file://").map(|path| PathBuf::from(percent_decoded(path)))
}

/// The text with `%20` and the like as what they stand for; what is not written like that stays.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.get(..2).filter(|_| *first == b'%').and_then(|pair| std::str::from_utf8(pair).ok());
        let (byte, tail) = match digits.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => (byte, &tail[2..]),
            None => (*first, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Where ssh connects to, and the path it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SshAddress {
    /// `host` or `user@host`.
    pub(super) destination: String,
    /// The port, where it is not ssh's own choice.
    pub(super) port: Option<u16>,
    /// The repository's path on that host.
    pub(super) path: String,
}

impl SshAddress {
    /// Reads `ssh://[user@]host[:port]/path` and `[user@]host:path`, as described in git-fetch(1), "GIT URLS".
    ///
    /// What would be taken for an option by ssh or git is refused.
    pub(super) fn parse(url: &str) -> Result<Self, GitError> {
        let refuse = |reason: &str| GitError::Address { url: redact(url), reason: reason.to_owned() };
        let (destination, port, path) = match url.split_once("://") {
            Some((_, rest)) => {
                let (authority, path) = rest.split_once('/').ok_or_else(|| refuse("it names no repository"))?;
                let (user, host) =
                    authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
                let (host, port) = split_port(host).ok_or_else(|| refuse("its port is no port"))?;
                let user = user.map(|user| user.split(':').next().unwrap_or_default());
                let path = if path.starts_with('~') { path.to_owned() } else { format!("/{path}") };
                (join_user(user, host), port, path)
            }
            None => {
                let (destination, path) = split_scp(url).ok_or_else(|| refuse("it names no repository"))?;
                let (user, host) =
                    destination.rsplit_once('@').map_or((None, destination), |(u, host)| (Some(u), host));
                (join_user(user, host.trim_start_matches('[').trim_end_matches(']')), None, path.to_owned())
            }
        };
        let host = destination.rsplit_once('@').map_or(destination.as_str(), |(_, host)| host);
        if destination.starts_with('-') || host.starts_with('-') || host.is_empty() {
            return Err(refuse("its host is no host"));
        }
        if path.is_empty() || path == "/" || path.starts_with('-') {
            return Err(refuse("it names no repository"));
        }
        Ok(Self { destination, port, path })
    }
}

fn is_ssh(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("ssh")
}

fn join_user(user: Option<&str>, host: &str) -> String {
    user.map_or_else(|| host.to_owned(), |user| format!("{user}@{host}"))
}

/// A colon before the first slash makes a text a host with a path, as git sees it.
fn is_scp_like(text: &str) -> bool {
    split_scp(text).is_some()
}

fn split_scp(text: &str) -> Option<(&str, &str)> {
    let host_end = if text.starts_with('[') || text.contains("@[") { text.find(']')? } else { 0 };
    let colon = host_end + text[host_end..].find(':')?;
    let (host, path) = (&text[..colon], &text[colon + 1..]);
    (!host.is_empty() && !host.contains('/')).then_some((host, path))
}

fn split_port(host: &str) -> Option<(&str, Option<u16>)> {
    let (name, rest) = match host.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => host.find(':').map_or((host, ""), |colon| host.split_at(colon)),
    };
    match rest.strip_prefix(':') {
        None | Some("") => Some((name, None)),
        Some(port) => Some((name, Some(port.parse().ok()?))),
    }
}

/// The `file://` address of an absolute path, with what an address cannot hold written in per cent.
fn file_url(path: &str) -> String {
    let mut url = "file://".to_owned();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~+@:=,".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_addresses_carry_no_secret() {
        let check = |url: &str, expect: &str| assert_eq!(redact(url), expect);
        check("https://github.com/acme/app", "https://github.com/acme/app");
        check("https://token@github.com/acme/app", "https://github.com/acme/app");
        check("https://me:se@cret@github.com/acme/app.git", "https://github.com/acme/app.git");
        check("https://git.acme.dev/app?private_token=secret#x", "https://git.acme.dev/app");
        check("https://git.acme.dev?token=a@b", "https://git.acme.dev");
        check("ssh://git:secret@github.com:22/acme/app", "ssh://git@github.com:22/acme/app");
        check("git@github.com:acme/app", "git@github.com:acme/app");
        check("/srv/git/a@b.git", "/srv/git/a@b.git");
    }

    #[test]
    fn ssh_addresses_are_read_as_git_reads_them() {
        let check = |url: &str, expect: Option<(&str, Option<u16>, &str)>| {
            let expect = expect.map(|(destination, port, path)| SshAddress {
                destination: destination.to_owned(),
                port,
                path: path.to_owned(),
            });
            assert_eq!(SshAddress::parse(url).ok(), expect, "{url}");
        };
        check("git@github.com:acme/app.git", Some(("git@github.com", None, "acme/app.git")));
        check("host:~me/app", Some(("host", None, "~me/app")));
        check("ssh://git@github.com/acme/app", Some(("git@github.com", None, "/acme/app")));
        check("ssh://host:2222/srv/app", Some(("host", Some(2222), "/srv/app")));
        check("ssh://[::1]:22/srv/app", Some(("::1", Some(22), "/srv/app")));
        check("[::1]:srv/app", Some(("::1", None, "srv/app")));
        check("ssh://host/~me/app", Some(("host", None, "~me/app")));
        check("ssh://-oProxyCommand=x/app", None);
        check("-oProxyCommand=x:app", None);
        check("git@-oProxyCommand=x:app", None);
        check("host:-x", None);
        check("host:", None);
        check("ssh://host", None);
        check("ssh://host:port/app", None);
    }

    #[test]
    fn a_path_survives_being_written_as_an_address() {
        for path in ["/srv/my app/100%/a#b?c", "/srv/ä", "/%20"] {
            assert_eq!(local_folder(&file_url(path)), Some(PathBuf::from(path)));
        }
        assert_eq!(percent_decoded("a%2Gb%4"), "a%2Gb%4");
    }

    #[test]
    fn only_addresses_with_a_transport_are_taken() {
        let check = |url: &str, expect: Option<&str>| assert_eq!(checked(url).ok().as_deref(), expect, "{url}");
        check("https://github.com/acme/app", Some("https://github.com/acme/app"));
        check("git@github.com:acme/app", Some("git@github.com:acme/app"));
        check("file:///srv/app", Some("file:///srv/app"));
        check("/srv/my app:1", Some("file:///srv/my%20app:1"));
        check("git://github.com/acme/app", None);
        check("", None);
    }
}
