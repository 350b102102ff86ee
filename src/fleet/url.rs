//! One spelling for the many forms of a repository's URL.

/// One spelling for all forms of a repository's URL, so that two forms of the same repository are equal.
///
/// `https://host/a/b.git/`, `ssh://git@host/a/b` and `git@host:a/b` are all `host/a/b`; `file:///x/y.git` and `/x/y` are
/// both `/x/y`. What cannot change the repository goes: the scheme, the user and password, ports that go without saying
/// (and any of ssh, which says nothing about https), `.git`, what follows `?` or `#` in a lock's source. Hosts do not
/// care for case; neither do the paths of github.com (cargo does the same, `CanonicalUrl`).
///
/// The text is for comparing; it can be shown, as it holds no credentials, but not cloned from.
pub fn normalized_url(url: &str) -> String {
    let url = url.trim();
    let url = url.strip_prefix("git+").unwrap_or(url);
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let rest = rest.split(['?', '#']).next().unwrap_or_default();
            let scheme = scheme.to_ascii_lowercase();
            if scheme == "file" { local(after_host(rest)) } else { remote(&scheme, rest) }
        }
        None => match short_ssh_form(url) {
            Some((host, path)) => joined(host, path),
            None => local(url),
        },
    }
}

/// The two halves of `user@host:path`. A colon behind a slash belongs to a path, and one letter is a drive.
fn short_ssh_form(url: &str) -> Option<(&str, &str)> {
    let (host, path) = url.split_once(':')?;
    (host.len() > 1 && !host.contains(['/', '\\'])).then(|| (without_user(host), path))
}

fn remote(scheme: &str, rest: &str) -> String {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = without_user(authority);
    let goes_without_saying = |port: &str| match scheme {
        "ssh" => true,
        "https" => port == "443" || port.is_empty(),
        "http" => port == "80" || port.is_empty(),
        "git" => port == "9418" || port.is_empty(),
        _ => port.is_empty(),
    };
    let host = match host.rsplit_once(':') {
        // Not the last group of an IPv6 address in brackets.
        Some((name, port)) if !port.contains(']') && goes_without_saying(port) => name,
        Some(_) | None => host,
    };
    joined(host, path)
}

fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

fn joined(host: &str, path: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let path = without_ending(path).split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
    let path = if host == "github.com" { path.to_ascii_lowercase() } else { path };
    if path.is_empty() { host } else { format!("{host}/{path}") }
}

/// The path of a `file` URL: what follows the (usually empty) host, without the slash before a drive letter.
fn after_host(rest: &str) -> &str {
    let path = rest.find('/').map_or("", |start| &rest[start..]);
    match path.as_bytes() {
        [b'/', letter, b':', ..] if letter.is_ascii_alphabetic() => &path[1..],
        _ => path,
    }
}

/// A path with its `.`, `..` and empty parts resolved as text.
fn local(path: &str) -> String {
    let path = path.replace('\\', "/");
    let root = if path.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = Vec::new();
    for part in without_ending(&path).split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(&last)) if last != ".." => {
                parts.pop();
            }
            ("..", None) if !root.is_empty() => {}
            _ => parts.push(part),
        }
    }
    format!("{root}{}", parts.join("/"))
}

/// Without slashes and one `.git` at the end. A folder that is called just `.git` stays.
fn without_ending(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    match path.strip_suffix(".git") {
        Some(shorter) if !shorter.is_empty() && !shorter.ends_with('/') => shorter,
        Some(_) | None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_a_repository_have_one_spelling() {
        let check = |expect: &str, forms: &[&str]| {
            for form in forms {
                assert_eq!(normalized_url(form), expect, "{form}");
            }
        };
        check(
            "host.example/a/b",
            &[
                "git@host.example:a/b.git",
                "git@host.example:/a/b",
                "host.example:a/b",
                "ssh://git@host.example/a/b",
                "ssh://git@host.example:2222/a/b.git",
                "https://host.example/a/b",
                "https://HOST.example/a/b.git/",
                "https://user:secret@host.example:443/a/b//",
                "git+https://host.example/a/b?branch=main#0123",
                "HTTPS://host.example./a//b",
                "git://host.example:9418/a/b",
                " http://host.example:80/a/b ",
            ],
        );
        check("/x/y", &["file:///x/y.git", "file://localhost/x/y", "/x/y", "/x/./y/", "/x/z/../y.git", "/../x//y"]);
        check("github.com/acme/core", &["https://github.com/Acme/Core", "git@GitHub.com:acme/core.git"]);
        check("host.example/Acme/Core", &["https://host.example/Acme/Core"]);
        check("127.0.0.1:8080/a/b", &["http://127.0.0.1:8080/a/b.git"]);
        check("[::1]/a", &["http://[::1]/a", "http://[::1]:80/a"]);
        check("../core", &["../core", "./../core/", "x/../../core.git"]);
        check("C:/x/y", &["C:\\x\\y", "file:///C:/x/y.git"]);
        check("/x/.git", &["/x/.git"]);
        check("", &["", "https://", "file://"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in ".{0,40}") {
            normalized_url(&text);
            normalized_url(&format!("https://{text}"));
            normalized_url(&format!("file://{text}"));
        }
    }
}
