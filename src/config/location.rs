//! Where repositories and registries are: which URLs are accepted, which of them are the same, and which hold secrets.

/// A URL that is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LocationProblem {
    /// What is wrong, without the URL.
    pub(super) message: &'static str,
    /// What to write instead.
    pub(super) help: &'static str,
}

/// What a repository URL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// The same for every spelling of one repository.
    pub(super) identity: String,
    /// The last part of its path, without `.git`.
    pub(super) name: String,
}

const SECRET: LocationProblem = LocationProblem {
    message: "holds a user name, password or token",
    help: "take out what stands before `@` and after `?`; the token comes from the environment, as DEPBOT_GITHUB_TOKEN",
};
const INDEX_SECRET: LocationProblem = LocationProblem {
    message: "holds a user name, password or token",
    help: "take out what stands before `@` and after `?`; cargo's own credentials for the registry are used",
};

/// Reads a repository's URL: https, http, ssh, `user@host:path`, `file://`, or a path.
pub(super) fn repository(url: &str) -> Result<Location, LocationProblem> {
    let problem = |message, help| Err(LocationProblem { message, help });
    if url.is_empty() {
        return problem("is empty", "write `url = \"https://github.com/acme/payments\"`");
    }
    if url.chars().any(char::is_control) || url.trim() != url {
        return problem("has space around it or control characters in it", "write the URL alone");
    }
    let location = match url.split_once("://") {
        Some(("https" | "http", rest)) => web(rest)?,
        Some(("ssh", rest)) => ssh(rest)?,
        Some(("file", path)) if path.starts_with('/') => local(path),
        Some(("file", _)) => {
            return problem("has a host", "write `file://` and an absolute path: `file:///srv/git/payments`");
        }
        Some(_) => {
            let help = "write https://host/path, ssh://git@host/path, git@host:path, file:///path or a path";
            return problem("has a scheme that depbot cannot clone from", help);
        }
        None if url.starts_with('~') => {
            return problem("begins with `~`, which only a shell understands", "write the path in full");
        }
        None => match scp(url) {
            Some(location) => location?,
            None => local(url),
        },
    };
    if location.identity.is_empty() || location.name.is_empty() {
        return problem(
            "does not name a repository",
            "write it with host and path, like https://github.com/acme/payments",
        );
    }
    Ok(location)
}

/// Checks the URL of a registry's index as cargo's configuration has it.
///
/// Rules: the Cargo book, "Registry index protocols".
pub(super) fn index(url: &str) -> Result<(), LocationProblem> {
    let problem = |message, help| Err(LocationProblem { message, help });
    let sparse = url.strip_prefix("sparse+");
    let Some((scheme, rest)) = sparse.unwrap_or(url).split_once("://") else {
        let help = "write `sparse+https://…/` for a sparse index, or the https, ssh or file URL of a git index";
        return problem("is not a URL", help);
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if holds_secret(scheme, rest) {
        return Err(INDEX_SECRET);
    }
    match (scheme, sparse) {
        ("http", _) if !is_loopback(host) => {
            problem("is not encrypted", "use https; http is accepted for this machine only")
        }
        ("https" | "http", Some(_)) if !url.ends_with('/') => {
            problem("does not end with `/`", "put a `/` at its end, as cargo demands of a sparse index")
        }
        ("https" | "http" | "ssh", _) if host.is_empty() => problem("has no host", "write it with host and path"),
        ("https" | "http", _) | ("ssh" | "file", None) => Ok(()),
        _ => {
            let help = "write `sparse+https://…/` for a sparse index, or the https, ssh or file URL of a git index";
            problem("has a scheme that cargo has no index for", help)
        }
    }
}

/// Checks the base URL of a forge's REST API.
pub(super) fn api(url: &str) -> Result<(), LocationProblem> {
    let problem = |message, help| Err(LocationProblem { message, help });
    let help = "write `api-url = \"https://api.github.com\"`, or `https://HOST/api/v3` for GitHub Enterprise Server";
    match url.split_once("://") {
        Some((scheme @ ("https" | "http"), rest)) => {
            let host = rest.split('/').next().unwrap_or_default();
            if holds_secret(scheme, rest) {
                Err(SECRET)
            } else if host.is_empty() {
                problem("has no host", help)
            } else if scheme == "http" && !is_loopback(host) {
                problem("is not encrypted", "use https; http is accepted for this machine only")
            } else {
                Ok(())
            }
        }
        _ => problem("is not an https URL", help),
    }
}

fn web(rest: &str) -> Result<Location, LocationProblem> {
    if holds_secret("https", rest) {
        return Err(SECRET);
    }
    Ok(hosted(rest))
}

fn ssh(rest: &str) -> Result<Location, LocationProblem> {
    if holds_secret("ssh", rest) {
        return Err(SECRET);
    }
    let authority = rest.split('/').next().unwrap_or_default();
    Ok(hosted(&rest[authority.rfind('@').map_or(0, |at| at + 1)..]))
}

/// `user@host:path` and `host:path`, as git has them; a single letter before the colon is a drive.
fn scp(text: &str) -> Option<Result<Location, LocationProblem>> {
    let (authority, path) = text.split_once(':')?;
    let host = authority.rsplit('@').next().unwrap_or_default();
    if authority.contains(['/', '\\']) || host.len() < 2 {
        return None;
    }
    if path.contains('@') {
        return Some(Err(SECRET));
    }
    Some(Ok(hosted(&format!("{host}/{}", path.trim_start_matches('/')))))
}

/// A repository by host and path.
fn hosted(rest: &str) -> Location {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.to_lowercase();
    let host = host.strip_suffix(":443").or_else(|| host.strip_suffix(":22")).unwrap_or(&host);
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    if host.is_empty() || path.is_empty() {
        return Location { identity: String::new(), name: String::new() };
    }
    // github.com does not tell upper from lower case; other hosts may.
    let path = if host == "github.com" { path.to_lowercase() } else { path.to_owned() };
    Location { identity: format!("{host}/{path}"), name: last_part(rest) }
}

/// A repository on this machine.
fn local(path: &str) -> Location {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let root = if path.starts_with('/') { "/" } else { "./" };
    Location { identity: format!("{root}{}", parts.join("/")), name: last_part(path) }
}

fn last_part(path: &str) -> String {
    let last = path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
    last.strip_suffix(".git").unwrap_or(last).to_owned()
}

/// Whether what follows `scheme://` has a user, password or query that may be a token.
fn holds_secret(scheme: &str, rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    match scheme {
        "https" | "http" => user.is_some() || rest.contains(['?', '#', '@']),
        _ => user.is_some_and(|user| user.contains(':')),
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// `text` with `*` in the place of every byte of a URL that may be a secret: what stands before its `@` and after its
/// `?`. Every line and byte keeps its place, so that spans stay right.
pub fn masked(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    text.split_inclusive(ends).map(masked_word).collect()
}

/// A word and the character that ends it.
fn masked_word(word: &str) -> String {
    let is_ssh = word.contains("ssh://");
    let start = word.find("://").map_or(0, |scheme| scheme + 3);
    let at = word.rfind('@').unwrap_or(0).max(start);
    let user = match word[start..at].find(':') {
        // The user of ssh is no secret, its password is.
        Some(colon) if is_ssh || start == 0 => start + colon + 1..at,
        None if is_ssh || start == 0 => at..at,
        _ => start..at,
    };
    let query = match word[at..].find(['?', '#']) {
        Some(mark) if start > 0 => at + mark..word.trim_end_matches(['"', '\'']).trim_end().len(),
        _ => at..at,
    };
    let is_secret = |place: usize| user.contains(&place) || query.contains(&place);
    let star = |(place, c): (usize, char)| if is_secret(place) { "*".repeat(c.len_utf8()) } else { c.to_string() };
    word.char_indices().map(star).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_repository_have_one_identity() {
        let identity = |url: &str| repository(url).expect(url).identity;
        let check = |expect: &str, urls: &[&str]| {
            urls.iter().for_each(|url| assert_eq!(identity(url), expect, "{url}"));
        };
        check(
            "github.com/acme/payments",
            &[
                "https://github.com/acme/payments",
                "https://github.com/Acme/Payments.git",
                "https://GitHub.com:443/acme/payments/",
                "ssh://git@github.com/acme/payments.git",
                "ssh://git@github.com:22/acme/payments.git",
                "git@github.com:acme/payments.git",
                "github.com:/acme/payments",
            ],
        );
        check("git.acme.dev:8443/Team/a", &["https://git.acme.dev:8443/Team/a.git"]);
        check("/srv/git/a.git", &["file:///srv/git/a.git", "/srv/git/a.git", "/srv//git/./a.git/"]);
        check("./services/a", &["services/a", "./services/a/"]);
    }

    #[test]
    fn the_name_is_the_last_part_without_git() {
        let check = |url: &str, expect: &str| assert_eq!(repository(url).expect(url).name, expect, "{url}");
        check("https://github.com/acme/payments", "payments");
        check("https://github.com/Acme/Payments.git/", "Payments");
        check("git@host:a.git", "a");
        check("../fleet/core", "core");
        check("C:\\fleet\\core", "core");
        check("file:///srv/git/a.git", "a");
    }

    #[test]
    fn a_repository_url_is_refused_for_a_reason() {
        let check = |url: &str, expect: &str| {
            assert_eq!(repository(url).map_err(|problem| problem.message), Err(expect), "{url}");
        };
        check("", "is empty");
        check(" https://a/b", "has space around it or control characters in it");
        check("https://token@github.com/a/b", "holds a user name, password or token");
        check("https://github.com/a/b?token=x", "holds a user name, password or token");
        check("ssh://git:secret@github.com/a/b", "holds a user name, password or token");
        check("git:secret@github.com:a/b", "holds a user name, password or token");
        check("ftp://host/a", "has a scheme that depbot cannot clone from");
        check("file://host/a", "has a host");
        check("https://github.com", "does not name a repository");
        check("https:///a", "does not name a repository");
        check("~/src/a", "begins with `~`, which only a shell understands");
    }

    #[test]
    fn an_index_is_what_cargo_accepts() {
        let check = |url: &str, expect: Result<(), &str>| {
            assert_eq!(index(url).map_err(|problem| problem.message), expect, "{url}");
        };
        check("sparse+https://crates.acme.dev/index/", Ok(()));
        check("sparse+http://127.0.0.1:8080/index/", Ok(()));
        check("sparse+http://[::1]:8080/index/", Ok(()));
        check("https://git.acme.dev/index", Ok(()));
        check("ssh://git@git.acme.dev/index.git", Ok(()));
        check("file:///srv/index", Ok(()));
        check("sparse+https://crates.acme.dev/index", Err("does not end with `/`"));
        check("sparse+http://crates.acme.dev/index/", Err("is not encrypted"));
        check("http://localhost.acme.dev/index", Err("is not encrypted"));
        check("sparse+ssh://git@host/index/", Err("has a scheme that cargo has no index for"));
        check("sparse+https://user:pw@host/index/", Err("holds a user name, password or token"));
        check("crates.acme.dev/index", Err("is not a URL"));
        check("sparse+https:///", Err("has no host"));
    }

    #[test]
    fn masking_hides_secrets_and_moves_nothing() {
        let check = |text: &str, expect: &str| {
            assert_eq!(masked(text), expect);
            assert_eq!(masked(text).len(), text.len(), "{text}");
        };
        check("url = \"https://a:b@h/r\" # x", "url = \"https://***@h/r\" # x");
        check("url = \"https://tokän@h/r\"\n", "url = \"https://******@h/r\"\n");
        check("'https://u:p?w/@d@h/r?t=1'", "'https://********@h/r****'");
        check("\"ssh://git:pw@h/r\"", "\"ssh://git:**@h/r\"");
        check("\"ssh://git@h/r\"", "\"ssh://git@h/r\"");
        check("\"git:pw@h:r\"", "\"git:**@h:r\"");
        check("\"git@h:r\" me@acme.dev", "\"git@h:r\" me@acme.dev");
        check("crates = [\"a?\"]", "crates = [\"a?\"]");
    }
}
